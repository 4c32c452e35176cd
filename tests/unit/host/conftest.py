"""What tests of the hosts' programs share: a place of the test's own for locks and notes."""

import os
import pwd
import sys

import pytest

from amanat_host import scratch


@pytest.fixture(autouse=True)
def own_place(monkeypatch, tmp_path_factory):
    """Locks and notes go to a directory of the test's own. Gives that directory."""
    own = tmp_path_factory.mktemp("run")
    monkeypatch.setattr(scratch, "PLACES", {pwd.getpwuid(os.geteuid()).pw_name: str(own)})
    return own


@pytest.fixture
def call(monkeypatch, capsys):
    """call(main, *words) runs a program as sudo would; gives its exit status and output, `call.said` its messages."""

    def called(main, *words):
        monkeypatch.setattr(sys, "argv", ["program", *words])
        status = main()
        out, called.said = capsys.readouterr()
        return status, out

    return called
