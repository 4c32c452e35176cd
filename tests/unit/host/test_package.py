"""The Debian package of the hosts' programs: built alike everywhere, verified by dpkg, installed when it differs."""

import io
import json
import os
import shutil
import stat
import subprocess
import tarfile

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.amanat.host.plugins.modules import package
from ansible_collections.amanat.host.plugins.plugin_utils import deb

from amanat import __version__
from amanat.paths import PROJECT_ROOT

HOST = PROJECT_ROOT / "host"


def members(content):
    """The parts of a Debian package by name (deb(5))."""
    assert content.startswith(b"!<arch>\n")
    found, rest = {}, content[8:]
    while rest:
        name, size = rest[:16].decode().strip(), int(rest[48:58])
        assert rest[58:60] == b"`\n"
        found[name], rest = rest[60 : 60 + size], rest[60 + size + size % 2 :]
    return found


def unpacked(tarball):
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        return {
            member.name.removeprefix("./"): (
                member,
                archive.extractfile(member).read() if member.isfile() else None,
            )
            for member in archive
        }


@pytest.fixture(scope="module")
def built():
    return deb.build(HOST)


@pytest.fixture
def sources(tmp_path):
    return shutil.copytree(HOST, tmp_path / "host", ignore=shutil.ignore_patterns("__pycache__"))


def test_the_same_sources_make_the_same_package(built, sources):
    os.utime(sources / "amanat_host/entry.py", (1, 1))
    (sources / "amanat_host/entry.py").chmod(0o600)
    (sources / "amanat_host/__pycache__").mkdir()
    (sources / "amanat_host/__pycache__/entry.pyc").write_bytes(b"x")
    again = deb.build(sources)
    assert (again.version, again.content) == (built.version, built.content)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "amanat_host/entry.py").write_text("# other\n"),
        lambda root: (root / "amanat_host/new.py").touch(),
        lambda root: (root / "scripts/peers").unlink(),
        lambda root: (root / "pyproject.toml").write_text(
            (root / "pyproject.toml").read_text().replace('volume = "', 'volumes = "')
        ),
        lambda root: (root / "pyproject.toml").write_text(
            (root / "pyproject.toml").read_text().replace("amanat-postgresql-guard.service", "other.service")
        ),
    ],
    ids=["a module", "a new module", "a script gone", "a program's name", "a service"],
)
def test_whatever_changes_gives_another_version(built, sources, change):
    change(sources)
    assert deb.build(sources).version != built.version


def test_the_version_is_that_of_the_project_and_of_the_content(built):
    assert built.version.startswith(f"{__version__}+")
    assert len(built.version.partition("+")[2]) == 12


def test_everything_is_roots_and_only_programs_can_be_run(built):
    files = unpacked(members(built.content)["data.tar.gz"])
    assert {member.uid for member, _ in files.values()} == {0}
    assert {member.gid for member, _ in files.values()} == {0}
    for name, (member, _) in files.items():
        is_program = member.isdir() or name.count("/") == 3
        assert stat.S_IMODE(member.mode) == (0o755 if is_program else 0o644), name
    assert all(name in ("", ".") or name.startswith("usr") for name in files)


def test_each_program_is_isolated_and_calls_its_function(built):
    files = unpacked(members(built.content)["data.tar.gz"])
    text = files["usr/lib/amanat/probe-volume"][1].decode()
    assert text.startswith("#!/usr/bin/python3 -IB\n")
    assert "from amanat_host.volume.probe import main\n\nsys.exit(main())\n" in text


def test_dpkg_can_verify_every_file(built, tmp_path):
    parts = members(built.content)
    sums = dict(
        reversed(line.split("  "))
        for line in unpacked(parts["control.tar.gz"])["md5sums"][1].decode().splitlines()
    )
    files = {
        name: content for name, (_, content) in unpacked(parts["data.tar.gz"]).items() if content is not None
    }
    assert {name: deb.hashlib.md5(content).hexdigest() for name, content in files.items()} == sums
    assert parts["debian-binary"] == b"2.0\n"


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this machine has no dpkg-deb to compare with")
def test_debians_own_tool_reads_it(built, tmp_path):
    path = tmp_path / "package.deb"
    path.write_bytes(built.content)
    told = subprocess.run(
        ["dpkg-deb", "--field", str(path), "Package", "Version", "Architecture"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told == f"Package: amanat-host\nVersion: {built.version}\nArchitecture: all\n"
    subprocess.run(["dpkg-deb", "--extract", str(path), str(tmp_path / "root")], check=True)
    assert (tmp_path / "root/usr/lib/amanat/peers").read_bytes() == (HOST / "scripts/peers").read_bytes()


class Dpkg:
    """dpkg with one package in a state, and perhaps a lock that another holds for a while."""

    def __init__(self, status="", version="", verify="", locked=0):
        self.status, self.version, self.verify, self.locked = status, version, verify, locked
        self.ran = []

    def run(self, _module, command, **_options):
        self.ran.append(command[1])
        if command[1] == "--show":
            return (0, f"{self.status} {self.version}", "") if self.status else (1, "", "no packages found")
        if command[1] == "--verify":
            return int(bool(self.verify)), self.verify, ""
        if command[1] == "--listfiles":
            return 0, "", ""
        if self.locked:
            self.locked -= 1
            return 2, "", "dpkg: error: dpkg frontend lock was locked by another process with pid 7\n"
        self.status, self.version, self.verify = "ii ", "2", ""
        return 0, "", ""


@pytest.fixture
def converge(monkeypatch, capsys, tmp_path):
    """converge(dpkg, deb, check) runs the module for version 2; gives its result."""

    def run(dpkg, deb="/tmp/x.deb", check=False):
        monkeypatch.setattr(
            package.AnsibleModule, "run_command", lambda module, *a, **b: dpkg.run(module, *a, **b)
        )
        monkeypatch.setattr(package.time, "sleep", lambda seconds: None)
        given = {"name": "amanat-host", "version": "2", "deb": deb, "_ansible_check_mode": check}
        with patch_module_args({**given, "_ansible_remote_tmp": str(tmp_path)}), pytest.raises(SystemExit):
            package.main()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    "dpkg",
    [
        Dpkg(),
        Dpkg("ii ", "1"),
        Dpkg("iU ", "2"),
        Dpkg("iHR", "2"),
        Dpkg("rc ", "2"),
        Dpkg("ii ", "2", verify="??5??????   /usr/lib/amanat/probe\n"),
        Dpkg("ii ", "2", verify="missing     /usr/lib/amanat/probe\n"),
    ],
    ids=["none", "another version", "killed before", "killed in between", "removed", "changed", "missing"],
)
def test_what_is_not_whole_is_installed_and_then_stays(converge, dpkg):
    assert converge(dpkg)["changed"]
    assert "--install" in dpkg.ran
    dpkg.ran.clear()
    assert not converge(dpkg)["changed"]
    assert "--install" not in dpkg.ran


@pytest.mark.parametrize("how", [{"check": True}, {"deb": None}], ids=["check mode", "only asked"])
def test_who_only_asks_changes_nothing(converge, how):
    dpkg = Dpkg("ii ", "2", verify="??5??????   /usr/lib/amanat/probe\n")
    result = converge(dpkg, **how)
    assert (result["changed"], result["tampered"]) == (True, ["/usr/lib/amanat/probe"])
    assert "--install" not in dpkg.ran


def test_another_installation_is_waited_for(converge):
    dpkg = Dpkg(locked=3)
    assert converge(dpkg)["changed"]
    assert dpkg.ran.count("--install") == 4


def test_a_failure_is_told_in_dpkgs_words(converge):
    dpkg = Dpkg()
    dpkg.run = lambda _module, command, **_options: (1, "", "dpkg: error: no space left on device\n")
    result = converge(dpkg)
    assert result["failed"]
    assert "no space left on device" in result["msg"]


def test_a_file_that_others_may_write_or_cannot_read_is_not_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "probe"
    path.touch()
    real = os.lstat

    def roots(name):
        facts = list(real(name))
        facts[stat.ST_UID] = facts[stat.ST_GID] = 0
        return os.stat_result(facts)

    monkeypatch.setattr(package.os, "lstat", roots)
    for mode, loose in ((0o755, False), (0o644, False), (0o775, True), (0o700, True), (0o757, True)):
        path.chmod(mode)
        assert package.is_loose(str(path)) is loose, oct(mode)
    assert package.is_loose(str(tmp_path / "gone"))
