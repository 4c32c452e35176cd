"""Article 3: SMS, voice, push, email, USSD, "and so on"."""

from amanat.audit import requirement
from amanat.audit.archive import CHAINED_WITHIN_SECONDS, RECORD_MESSAGE, Message

INVALID = "22023"


@requirement("A3-channels")
def test_a_message_of_each_channel_is_read_back(archive, bound):
    """A message recorded through each channel that the law names is disclosed and opened to the same text."""
    messages = [Message(channel=channel) for channel in bound("recorded_channels").includes]
    numbers = archive.record(*messages)
    bundle = archive.find(numbers, "message", CHAINED_WITHIN_SECONDS)
    assert [one["channel"] for one in bundle.messages] == [message.channel for message in messages]
    assert archive.open(bundle) == dict(zip(numbers, (m.content for m in messages), strict=True))


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
def test_a_channel_outside_the_list_is_refused(store, client):
    """A misspelt channel isn't silently kept as a new one."""
    with client.login(store, "archive_writer") as writer:
        assert writer.refusal(RECORD_MESSAGE, Message(channel="smss").parameters()) == INVALID
