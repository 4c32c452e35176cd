"""Secrets pass from a run to its children without touching disk or environment."""

import os
import subprocess
import sys

from amanat.secrets_socket import VARIABLE, receive_secrets, serve_secrets, serve_secrets_to_children

ASK = "from amanat.secrets_socket import receive_secrets; print(receive_secrets())"


def asked(environment):
    command = [sys.executable, "-c", ASK]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_child_gets_the_document():
    with serve_secrets_to_children("the secret"):
        told = asked(dict(os.environ))
        assert "the secret" not in str(dict(os.environ))
        assert os.stat(os.path.dirname(os.environ[VARIABLE])).st_mode & 0o077 == 0
    assert told == "the secret\n"


def test_afterwards_there_is_nothing_to_get():
    with serve_secrets_to_children("the secret"):
        path = os.environ[VARIABLE]
    assert VARIABLE not in os.environ
    assert not os.path.exists(path)
    assert receive_secrets() is None


def test_runs_side_by_side_serve_each_its_own():
    """They are threads of one process, so none may put its path into the process's environment."""
    with serve_secrets("first") as first, serve_secrets("second") as second:
        assert VARIABLE not in os.environ
        told = [asked({**os.environ, VARIABLE: path}) for path in (first, second)]
    assert told == ["first\n", "second\n"]
