"""Article 5 clause 6-1: access itself is logged."""

from amanat.audit import requirement
from amanat.audit.archive import Message
from amanat.audit.errors import NotChecked
from amanat.audit.host import Host
from amanat.audit.waiting import wait_until
from amanat_host import questions

TALKATIVE = ("debug_print_parse", "debug_print_rewritten", "debug_print_plan", "debug_pretty_print")


@requirement("A5-6-1-access")
def test_a_login_shows_in_the_log(store, client, bound):
    """A client's login is in the host's log, with its role, within the bound."""
    assert role_of_a_new_login(store, client, bound) == "archive_auditor", "no line of this login"


@requirement("A5-6-1-access")
def test_a_refused_login_shows_in_the_log(store, client, bound):
    """An attempt with a wrong password leaves a line that wasn't there before."""
    before = refusals(store)
    client.try_login(store, "archive_discloser", password="wrong")  # noqa: S106 - random
    assert wait_until(lambda: refusals(store) - before, bound("access_log_seconds").max)


@requirement("A5-6-1-access")
def test_content_does_not_reach_the_log(store: Host, client, archive, bound):
    """What a message says, or who its parties are, is in no line of the server's log."""
    markers = store.ask(questions.DRAW_ON_DISK).markers
    message = Message(content=markers.content, origin=markers.origin)
    archive.record(message)
    with client.login(store, "archive_writer", fresh=True) as writer:
        # A session may ask for what the server makes of its statements to be logged, in clear or as numbers of bytes.
        writer.sequence(*(f"SET {name} = on" for name in TALKATIVE), f"SELECT '{message.content}'")
        writer.sequence(f"SELECT '{message.content}'::integer")
    # Lines arrive by and by, in their order: once a later login's is there, those of the message are.
    if not role_of_a_new_login(store, client, bound):
        raise NotChecked("the log does not show what came after the message", "host store")
    in_log = store.ask(questions.SERVER_LOG).markers
    assert not in_log[message.content], "content in the log"
    assert not in_log[message.origin], "a party in the log"


@requirement("A5-6-1-access", "A7-protection")
def test_acting_as_root_is_recorded(machine: Host):
    """sudo keeps a record of what is done as root."""
    assert machine.ask(questions.SUDO).recorded_sessions > 0


@requirement("A5-6-1-access")
def test_sudo_asks_again_in_time(machine, bound):
    """sudo's memory of a password ends inside the bound."""
    defaults = machine.read("sudo -n -l")
    minutes = next(
        (part.split("=")[1] for part in defaults.replace(",", " ").split() if "timestamp_timeout=" in part),
        "15",
    )
    assert bound("sudo_timeout_minutes").allows(float(minutes)), f"{minutes} minutes"


def role_of_a_new_login(store: Host, client, bound):
    """Log in as the auditor, and wait for the line that reports it: its role, or None where none comes in time."""
    with client.login(store, "archive_auditor", fresh=True) as auditor:
        process = int(auditor.value("SELECT pg_backend_pid()"))
    return wait_until(
        lambda: store.ask(questions.SERVER_LOG).authorized.get(process), bound("access_log_seconds").max
    )


def refusals(store: Host):
    """The server's processes that refused a password of the discloser, by the log."""
    refused = store.ask(questions.SERVER_LOG).refused
    return {process for process, role in refused.items() if role == "archive_discloser"}
