"""Article 5 clause 6-1: what is logged stays, at least as long as an audit lasts."""

import time
from dataclasses import dataclass

import pytest

from amanat.audit import requirement
from amanat.audit.errors import NotChecked
from amanat.audit.host import Host
from amanat.audit.waiting import wait_until
from amanat_host import questions
from amanat_host.answers.archive import ServerLog

ARRIVING_SECONDS = 10
ASKED_FOR_SECONDS = 14 * 60  # the probe reads a quarter of an hour


@dataclass(frozen=True)
class Planted:
    """A login and a refusal that the audit caused at its beginning: the server's processes for them."""

    at: float
    login: int
    refusals: frozenset[int]

    def missing(self, log: ServerLog) -> list[str]:
        """What of it is not in the log."""
        there = {
            "the login": log.authorized.get(self.login) == "archive_auditor",
            "the refusal": bool(self.refusals & refusals(log)),
        }
        return [what for what, is_there in there.items() if not is_there]


def refusals(log: ServerLog) -> frozenset[int]:
    """The processes that refused a password of the discloser's."""
    return frozenset(process for process, role in log.refused.items() if role == "archive_discloser")


@pytest.fixture(scope="session")
def planted(store: Host, client) -> Planted:
    """A login, and one with a wrong password."""
    before = refusals(store.ask(questions.SERVER_LOG))
    with client.login(store, "archive_auditor", fresh=True) as auditor:
        login = int(auditor.value("SELECT pg_backend_pid()"))
    client.try_login(store, "archive_discloser", password="wrong")  # noqa: S106 - random
    at = time.monotonic()
    arrived = wait_until(lambda: refusals(store.ask(questions.SERVER_LOG)) - before, ARRIVING_SECONDS)
    return Planted(at, login, arrived)


@pytest.mark.first
@requirement("A5-6-1-access")
def test_a_login_and_a_refusal_arrive_in_the_log(store: Host, planted: Planted, bound):
    """What the audit does at its beginning, a login and one with a wrong password, is in the log within the bound."""
    wait_until(lambda: not planted.missing(store.ask(questions.SERVER_LOG)), bound("access_log_seconds").max)
    assert planted.missing(store.ask(questions.SERVER_LOG)) == []


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_they_are_still_there_as_the_audit_ends(store: Host, planted: Planted):
    """The same lines are in the log after all that the audit did meanwhile: nothing clears it."""
    if time.monotonic() - planted.at > ASKED_FOR_SECONDS:
        raise NotChecked("the audit took longer than the log is asked for", "host store", "Audit again.")
    assert planted.missing(store.ask(questions.SERVER_LOG)) == [], "lines that were logged are gone"
