"""The state of a host's files: what no package brought is told, and what differs from what one brought."""

import base64
import dataclasses
import fcntl
import gzip
import hashlib
import importlib.util
import io
import marshal
import os
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from amanat_host.accounts import account_name, group_name
from amanat_host.errors import HostError
from amanat_host.state import (
    files,
    files_attributes,
    files_bytecode,
    files_dpkg,
    files_secrets,
    files_shapes,
)
from amanat_host.state.files_walk import shown

SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
PEM_KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n"


class FakeHost:
    """A few files of a host below a directory, and dpkg's database of one package that brought some of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listed: list[str] = []
        self.sums: list[str] = []
        self.conffiles: list[str] = []
        for directory in (
            "etc/ssh",
            "usr/bin",
            "usr/lib/python3",
            "var/lib/dpkg/info",
            "var/lib/dpkg/alternatives",
        ):
            self.make(directory)
        self.write("/etc/ssh/ssh_host_ed25519_key", SSH_KEY, 0o600)
        self.bring("/usr/bin/tool", "program\n", 0o755)
        self.bring("/usr/lib/python3/module.py", "VALUE = 1\n")
        self.bring("/etc/tool.conf", "strict\n", conffile=True)

    def make(self, directory: str) -> None:
        """A directory with its parents, each readable by all."""
        path = self.root
        for name in directory.split("/"):
            path /= name
            path.mkdir(exist_ok=True)
            path.chmod(0o755)

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> Path:
        self.make(path.lstrip("/").rpartition("/")[0])
        file = self.path(path)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        file.chmod(mode)
        return file

    def bring(self, path: str, content: str, mode: int = 0o644, *, conffile: bool = False) -> None:
        """A file that the package brought."""
        self.write(path, content, mode)
        md5 = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
        self.listed += [str(parent) for parent in reversed(Path(path).parents) if str(parent) != "/"] + [path]
        if conffile:
            self.conffiles.append(f" {path} {md5}")
        else:
            self.sums.append(f"{md5}  {path[1:]}")

    def read(self) -> dict[str, str]:
        """What the host tells, but for what it has without any change."""
        info = "/var/lib/dpkg/info/tool"
        self.write(f"{info}.list", "/.\n" + "\n".join(dict.fromkeys(self.listed)) + "\n")
        self.write(f"{info}.md5sums", "\n".join(self.sums) + "\n")
        status = "Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0\n"
        self.write(
            "/var/lib/dpkg/status", f"{status}Conffiles:\n" + "\n".join(self.conffiles) + "\nDescription: x\n"
        )
        self.state = files.read(str(self.root))
        return dict(self.state.items)


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A fake host whose root is who runs the test."""
    monkeypatch.setattr(files, "ROOT_ACCOUNT", os.getuid())
    monkeypatch.setattr(files, "ROOT_GROUP", os.getgid())
    tmp_path.chmod(0o755)
    return FakeHost(tmp_path)


@pytest.fixture
def found(host):
    """found(): the items that were not there when the test began, by name."""
    before = host.read()

    def find():
        after = host.read()
        return {item: value for item, value in after.items() if before.get(item) != value}

    return find


def own(kind, mode):
    """How a path of the test's own account is described."""
    return f"{kind} {mode} {account_name(os.getuid())} {group_name(os.getgid())}"


def test_what_a_package_brought_is_no_item(host):
    items = host.read()
    assert not {"/usr/bin/tool", "/usr/bin", "/etc/tool.conf", "content of /etc/tool.conf"} & items.keys()
    assert items["package tool"] == "install ok installed"
    assert items["content of package tool 1.0"].startswith("sha256:")


def test_a_file_that_no_package_brought_is_told_with_its_content(host, found):
    host.write("/usr/bin/beside", "other\n", 0o755)
    told = found()
    assert told["/usr/bin/beside"] == own("file", "0755")
    assert told["content of /usr/bin/beside"] == "sha256:" + hashlib.sha256(b"other\n").hexdigest()
    assert host.state.since["/usr/bin/beside"].endswith("Z")


def test_what_not_everybody_reads_has_no_digest_that_a_guess_could_be_tried_on(host, found):
    host.write("/etc/closed", "guess\n", 0o640)
    host.write("/root/.note", "guess\n", 0o644)
    host.path("/root").chmod(0o700)
    told = found()
    plain = hashlib.sha256(b"guess\n").hexdigest()
    assert told["content of /etc/closed"] == told["content of /root/.note"]
    assert told["content of /etc/closed"].startswith("hmac-sha256:")
    assert plain not in str(told)


def test_another_machine_has_other_digests(host, found):
    host.write("/etc/closed", "guess\n", 0o600)
    first = found()["content of /etc/closed"]
    host.write("/etc/ssh/ssh_host_ed25519_key", SSH_KEY.replace("AAAA", "AAAB"), 0o600)
    told = found()
    assert told["content of /etc/closed"] != first
    assert "machine" in told


def test_a_host_without_a_key_is_not_read(host):
    host.path("/etc/ssh/ssh_host_ed25519_key").write_text("")
    with pytest.raises(HostError, match="SSH key is empty"):
        host.read()


def test_a_changed_conffile_is_told(host, found):
    host.write("/etc/tool.conf", "lax\n")
    assert found().keys() == {"/etc/tool.conf", "content of /etc/tool.conf"}


def test_a_missing_file_of_a_package_is_told_unless_dpkg_was_told_to_leave_it_out(host, found):
    host.path("/usr/bin/tool").unlink()
    assert found() == {"missing /usr/bin/tool": "of tool"}
    host.write("/etc/dpkg/dpkg.cfg.d/docker", "path-exclude /usr/bin/*\npath-include=/usr/bin/other\n")
    assert "missing /usr/bin/tool" not in found()


@pytest.mark.parametrize(
    ("mode", "told"), [(0o4755, "4755"), (0o2755, "2755"), (0o775, "0775"), (0o757, "0757")]
)
def test_the_mode_of_a_packages_file_is_told_where_packages_have_no_such(host, found, mode, told):
    host.path("/usr/bin/tool").chmod(mode)
    assert found() == {"/usr/bin/tool": own("file", told)}


def test_a_link_in_the_place_of_a_packages_file_is_told(host, found):
    host.write("/opt/evil", "program\n", 0o755)
    host.path("/usr/bin/tool").unlink()
    host.path("/usr/bin/tool").symlink_to("/opt/evil")
    assert found()["/usr/bin/tool"].endswith("-> /opt/evil")


def test_a_packages_link_is_told_when_it_leads_elsewhere(host, found):
    link = host.path("/usr/bin/alias")
    link.symlink_to(host.path("/usr/bin/tool"))
    host.listed.append("/usr/bin/alias")
    assert "/usr/bin/alias" not in found()
    link.unlink()
    link.symlink_to("/tmp/alias")  # noqa: S108
    assert found()["/usr/bin/alias"].endswith("-> /tmp/alias")


def test_a_directory_of_a_package_that_became_a_link_is_told(host, found):
    host.path("/usr/lib/python3").rename(host.path("/usr/lib/moved"))
    host.path("/usr/lib/python3").symlink_to("moved")
    assert found()["/usr/lib/python3"].endswith("-> moved")


def test_a_packages_directory_is_told_when_others_may_write_it(host, found):
    host.path("/usr/bin").chmod(0o777)
    assert found() == {"/usr/bin": own("directory", "0777")}


def test_a_file_that_somebody_wrote_into_a_packages_list_shows_in_its_record(host, found):
    host.write("/usr/bin/beside", "other\n", 0o755)
    host.bring("/usr/bin/beside", "other\n", 0o755)
    assert found().keys() == {"content of package tool 1.0"}


def test_the_record_of_a_package_is_as_old_as_the_oldest_of_it(host):
    package = files_dpkg.Package("other", "1", files_dpkg.INSTALLED, "other", {})
    host.read()
    paths = [host.write(f"/var/lib/dpkg/info/other.{kind}", kind) for kind in ("list", "md5sums", "postinst")]
    known = files_dpkg.read(str(host.root)).record_digest(package)
    assert known
    assert known[1] == min(path.stat().st_ctime for path in paths)
    assert files_dpkg.read(str(host.root)).record_digest(dataclasses.replace(package, record="none")) is None


@pytest.mark.parametrize("name", ["/etc/.pwd.lock", "/usr/share/info/dir"])
def test_what_tools_make_is_told_when_it_runs_or_leads_elsewhere(host, found, name):
    host.write(name, "x")
    assert name not in found()
    host.path(name).chmod(0o755)
    assert name in found()
    host.path(name).unlink()
    host.path(name).symlink_to("/opt/evil")
    assert name in found()


def test_data_are_told_by_shape(host, found):
    for number in (1000, 1001, 16384):
        host.write(f"/var/lib/tool/{number}_map", "data\n")
    host.write("/var/lib/tool/.hidden", "data\n")
    host.path("/var/lib/tool/link").symlink_to("/etc")
    os.mkfifo(host.path("/var/lib/tool/pipe"), 0o600)
    told = found()
    assert told == {
        "/var/lib/tool": own("directory", "0755"),
        "/var/lib/tool/<n>_map": own("file", "0644"),
        "/var/lib/tool/.hidden": own("file", "0644"),
        "/var/lib/tool/link": own("link", "").replace("  ", " ") + " -> /etc",
        "/var/lib/tool/pipe": own("pipe", "0600"),
    }
    assert host.state.examples["/var/lib/tool/<n>_map"].startswith("/var/lib/tool/1")
    assert "/var/lib/tool/pipe" not in host.state.examples


def test_what_is_otherwise_than_most_of_its_shape_is_told_by_its_path(host, found):
    for number in range(1000, 1020):
        host.write(f"/srv/data/{number}", "data\n", 0o600)
    host.path("/srv/data/1013").chmod(0o644)
    told = found()
    assert told["/srv/data/<n>"] == own("file", "0600")
    assert told["/srv/data/1013"] == own("file", "0644")
    assert sum(item.startswith("/srv/data/") for item in told) == 2


def test_a_shape_that_most_do_not_have_names_some_paths(host, found):
    for number in range(1000, 1100):
        host.write(f"/srv/data/{number}", "data\n", 0o600 if number % 3 else 0o644)
    told = found()
    assert told["/srv/data/<n>"] == own("file", "0600")
    assert list(told.values()).count(own("file", "0644")) == files_shapes.MOST_TOLD


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("2619_fsm", "<n>_fsm"),
        ("5_fsm", "5_fsm"),
        ("t3_16400.1", "t3_<n>.1"),
        ("000000010000000000000003", "<hex24>"),
        ("00000001000000000000000A.00000028.backup", "<hex24>.<n>.backup"),
        ("0123456789abcdef" * 4, "<hex64>"),
        ("20261126-173000F_20261127-010000I", "<n>-<n>F_<n>-<n>I"),
        ("12345678-90ab-cdef-1234-567890abcdef", "<uuid>"),
        ("4294967295", "<n>"),
        ("defaced", "defaced"),
        ("<n>", "\\u003cn>"),
        ("a\nb", "a\\u000ab"),
    ],
)
def test_numbers_of_a_name_are_folded(name, shape):
    assert files_shapes.folded(name) == shape


def test_what_fills_a_directory_by_its_first_digits_is_folded_only_there():
    shape = files_shapes.folding(frozenset())
    assert shape("/srv/copies/data/0a") == "/srv/copies/data/<hex2>"
    assert shape("/srv/copies/data/zz") == "/srv/copies/data/zz"
    assert shape("/srv/copies/0a") == "/srv/copies/0a"
    assert shape("/var/log/sudo-io/deploy/00/0B/Z1/log") == "/var/log/sudo-io/deploy/<id>/<id>/<id>/log"


def test_the_name_of_a_machine_is_no_number(host, found):
    host.write("/etc/amanat/hosts", "# peers\n10.0.0.2 store1000.internal store1000\n")
    host.write("/srv/copies/store1000/2000", "x")
    assert {"/srv/copies/store1000", "/srv/copies/store1000/<n>"} <= found().keys()


def test_what_lasts_until_the_next_boot_is_told_by_shape_and_what_is_obeyed_with_its_content(host, found):
    host.write("/tmp/note", "x")  # noqa: S108
    host.write("/run/systemd/system/late.service", "x")
    host.write("/dev/.kept", "x")
    told = found()
    assert {"/tmp/note", "/dev/.kept", "content of /run/systemd/system/late.service"} <= told.keys()  # noqa: S108
    assert "content of /tmp/note" not in told


def test_a_directory_that_a_program_of_ours_works_in_is_left_out_while_it_does(host, found):
    host.write("/var/tmp/amanat-verify-abcd0123/program", "x", 0o755)  # noqa: S108
    program = "/var/tmp/amanat-verify-<hex8>/program"  # noqa: S108
    assert program in found()
    handle = os.open(host.path("/var/tmp/amanat-verify-abcd0123"), os.O_RDONLY)  # noqa: S108
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert program not in found()
    os.close(handle)


def bytecode(host, source, name=f"module.{sys.implementation.cache_tag}.pyc"):
    """Lay bytecode of a source beside /usr/lib/python3/module.py."""
    code = marshal.dumps(compile(source, "elsewhere.py", "exec"))
    content = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, 0, len(source)) + code
    return host.write(f"/usr/lib/python3/__pycache__/{name}", content)


def test_bytecode_that_its_source_compiles_to_is_no_item(host, found):
    bytecode(host, "VALUE = 1\n")
    assert found() == {}


@pytest.mark.parametrize(
    ("source", "name", "fault"),
    [
        ("VALUE = 2\n", None, "not of its source"),
        ("VALUE = 1\n", f"gone.{sys.implementation.cache_tag}.pyc", "without a source"),
        ("VALUE = 1\n", "module.cpython-10.pyc", "not of this Python"),
        ("VALUE = 1\n", "notes.txt", "not named"),
    ],
)
def test_other_bytecode_is_told(host, found, source, name, fault):
    path = bytecode(host, source, *([name] if name else []))
    assert fault in found()[f"bytecode /usr/lib/python3/__pycache__/{path.name}"]


def test_bytecode_that_another_may_write_is_told(host, found):
    bytecode(host, "VALUE = 1\n").chmod(0o666)
    assert len(found()) == 1


def test_broken_bytecode_is_not_of_its_source():
    assert not files_bytecode.same_code(b"\xe3\x00", b"VALUE = 1\n", "module.py", 0)
    assert not files_bytecode.same_code(marshal.dumps(1), b"VALUE = (\n", "module.py", 0)


def test_alternatives_are_told_when_they_lead_to_no_packages_file(host, found):
    choices = "auto\n/usr/bin/editor\neditor.1\n/usr/share/man/editor.1\n\n{0}\n30\n{0}.1\n\n"
    host.write("/var/lib/dpkg/alternatives/editor", choices.format(host.path("/usr/bin/tool")))
    host.make("etc/alternatives")
    host.path("/usr/bin/editor").symlink_to("/etc/alternatives/editor")
    link = host.path("/etc/alternatives/editor")
    link.symlink_to(host.path("/usr/bin/tool"))
    assert not [item for item in found() if "editor" in item and "alternatives/" not in item]
    assert "/etc/alternatives/editor" not in found()
    link.unlink()
    link.symlink_to("/opt/evil")
    assert found()["/etc/alternatives/editor"].endswith("-> /opt/evil")


def test_alternatives_are_read_with_all_that_follows_them(host):
    text = "manual\n/usr/bin/a\nb\n/usr/bin/b\n\n/one\n10\n/one-b\n/two\n20\n/two-b\n\n"
    host.write("/var/lib/dpkg/alternatives/a", text)
    assert files_dpkg.alternatives(str(host.root)) == {
        "/usr/bin/a": {"/etc/alternatives/a"},
        "/usr/bin/b": {"/etc/alternatives/b"},
        "/etc/alternatives/a": {"/one", "/two"},
        "/etc/alternatives/b": {"/one-b", "/two-b"},
    }


def test_an_authority_that_nobody_brought_is_told(host, found):
    def pem(content):
        text = base64.b64encode(content).decode()
        return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"

    host.write("/usr/share/ca-certificates/good.crt", pem(b"good"))
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    host.write(bundle, pem(b"good"))
    assert not [item for item in found() if item.startswith("certificate ")]
    host.write(bundle, pem(b"good") + pem(b"evil"))
    assert f"certificate {hashlib.sha256(b'evil').hexdigest()}" in found()


def test_a_diverted_file_belongs_to_its_package_where_it_lies(host, found):
    host.path("/usr/bin/tool").rename(host.path("/usr/bin/tool.real"))
    host.write("/var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.real\nother\n")
    host.write("/usr/bin/tool", "wrapper\n", 0o755)
    told = {item for item in found() if "diversions" not in item}
    assert told == {"/usr/bin/tool", "content of /usr/bin/tool"}


def test_a_path_before_the_merge_of_usr_is_the_one_after():
    assert files_dpkg.merged("/lib/systemd/x") == "/usr/lib/systemd/x"
    assert files_dpkg.merged("/lib") == "/lib"
    assert files_dpkg.merged("/library/x") == "/library/x"


def test_names_stay_on_one_line_and_look_like_themselves():
    assert shown("/etc/a\nb\u202ec") == "/etc/a\\u000ab\\u202ec"
    assert shown(os.fsdecode(b"/etc/\xff")) == "/etc/\\xff"


def tarred(content):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("key")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def zipped(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("key", content)
    return stream.getvalue()


KEY = PEM_KEY.encode()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (KEY, "private key"),
        (tarred(KEY), "private key"),
        (gzip.compress(tarred(KEY)), "private key in gzip"),
        (zipped(KEY), "private key in zip"),
        (b"note=" + base64.encodebytes(KEY), "private key in base64"),
        (b"x" + base64.b64encode(b"y" + KEY), "private key in base64"),
        (base64.b64encode(gzip.compress(KEY)), "private key in gzip in base64"),
        (KEY.hex().encode(), "private key in hexadecimal digits"),
        (base64.b64decode("MC4CAQAwBQYDK2VwBCIEIAAA"), "private key"),
        (b"\x95\x01\x3b\x04abcd\x01rest", "OpenPGP secret key"),
        (b"AGE-SECRET-KEY-1QQQ", "age key"),
        (b'{"kty":"EC","d":"aaaaaaaaaaaaaaaaaaaa"}', "JSON web key"),
        (b"root:$y$j9T$abcdefgh$x:1:0:::::\n", "password verifiers"),
        (b"name:{SHA}abcdefgh=\n", "password verifiers"),
        (b"SCRAM-SHA-256$4096:abcdefghij==$x:y", "password verifiers"),
        (b"vault:5432:archive:anchor:hunter2\n", "PostgreSQL password file"),
        (b"repo1-cipher-pass=abcdefghijkl\n", "password setting"),
        (b"LUKS\xba\xbe\x00\x02", "LUKS header"),
        (bytes(range(200, 232)), "raw key"),
    ],
    ids=[f"form {number}" for number in range(19)],
)
def test_a_secret_is_known_by_its_form(content, kind):
    assert any(one.startswith(kind) for one in files_secrets.kinds(content)), files_secrets.kinds(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"root:*:20000:0:99999:7:::\n",
        b"root:x:0:0:root:/root:/bin/bash\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
        b"password requisite pam_pwquality.so\n",
        b'{"kty":"EC","x":"aaaaaaaaaaaaaaaaaaaa"}',
        b"\x1f\x8bbroken",
        b"PK\x03\x04broken",
        b"\x1f\x8b" + bytes(range(200, 230)),
    ],
    ids=[f"form {number}" for number in range(10)],
)
def test_what_is_no_secret_is_not_told_as_one(content):
    assert files_secrets.kinds(content) == []


def test_a_secret_among_data_is_told(host, found):
    host.write("/var/log/tool.log", KEY)
    host.write("/dev/shm/.sem.pg", KEY)  # noqa: S108
    told = found()
    for path in ("/var/log/tool.log", "/dev/shm/.sem.pg"):  # noqa: S108
        assert told[f"secret {path}"] == own("file", "0644") + ": private key"


BASE = "/srv/archive/postgresql/17/main/base/5"
PAGE = bytes(18) + b"\x04\x20" + bytes(1000)


def test_a_secret_hidden_among_bodies_of_data_is_told(host, found):
    host.write(f"{BASE}/2619", KEY)
    assert f"secret {BASE}/2619" in found()


def test_what_users_wrote_into_a_page_is_no_secret_of_the_host(host, found):
    host.write(f"{BASE}/2619", PAGE + KEY)
    assert f"{BASE}/<n>" in found()
    assert f"secret {BASE}/2619" not in found()


def test_large_bodies_are_not_read(host, found):
    host.write(f"{BASE}/2619", KEY + b"x" * files.LONGEST_BODY_BYTES)
    assert f"secret {BASE}/2619" not in found()


def test_an_acl_is_text():
    value = struct.pack("<I", 2) + struct.pack("<HHI", 0x01, 6, 0xFFFFFFFF) + struct.pack("<HHI", 0x02, 4, 0)
    assert files_attributes.acl(value) == "user::rw- user:root:r--"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((0x02000001, 1 << 7, 0, 1 << 6, 0), "setuid,perfmon effective"),
        ((0x02000000, 1 << 7, 0, 0, 0), "setuid permitted"),
        ((0x02000000, 0, 1 << 1, 0, 0), " permitted, dac_override inheritable"),
        ((0x03000001, 1 << 7, 0, 0, 0, 1000), "setuid effective, of the user namespace 1000"),
    ],
)
def test_capabilities_are_text(words, text):
    assert files_attributes.capability(struct.pack(f"<{len(words)}I", *words)) == text


def test_files_that_give_rights_and_devices_are_told(host, found):
    host.write("/usr/bin/shell", "x", 0o4755)
    host.write("/srv/shell", "x", 0o2755)
    told = found()
    assert told["/usr/bin/shell"] == own("file", "4755")
    assert told["/srv/shell"] == own("file", "2755")


def test_an_encrypted_file_as_long_as_a_key_is_none():
    assert files_secrets.kinds(b"Salted__" + bytes(range(200, 256))) == []
