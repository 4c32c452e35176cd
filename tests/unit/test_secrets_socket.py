"""Secrets pass from a run to its children without touching disk or environment."""

import os
import subprocess
import sys

from amanat.handover import VARIABLE, handed, handing

ASK = "from amanat.handover import handed; print(handed())"


def test_a_child_gets_the_document():
    with handing("the secret"):
        told = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True).stdout
        assert "the secret" not in str(dict(os.environ))
        assert os.stat(os.path.dirname(os.environ[VARIABLE])).st_mode & 0o077 == 0
    assert told == "the secret\n"


def test_afterwards_there_is_nothing_to_get():
    with handing("the secret"):
        path = os.environ[VARIABLE]
    assert VARIABLE not in os.environ
    assert not os.path.exists(path)
    assert handed() is None
