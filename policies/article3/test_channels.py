"""Article 3: SMS, voice, push, email, USSD, "and so on"."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from amanat.audit import requirement
from amanat.audit.archive import CHAINED_WITHIN_SECONDS, CLIENTS, RECORD_MESSAGE, Message, marker

INVALID = "22023"
OUT_OF_RANGE = "22008"
NOT_ALLOWED = "42501"
DIRECTIONS = ("in", "out")
LARGEST_BYTES = 1 << 20  # of content, as the guide promises
LONGEST = "x" * 255  # a party
NOW = datetime.now(UTC)
# What a list that is no list, or is matched as a pattern, would take.
NO_CHANNELS: tuple[Any, ...] = ("smss", "SMS", " sms", "sms ", "sms%", "%", "_ms", "s*", "", None)
OPENED = "amanat_audit"
OPENING = (
    f"SELECT archive.add_channel('{OPENED}', 'x')",
    f"INSERT INTO archive.channel VALUES ('{OPENED}', 'x')",
    "ALTER TABLE archive.channel DISABLE TRIGGER append_only",
    "ALTER TABLE archive.channel RENAME TO closed",
    "CREATE TABLE archive.opened (name text)",
    f"CREATE OR REPLACE FUNCTION archive.open_channels() RETURNS text[] LANGUAGE sql AS $$ SELECT '{{{OPENED}}}' $$",
    "SET ROLE archive_owner",
)
CLOSING = ("DELETE FROM archive.channel WHERE name = 'ussd'", "DROP TABLE archive.channel CASCADE")


def content_of(size):
    """A content of this many bytes, not all of them ASCII, whose end occurs nowhere else."""
    end = marker("end")
    filled = size - len(end)
    return "پ" * (filled // 2) + "x" * (filled % 2) + end


@requirement("A3-channels")
def test_a_message_of_each_channel_is_read_back(archive, bound):
    """A message of each channel that the law names, in each direction, is disclosed and opened to the same text."""
    messages = [
        Message(channel=channel, direction=direction)
        for channel, direction in product(bound("recorded_channels").includes, DIRECTIONS)
    ]
    messages += [
        Message(channel=messages[0].channel, direction="out", received_at=None)
    ]  # nobody has said so yet
    numbers = archive.record(*messages)
    bundle = archive.find(numbers, "message", CHAINED_WITHIN_SECONDS)
    kept = [(one["channel"], one["direction"], one["received_at"] is None) for one in bundle.messages]
    assert kept == [(one.channel, one.direction, one.received_at is None) for one in messages]
    assert archive.open(bundle) == dict(zip(numbers, (m.content for m in messages), strict=True))


@requirement("A3-channels")
def test_a_message_of_the_largest_size_is_read_back(archive, bound):
    """Of a channel drawn anew in each audit, a content of the largest size comes back whole, to its last byte."""
    channel = secrets.choice(list(bound("recorded_channels").includes))
    message = Message(channel=channel, content=content_of(LARGEST_BYTES))
    assert len(message.content.encode()) == LARGEST_BYTES
    numbers = archive.record(message)
    opened = archive.open(archive.find(numbers, "message", CHAINED_WITHIN_SECONDS))
    # Not compared as a whole: a difference would be told at full length.
    same = opened[numbers[0]] == message.content
    assert same, f"{len(opened[numbers[0]].encode())} bytes came back, or others, by {channel}"


@requirement("A3-channels")
def test_each_channel_takes_the_largest_size_and_no_more(store, client, bound):
    """A content of the largest size is taken through each channel, in one direction or the other; a byte more isn't."""
    wrong = {}
    with client.login(store, "archive_writer") as writer:
        for number, channel in enumerate(bound("recorded_channels").includes):
            message = Message(
                channel=channel, direction=DIRECTIONS[number % 2], content=content_of(LARGEST_BYTES)
            )
            larger = replace(message, content=message.content + "x")
            said = [writer.refusal(RECORD_MESSAGE, one.parameters()) for one in (message, larger)]
            if said != ["", INVALID]:
                wrong[channel] = said
    assert wrong == {}


@requirement("A3-channels")
@pytest.mark.parametrize(
    ("at", "beyond", "said"),
    [
        pytest.param({"client_port": 1}, {"client_port": 0}, INVALID, id="first-port"),
        pytest.param({"client_port": 65535}, {"client_port": 65536}, INVALID, id="last-port"),
        pytest.param({"origin": LONGEST}, {"origin": LONGEST + "x"}, INVALID, id="origin"),
        pytest.param({"destination": LONGEST}, {"destination": LONGEST + "x"}, INVALID, id="destination"),
        pytest.param({"direction": "out"}, {"direction": "inout"}, INVALID, id="direction"),
        pytest.param({"client_ip": "2001:db8::1"}, {"client_ip": "2001:db8::/64"}, INVALID, id="address"),
        pytest.param({"content": ""}, {"content": None}, INVALID, id="content"),
        pytest.param(
            {"received_at": datetime(2000, 1, 1, tzinfo=UTC)},
            {"received_at": datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)},
            OUT_OF_RANGE,
            id="oldest",
        ),
        pytest.param(
            {"received_at": NOW + timedelta(hours=23)},
            {"received_at": NOW + timedelta(hours=49)},
            OUT_OF_RANGE,
            id="newest",
        ),
    ],
)
def test_a_message_is_taken_up_to_the_bound_and_not_beyond(store, client, at, beyond, said):
    """What lies at the edge of the allowed is recorded; the next beyond it is refused."""
    with client.login(store, "archive_writer") as writer:
        answers = [writer.refusal(RECORD_MESSAGE, Message(**one).parameters()) for one in (at, beyond)]
    assert answers == ["", said]


@requirement("A3-channels")
def test_the_list_of_channels_is_data(store, client, bound):
    """Channels are rows of a table, so that a further one needs no change of the schema."""
    with client.login(store, "archive_auditor") as auditor:
        listed = {name for (name,) in auditor.rows("SELECT name FROM archive.channel")}
        kind = auditor.value(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'archive.message'::regclass AND attname = 'channel'"
        )
    assert set(bound("recorded_channels").includes) <= listed
    assert kind == "text"


@requirement("A3-channels")
def test_a_channel_outside_the_list_is_refused(store, client, archive):
    """A misspelt channel isn't silently kept as a new one, nor is one that only resembles a channel, or none."""
    archive.record(
        Message()
    )  # a session that has recorded already is not prepared anew, where channels are looked up
    with client.login(store, "archive_writer") as writer:
        recordings = {name: (RECORD_MESSAGE, Message(channel=name).parameters()) for name in NO_CHANNELS}
        assert writer.refused_otherwise(INVALID, recordings) == {}


@requirement("A3-channels")
@pytest.mark.parametrize("role", CLIENTS)
def test_no_client_opens_or_closes_the_list(store, client, role):
    """Not even for a transaction that is taken back: no role that clients use changes the list or what reads it."""
    with client.login(store, role) as session:
        changes = {statement: (statement, ()) for statement in (*OPENING, *CLOSING)}
        assert session.refused_otherwise(NOT_ALLOWED, changes) == {}


@requirement("A3-channels")
def test_a_list_of_the_writers_own_opens_nothing(store, client):
    """A table of the same name that a session makes for itself is not where the archive looks."""
    with client.login(store, "archive_writer", fresh=True) as writer:
        recording = RECORD_MESSAGE, Message(channel=OPENED).parameters()
        answer = writer.with_own_table("channel", OPENED, recording)
    # Refused where it may not even make the table, or where it is not looked at.
    assert answer.sqlstate in (NOT_ALLOWED, INVALID), answer.message or "it was recorded"
