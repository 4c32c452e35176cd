"""Jobs that keep a file, or roles, as they should be: what they change, and what they say of it."""

import io
import json
import os
import pwd
import sys
from types import SimpleNamespace

import psycopg2
import pytest

from amanat_host import processes
from amanat_host.errors import HostError
from amanat_host.pgbackrest import probe_repository
from amanat_host.postgresql import guard
from amanat_host.restic import htpasswd, server
from tests.unit.host.database import Connection


@pytest.fixture
def logins(call, monkeypatch, tmp_path):
    """logins(passwords, *words) runs the program; gives its status and what it said."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    path = tmp_path / "logins"
    settings = server.Settings(tmp_path, path, tmp_path / "keys", ("store",), me, 35, 2)
    monkeypatch.setattr(htpasswd.Settings, "load", classmethod(lambda _: settings))
    monkeypatch.setattr(htpasswd.shutil, "chown", lambda *_given: None)

    def run(text, *words):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        return call(htpasswd.main, *words)

    run.path = path
    return run


def test_logins_are_written_once_and_only_as_bcrypt(logins):
    given = json.dumps({"store": "a very secret login"})
    assert logins(given, "--dry-run") == (0, "changed")
    assert not logins.path.exists()
    assert logins(given) == (0, "changed")
    assert logins(given) == (0, "unchanged")
    assert logins.path.read_text().startswith("store:$2b$08$")
    assert "secret" not in logins.path.read_text()
    assert logins.path.stat().st_mode & 0o777 == 0o400


def test_a_login_that_cannot_be_read_is_not_repeated(logins, call):
    assert logins("{secret")[0] == 1
    assert call.said == "error: JSONDecodeError\n"


class Session(Connection):
    """A superuser's session: which roles differ, and what was asked of it."""

    closed = False

    def __init__(self, different=(), other=()):
        self.different, self.other, self.asked = list(different), list(other), []
        self.description = True

    def execute(self, query, parameters=None):
        text = query if isinstance(query, str) else str(query)
        self.asked.append(text)
        self.rows = [(True,)]
        if text == guard.OTHER:
            self.rows = self.other
        elif "pg_authid AS a ON a.rolname = w.name\n     LEFT JOIN" in text:
            self.rows = self.different

    def fetchall(self):
        return self.rows


@pytest.fixture
def keep(monkeypatch, call):
    """keep(session, *words) hands in roles as Ansible does; gives the status and the word that was said."""

    def run(session, *words):
        monkeypatch.setattr(psycopg2, "connect", lambda **_options: session)
        monkeypatch.setattr(
            sys, "stdin", io.StringIO('{"archive_writer": {"verifier": "SCRAM", "settings": {}}}')
        )
        status, said = call(guard.main, "keep", *words)
        return status, said.strip()

    return run


CHANGED = ("archive_writer", "SCRAM", {"lock_timeout": "5s"}, True, ["archive"])


def test_roles_that_are_right_are_left_alone(keep):
    session = Session()
    assert keep(session) == (0, "unchanged")
    assert not any("ALTER ROLE" in text for text in session.asked)


def test_a_role_that_changed_itself_is_put_back_in_one_transaction(keep):
    session = Session(different=[CHANGED])
    assert keep(session) == (0, "changed")
    altered = [text for text in session.asked if "ALTER ROLE" in text]
    assert [word for text in altered for word in ("RESET ALL", "SET", "PASSWORD") if f" {word}" in text]
    assert session.asked.index("BEGIN") < session.asked.index(altered[0]) < session.asked.index("COMMIT")


def test_a_dry_run_changes_no_role(keep):
    session = Session(different=[CHANGED])
    assert keep(session, "--dry-run") == (0, "changed")
    assert not {"BEGIN", "COMMIT"} & set(session.asked)


def test_a_refusal_of_the_server_is_one_line(keep, call):
    session = Session()

    def refuse(query, parameters=None):
        raise psycopg2.ProgrammingError("permission denied\nCONTEXT: a row of somebody's")

    session.execute = refuse
    assert keep(session) == (1, "")
    assert call.said == "error: permission denied\n"


@pytest.fixture
def served(monkeypatch, tmp_path):
    """served(mounts, status): the process of pgBackRest's server, as /proc shows it."""
    for part in ("archive", "backup"):
        (tmp_path / part).mkdir()
    monkeypatch.setattr(probe_repository, "ROOT", tmp_path)
    shown = {}

    def read(path, *_given):
        return shown[path.name]

    def given(mounts, status="Seccomp:\t2\n", pid="7"):
        shown.update(mountinfo=mounts.format(root=tmp_path), status=status)
        monkeypatch.setattr(probe_repository.Path, "read_text", read)
        monkeypatch.setattr(processes, "run", lambda *_c, **_o: SimpleNamespace(stdout=f"{pid}\n"))
        return probe_repository.reachable

    return given


MOUNTS = "1 0 8:1 / / ro,nosuid - ext4 /dev/sda1 rw\n2 1 8:1 / {root}/archive rw,nosuid - ext4 /dev/sda1 rw\n"


def test_what_the_server_may_write_is_read_from_its_own_mounts(served):
    found = served(MOUNTS)()
    assert (found.writable, found.filtered) == (["archive"], True)
    found = served(MOUNTS + "3 1 8:1 / {root}/archive ro - ext4 /dev/sda1 rw\n", status="Seccomp:\t0\n")()
    assert (found.writable, found.filtered) == ([], False)
    assert served("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")().writable == [".", "archive", "backup"]


def test_a_server_that_does_not_run_reaches_nothing_and_proves_nothing(served):
    with pytest.raises(HostError, match="does not run"):
        served(MOUNTS, pid="0")()
