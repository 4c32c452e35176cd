"""Copies go by the server's own clock, its logins stay where they fit, and a host's copy is whole or has failed."""

import json
import os
from subprocess import CompletedProcess
from types import SimpleNamespace

import pytest

from amanat_host.errors import HostError
from amanat_host.restic import client, copy, htpasswd, prune, server

DAY = 86400
NOW = 1_800_000_000.0


@pytest.fixture
def bcrypt(monkeypatch):
    """A stand-in for bcrypt that shows what it was given."""
    made = iter(range(100))
    stand_in = SimpleNamespace(
        gensalt=lambda rounds: b"%d" % rounds,
        hashpw=lambda password, salt: b"$2b$%s$%d$%s" % (salt, next(made), password[::-1]),
        checkpw=lambda password, known: known.endswith(b"$" + password[::-1]),
    )
    monkeypatch.setattr(htpasswd, "bcrypt", stand_in)


def repository(root, host, ages_days):
    """A repository's directory whose snapshots came in so many days ago; returns its settings' file."""
    snapshots = root / host / "snapshots"
    snapshots.mkdir(parents=True)
    (root / host / "locks").mkdir()
    (root / host / "config").touch()
    for number, days in enumerate(ages_days):
        path = snapshots / f"{number:064x}"
        path.touch()
        os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return snapshots


def test_a_copy_goes_by_when_it_came_in():
    arrived = {"old": NOW - 36 * DAY, "young": NOW - 34 * DAY, "new": NOW}
    assert server.outlived(arrived, NOW, keep_days=35, keep_least=1) == ["old"]


def test_the_newest_copies_stay_however_old_they_are():
    arrived = {f"{days}": NOW - days * DAY for days in (400, 500, 600)}
    assert server.outlived(arrived, NOW, keep_days=35, keep_least=2) == ["600"]
    assert server.outlived(arrived, NOW, keep_days=35, keep_least=3) == []


def test_what_came_in_is_known_by_whole_names_only(tmp_path):
    snapshots = repository(tmp_path, "store", [3])
    (snapshots / ("f" * 64 + ".rest-server-temp1")).touch()
    assert server.arrivals(snapshots) == {"0" * 64: NOW - 3 * DAY}


def settings(root, hosts=("store",)):
    return server.Settings(root, root / "logins", root / "keys", hosts, "nobody", 35, 1)


def test_every_byte_is_checked_before_anything_goes(tmp_path, monkeypatch):
    repository(tmp_path, "store", [40, 1])
    asked = []
    monkeypatch.setattr(prune, "restic", lambda _repository, _key, *words: asked.append(words))
    monkeypatch.setattr(prune.time, "time", lambda: NOW)
    prune.prune("store", settings(tmp_path))
    assert [words[0] for words in asked] == ["check", "forget"]
    assert "--read-data" in asked[0]
    assert asked[1][-1] == "0" * 64


def test_a_damaged_repository_is_not_pruned(tmp_path, monkeypatch):
    repository(tmp_path, "store", [40, 1])
    asked = []

    def damaged(_repository, _key, *words):
        asked.append(words[0])
        raise HostError("damaged")

    monkeypatch.setattr(prune, "restic", damaged)
    with pytest.raises(HostError):
        prune.prune("store", settings(tmp_path))
    assert asked == ["check"]


def test_a_lock_that_nobody_holds_any_more_does_not_stop_pruning(tmp_path, monkeypatch):
    repository(tmp_path, "store", [1])
    old, held = (tmp_path / "store/locks" / (letter * 64) for letter in "ab")
    for path, age in ((old, 2 * DAY), (held, 60)):
        path.touch()
        os.utime(path, (NOW - age, NOW - age))
    monkeypatch.setattr(prune, "restic", lambda *_words: "")
    monkeypatch.setattr(prune.time, "time", lambda: NOW)
    prune.prune("store", settings(tmp_path))
    assert (old.exists(), held.exists()) == (False, True)


def test_one_hosts_damage_does_not_keep_the_others_from_being_checked(tmp_path, monkeypatch):
    for name in ("store", "vault"):
        repository(tmp_path, name, [1])
    seen = []

    def one_is_damaged(name, _settings):
        seen.append(name)
        if name == "store":
            raise HostError("damaged")
        return "whole"

    monkeypatch.setattr(prune.Settings, "load", classmethod(lambda _: settings(tmp_path, ("store", "vault"))))
    monkeypatch.setattr(prune, "prune", one_is_damaged)
    assert prune.main() == 1
    assert seen == ["store", "vault"]


@pytest.mark.usefixtures("bcrypt")
def test_a_login_that_fits_keeps_its_line():
    before = htpasswd.lines({"store": "one", "vault": "two"}, {})
    known = dict(line.split(":", 1) for line in before.splitlines())
    assert htpasswd.lines({"store": "one", "vault": "two"}, known) == before
    after = htpasswd.lines({"store": "one", "vault": "new"}, known)
    assert after.splitlines()[0] == before.splitlines()[0]
    assert after.splitlines()[1].endswith("wen")


@pytest.mark.usefixtures("bcrypt")
def test_a_host_without_a_login_any_more_loses_its_line():
    known = {"store": "$2b$8$0$eno", "gone": "$2b$8$1$x"}
    assert htpasswd.lines({"store": "one"}, known) == "store:$2b$8$0$eno\n"


@pytest.mark.usefixtures("bcrypt")
def test_a_weaker_kind_of_line_is_replaced():
    assert htpasswd.lines({"store": "one"}, {"store": "{SHA}$eno"}).startswith("store:$2b$8$")


class Restic:
    """Ends as it is told, one call after the other."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.calls = []

    def run(self, *words, accepted=(0,), **_):
        self.calls.append(words)
        status = self.statuses.pop(0)
        assert status in accepted
        summary = json.dumps({"message_type": "summary", "snapshot_id": "abc"})
        return CompletedProcess(words, status, f"{summary}\n", "a file is gone")

    @staticmethod
    def without_login(done):
        return done.stderr


@pytest.fixture
def chosen(tmp_path):
    return client.Settings(
        "store", "vault", 8000, ("first", "second"), (str(tmp_path), str(tmp_path / "none")), ("*.key",)
    )


def test_a_path_that_is_not_there_yet_is_passed_over(chosen, tmp_path):
    restic = Restic(0)
    assert copy.backup(restic, chosen)["paths"] == [str(tmp_path)]
    assert restic.calls[0][-2:] == ("--", str(tmp_path))


def test_a_copy_that_misses_a_file_is_made_again(chosen):
    assert copy.backup(Restic(3, 0), chosen)["snapshot_id"] == "abc"


def test_a_copy_that_goes_on_missing_files_has_failed(chosen):
    with pytest.raises(HostError, match="not complete: a file is gone"):
        copy.backup(Restic(3, 3), chosen)


def test_one_destination_that_fails_keeps_no_other_from_its_copy(chosen, tmp_path, monkeypatch):
    asked = []

    def first_is_down(_settings, destination):
        asked.append(destination)
        if destination == "first":
            raise HostError("down")
        return {}

    monkeypatch.setattr(copy.Settings, "load", classmethod(lambda _: chosen))
    monkeypatch.setattr(copy, "copy", first_is_down)
    assert copy.main() == 1
    assert asked == ["first", "second"]
    assert not (tmp_path / "last.json").exists()


def test_the_last_copies_are_noted_by_destination(chosen, tmp_path, monkeypatch):
    monkeypatch.setattr(copy.Settings, "load", classmethod(lambda _: chosen))
    monkeypatch.setattr(copy, "copy", lambda _settings, destination: {"snapshot_id": destination[::-1]})
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert copy.main() == 0
    noted = json.loads((tmp_path / "last.json").read_text("utf-8"))
    assert {destination: one["snapshot_id"] for destination, one in noted.items()} == {
        "first": "tsrif",
        "second": "dnoces",
    }


def test_only_the_stacks_own_server_is_shown_the_hosts_certificate(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "pair", lambda scratch: scratch / "host.pem")
    told = {name: client.Restic(tmp_path, name)._environment for name in ("first", "second")}
    assert "RESTIC_TLS_CLIENT_CERT" in told["first"]
    assert not {"RESTIC_TLS_CLIENT_CERT", "RESTIC_CACERT"} & set(told["second"])


def test_the_login_is_never_told(tmp_path, monkeypatch):
    (tmp_path / "first").write_text("rest:https://store:0123abcd@vault:8000/store/\n", "utf-8")
    monkeypatch.setattr(client, "OWN", tmp_path)
    said = client.Restic.without_login(CompletedProcess([], 1, "", "rest:https://store:0123abcd@vault: no"))
    assert "0123abcd" not in said
    assert said.endswith("@vault: no")
