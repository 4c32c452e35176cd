"""Article 2, note: messages can be sent and received through the platform."""

import time

from amanat.audit import requirement
from amanat.audit.archive import Message


@requirement("A2-platform")
def test_a_message_gets_in_is_stored_and_is_read_back(archive, bound):
    """A message that a gateway hands over is recorded, disclosed and opened to the same text in time."""
    begun = time.monotonic()
    limit = bound("round_trip_seconds")
    message = Message(content="سلام؛ آزمون امانت ✓ " + Message().content)
    [number] = archive.record(message)
    opened = archive.open(archive.find([number], "message", limit.max))
    assert opened == {number: message.content}
    assert limit.allows(time.monotonic() - begun)


@requirement("A2-platform")
def test_messages_go_both_ways(archive, bound):
    """What comes in and what goes out is kept as such."""
    numbers = archive.record(Message(direction="in"), Message(direction="out"))
    kept = archive.find(numbers, "message", bound("round_trip_seconds").max).messages
    assert [one["direction"] for one in kept] == ["in", "out"]
