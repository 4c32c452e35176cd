"""Article 5 clause 6-1: access itself is logged."""

from amanat.audit import requirement
from amanat.audit.archive import Message
from amanat.audit.errors import NotChecked
from amanat.audit.waiting import eventually

JOURNAL = "journalctl --quiet --no-pager --output=cat --identifier=postgresql --since=-5min"


@requirement("A5-6-1-access")
def test_a_login_shows_in_the_log(store, probe, bound):
    """A client's login is in the host's log, with its role, within the bound."""
    seen = lines_of_a_new_login(store, probe, bound)
    assert any("user=archive_auditor" in line for line in seen), "no line of this login"


@requirement("A5-6-1-access")
def test_a_refused_login_shows_in_the_log(store, probe, bound):
    """An attempt with a wrong password leaves a line that wasn't there before."""
    before = refusals(store)
    probe.enter(store, "archive_discloser", password="wrong")  # noqa: S106 - random
    assert eventually(lambda: refusals(store) - before, bound("access_log_seconds").max)


@requirement("A5-6-1-access")
def test_content_does_not_reach_the_log(store, probe, archive, bound):
    """What a message says, or who its parties are, is in no line of the server's log."""
    message = Message()
    archive.record(message)
    # Lines arrive by and by, in their order: once a later login's is there, those of the message are.
    if not lines_of_a_new_login(store, probe, bound):
        raise NotChecked("the log does not show what came after the message", "host store")
    log = store.privileged(JOURNAL)
    assert not {message.content, message.origin} & set(log.split())
    assert message.content not in log


@requirement("A5-6-1-access", "A7-protection")
def test_acting_as_root_is_recorded(machine):
    """sudo keeps a record of what is done as root."""
    assert machine.json("sudo -n /usr/local/lib/amanat/probe sudo")["recorded_sessions"] > 0


@requirement("A5-6-1-access")
def test_sudo_asks_again_in_time(machine, bound):
    """sudo's memory of a password ends inside the bound."""
    defaults = machine.read("sudo -n -l")
    minutes = next(
        (part.split("=")[1] for part in defaults.replace(",", " ").split() if "timestamp_timeout=" in part),
        "15",
    )
    assert bound("sudo_timeout_minutes").allows(float(minutes)), f"{minutes} minutes"


def lines_of_a_new_login(store, probe, bound):
    """Log in as the auditor, and wait for the lines that report it; nothing where none comes within the bound."""
    with probe.login(store, "archive_auditor", fresh=True) as auditor:
        said = f"[{auditor.value('SELECT pg_backend_pid()')}]"
    return eventually(lambda: authorized(store, said), bound("access_log_seconds").max)


def refusals(store):
    """The log's lines of refused passwords, each with its process."""
    lines = store.privileged(JOURNAL).splitlines()
    return {line for line in lines if 'password authentication failed for user "archive_discloser"' in line}


def authorized(store, pid):
    """Lines of a server process that report an admitted login."""
    lines = store.privileged(JOURNAL).splitlines()
    return [line for line in lines if pid in line and "connection authorized" in line]
