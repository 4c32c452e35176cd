"""What the probes of copies make of restic's words and the server's answers."""

import json
import os
import ssl
from subprocess import CompletedProcess
from types import SimpleNamespace

import pytest

from amanat_host import processes
from amanat_host.errors import HostError
from amanat_host.restic import client, probe_client, probe_server, server

SNAPSHOT = {
    "id": "abc",
    "time": "2026-11-22T09:00:00+00:00",
    "hostname": "store",
    "paths": ["/etc"],
    "tree": "x",
}


@pytest.fixture
def settings(tmp_path):
    return client.Settings("store", "vault", 8000, ("first",), ("/etc",), ())


class Restic:
    """restic as it answers: the newest snapshots, the files of one, and a restore that writes them."""

    def __init__(self, restored=None):
        self.restored = restored or {}

    def run(self, *words, **_options):
        said = ""
        if words[0] == "snapshots":
            said = json.dumps([SNAPSHOT, {**SNAPSHOT, "id": "old", "time": "2026-11-21T09:00:00+00:00"}])
        elif words[0] == "ls":
            nodes = [("/etc/fstab", "file"), ("/etc", "dir"), ("/var/lib/amanat/heads/h.jsonl", "file")]
            said = "\n".join(json.dumps({"path": path, "type": kind}) for path, kind in nodes)
        else:
            target = next(word.removeprefix("--target=") for word in words if word.startswith("--target="))
            for path, content in self.restored.items():
                copy = probe_client.Path(f"{target}{path}")
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
        return CompletedProcess(words, 0, said, "")


def test_the_newest_copy_is_told_with_where_its_files_belong(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(probe_client, "knock", lambda destination: None)
    monkeypatch.setattr(probe_client, "Restic", lambda scratch, destination: Restic())
    found = probe_client.newest(tmp_path, settings).destinations["first"]
    assert (found.id, found.paths) == ("abc", ["/etc"])
    assert found.files == {"/etc": 1, "/var/lib/amanat/heads": 1}


def test_no_copy_is_a_problem(settings):
    empty = SimpleNamespace(run=lambda *_words, **_options: CompletedProcess([], 0, "[]", ""))
    with pytest.raises(HostError, match="no copy yet"):
        probe_client.snapshot(empty, settings)


@pytest.fixture
def restore(settings, monkeypatch, tmp_path):
    """restore(live, copied): what is told of a copy, of files in a directory that stands for the host's."""
    live_root = tmp_path / "live"
    live_root.mkdir()
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(probe_client, "COMPARED", (str(live_root),))
    monkeypatch.setattr(probe_client, "GROWING", str(live_root / "heads"))
    monkeypatch.setattr(probe_client, "secrets", lambda: probe_client.re.compile(b"PRIVATE KEY"))

    def told(live, copied, made_at="2099-01-01T00:00:00+00:00"):
        for name, content in live.items():
            (live_root / name).write_bytes(content)
        monkeypatch.setitem(SNAPSHOT, "time", made_at)
        given = {f"{live_root}/{name}": content for name, content in copied.items()}
        monkeypatch.setattr(probe_client, "Restic", lambda scratch: Restic(given))
        return probe_client.restored(private, settings)

    return told


def test_a_file_that_changed_on_its_way_is_named(restore):
    found = restore({"a": b"1", "b": b"2"}, {"a": b"1", "b": b"changed"})
    assert (found.same, [os.path.basename(path) for path in found.different]) == (1, ["b"])


def test_a_file_that_changed_after_the_copy_is_no_difference(restore):
    found = restore({"a": b"new"}, {"a": b"old"}, made_at="2026-11-22T09:00:00+00:00")
    assert (found.same, found.different) == (0, [])


def test_a_file_that_only_grows_begins_alike(restore):
    assert restore({"heads": b"1\n2\n"}, {"heads": b"1\n"}).same == 1


def test_a_copy_that_holds_a_key_is_named(restore):
    found = restore({"a": b"x"}, {"a": b"x", "gone": b"-----BEGIN PRIVATE KEY-----"})
    assert [os.path.basename(path) for path in found.with_secrets] == ["gone"]


def test_what_must_not_be_in_a_copy_is_known(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("copykey\n")
    (tmp_path / "first").write_text("rest:https://store:0123abcd@vault:8000/store/\n")
    for module in (client, probe_client):
        monkeypatch.setattr(module, "OWN", tmp_path)
    monkeypatch.setattr(probe_client, "UNLOCK", tmp_path / "volume.key")
    (tmp_path / "volume.key").write_bytes(bytes(range(32)))
    hidden = probe_client.secrets()
    for text in (
        b"copykey",
        b"0123abcd",
        bytes(range(32)),
        bytes(range(32)).hex().encode(),
        b"cipher-pass=x",
    ):
        assert hidden.search(b"..." + text + b"...")
    assert not hidden.search(b"ordinary words")


class Http:
    """A connection that answers by method, or ends as it is told."""

    def __init__(self, answer):
        self.answer = answer

    def request(self, method, *_given):
        if isinstance(self.answer, Exception):
            raise self.answer

    def getresponse(self):
        return SimpleNamespace(status=self.answer)

    def close(self):
        return None


@pytest.mark.parametrize(
    ("answer", "status"), [(403, 403), (ssl.SSLError("x"), "refused"), (ConnectionResetError(), "refused")]
)
def test_an_answer_is_told_from_a_refusal_to_answer(answer, status):
    assert probe_client.Server._answer(Http(answer), "GET", "/", ("store", "x"), b"") == status


@pytest.mark.parametrize("answer", [ConnectionRefusedError(), TimeoutError()])
def test_a_server_that_is_away_refuses_nothing(answer):
    with pytest.raises(HostError, match="where copies go"):
        probe_client.Server._answer(Http(answer), "GET", "/", None, b"")


def test_each_refusal_is_of_its_own_attempt(settings, monkeypatch, tmp_path):
    asked = []

    class Server:
        login = ("store", "secret")

        def __init__(self, *_given):
            pass

        def ask(self, method, path, login, body=b"", **how):
            asked.append((method, path, login, *sorted(how)))
            return len(asked)

        def plain(self, path):
            return "refused"

        def foreign(self):
            return "crt", "key"

    monkeypatch.setattr(probe_client, "Server", Server)
    monkeypatch.setattr(probe_client, "trusted_by_the_system", lambda settings: False)
    found = probe_client.refusals(tmp_path, settings)
    assert asked[found.wrong_password - 1][2] == ("store", "terces")
    assert asked[found.no_login - 1][2] is None
    assert asked[found.delete - 1][0] == "DELETE"
    assert asked[found.foreign_certificate - 1][-1] == "certificate"
    assert asked[found.no_certificate - 1][-1] == "anonymous"
    assert found.no_tls == "refused"


@pytest.fixture
def copies(tmp_path):
    """The settings of a server that keeps the copies of one host for 35 days, and 2 whatever their age."""
    (tmp_path / "root/store/snapshots").mkdir(parents=True)
    (tmp_path / "root/store/config").touch()
    return server.Settings(
        tmp_path / "root", tmp_path / "logins", tmp_path / "keys", ("store", "vault"), "nobody", 35, 2
    )


def test_the_youngest_copy_that_goes_is_older_than_what_is_kept(copies):
    assert probe_server.keeping(copies).youngest_removed_days == 36


def test_ages_are_those_of_the_servers_files(copies, monkeypatch):
    path = copies.root / "store/snapshots" / ("a" * 64)
    path.touch()
    os.utime(path, (1_000_000, 1_000_000))
    monkeypatch.setattr(server.time, "time", lambda: 1_000_000 + 7200)
    assert server.newest_age_hours(copies) == {"store": 2.0}
    path.unlink()
    assert server.newest_age_hours(copies) == {"store": None}


def test_a_server_that_does_not_run_is_told(copies, monkeypatch):
    monkeypatch.setattr(processes, "run", lambda *_command, **_options: SimpleNamespace(stdout="MainPID=0\n"))
    with pytest.raises(HostError, match="does not run"):
        probe_server.server(copies)


@pytest.mark.parametrize("notices", [True, False])
def test_one_byte_of_a_scratch_copy_is_changed_and_none_of_the_original(copies, monkeypatch, notices):
    pack = copies.root / "store/data/aa" / ("b" * 64)
    pack.parent.mkdir(parents=True)
    pack.write_bytes(bytes(100))
    (copies.root / "store/locks").mkdir()
    (copies.root / "store/locks" / ("c" * 64)).touch()
    seen = []

    def checked(repository, _key, *_words, **_options):
        seen.append(next((repository / "data").rglob("?" * 64)).read_bytes())
        assert list((repository / "locks").iterdir()) == []
        if notices and any(seen[-1]):
            raise HostError("damaged")
        return ""

    monkeypatch.setattr(probe_server, "restic", checked)
    found = probe_server.damage(copies)
    assert (found.host, found.whole, found.damage_found) == ("store", True, notices)
    assert pack.read_bytes() == bytes(100)
    assert sum(byte.bit_count() for byte in seen[1]) == 1


def test_a_check_that_takes_too_long_proves_nothing(copies, monkeypatch):
    def slow(*_given, **_options):
        raise HostError("store: restic check takes more than 240 s")

    monkeypatch.setattr(probe_server, "restic", slow)
    with pytest.raises(HostError, match="takes more than"):
        probe_server.is_whole(copies.root / "store", copies.keys / "store")
