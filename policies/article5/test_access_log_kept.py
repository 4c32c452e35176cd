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

KEPT_SECONDS = 12
ASKED_FOR_SECONDS = 14 * 60  # the probe reads a quarter of an hour


@dataclass(frozen=True)
class Planted:
    """A login and a refusal that the audit caused at its beginning: the server's processes, and what came of it."""

    at: float
    login: int
    refused_before: frozenset[int]
    let_in: bool

    def missing(self, log: ServerLog) -> list[str]:
        """What of it is not in the log."""
        there = {
            "the login": log.authorized.get(self.login) == "archive_auditor",
            "the refusal": bool(refusals(log) - self.refused_before),
        }
        return [what for what, is_there in there.items() if not is_there]


def refusals(log: ServerLog) -> frozenset[int]:
    """The processes that refused a password of the discloser's."""
    return frozenset(process for process, role in log.refused.items() if role == "archive_discloser")


@pytest.fixture(scope="session")
def planted(store: Host, client) -> Planted:
    """A login, and one with a wrong password; nobody waits for their lines yet."""
    before = refusals(store.ask(questions.SERVER_LOG))
    with client.login(store, "archive_auditor", fresh=True) as auditor:
        login = int(auditor.value("SELECT pg_backend_pid()"))
    attempt = client.try_login(store, "archive_discloser", password="wrong")  # noqa: S106 - random
    return Planted(time.monotonic(), login, before, attempt.admitted)


@pytest.mark.first
@requirement("A5-6-1-access")
def test_a_wrong_password_lets_nobody_in(planted: Planted):
    """As the audit begins, a login with the right certificate and a wrong password is refused."""
    assert not planted.let_in


@requirement("A5-6-1-access")
def test_a_login_and_a_refusal_arrive_in_the_log(store: Host, planted: Planted, bound):
    """A login and one with a wrong password that the audit began with are in the log within the bound."""
    wait_until(lambda: not planted.missing(store.ask(questions.SERVER_LOG)), bound("access_log_seconds").max)
    assert planted.missing(store.ask(questions.SERVER_LOG)) == []


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_they_are_still_there_as_the_audit_ends(store: Host, planted: Planted, bound):
    """The same lines are in the log after all that the audit did meanwhile: nothing clears it."""
    since = time.monotonic() - planted.at
    if since > ASKED_FOR_SECONDS:
        raise NotChecked("the audit took longer than the log is asked for", "host store", "Audit again.")
    if since < KEPT_SECONDS:  # asked for alone: they come, and are watched for a while
        wait_until(
            lambda: not planted.missing(store.ask(questions.SERVER_LOG)), bound("access_log_seconds").max
        )
        wait_until(lambda: planted.missing(store.ask(questions.SERVER_LOG)), KEPT_SECONDS)
    assert planted.missing(store.ask(questions.SERVER_LOG)) == [], "lines that were logged are gone"
