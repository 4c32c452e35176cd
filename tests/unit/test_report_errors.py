"""The Pulumi program tells a failure of ours once, without a traceback, and ends; any other it lets through."""

import pulumi
import pytest

from amanat.errors import AmanatError
from amanat.report_errors import ALREADY_SHOWN, report_errors


def test_our_failure_is_told_and_ends_the_program(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit) as ended, report_errors():
        raise AmanatError("It broke", "store", "Mend it.")
    assert said == ["It broke (store)\n       Mend it."]
    assert ended.value.code == ALREADY_SHOWN == 32


def test_another_failure_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(pulumi.log, "error", lambda text: pytest.fail(text))
    with pytest.raises(KeyError), report_errors():
        raise KeyError("bug")
