"""What a gateway can hand over, in which one form it is kept, and which SQLSTATE says no."""

import psycopg
import pytest

from amanat.audit.waiting import wait_until

INVALID = "22023"
OUT_OF_RANGE = "22008"
CHAINED_WITHIN_SECONDS = 30
CALL = "SELECT id FROM archive.record_message('sms', %s, %s, '3000', {}, {}, %s, 4711, 'x')"
NOW = ("now()", "now()")


@pytest.fixture(scope="module")
def writer(live_stack):
    with live_stack.database("archive_writer", autocommit=True) as session:
        yield session


def record(writer, party="+98912", ip="192.0.2.7", direction="in", sent=NOW[0], received=NOW[1]):
    return writer.execute(CALL.format(sent, received), (direction, party, ip)).fetchone()[0]


def kept(live_stack, number, column):
    return live_stack.query(f"SELECT {column} FROM archive.message WHERE id = {number}")


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("+۹۸۹۱۲۱۲۳۴۵۶۷", "+989121234567"),
        ("+٩٨٩١٢", "+98912"),
        ("\uff0b\uff19\uff18", "\uff0b98"),  # fullwidth: the digits, and no other character
        ("+\u096f\u096e", "+98"),  # Devanagari
        ("\U0001d7d7\U0001d7f4", "98"),  # mathematical
        ("  3000 ", "3000"),
        ("cafe\u0301@example.ir", "caf\u00e9@example.ir"),
        ("علی@مثال.ایران", "علی@مثال.ایران"),
        ("Bank & co", "Bank & co"),
    ],
)
def test_a_party_is_kept_in_one_form(live_stack, writer, given, form):
    assert kept(live_stack, record(writer, party=given), "origin") == form


@pytest.mark.parametrize(
    "mark",
    [
        *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"),
        *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\u2060", "\ufeff", "\u00ad", "\u034f"),
        *("\u180e", "\u3164", "\u115f", "\ufe0f", "\u2028", "\u2029", "\u00a0", "\u2003", "\u3000", "\u0085"),
        *("\n", "\t", "\x07", "\x7f", "\ue000", "\ufffe", "\ufff9", "\U000e0041", "\U000f0000", "\U0001d173"),
        *("\u2800", "\U0001d159", "\U00016fe4", "\u2d7f", "\U0001107f", "\U00013440"),
    ],
    ids=ascii,
)
def test_a_party_with_what_nobody_sees_is_refused(writer, mark):
    with pytest.raises(psycopg.Error, match="origin must have 1 to 255 visible characters") as refused:
        record(writer, party=f"+98{mark}12")
    assert refused.value.sqlstate == INVALID


@pytest.mark.parametrize(
    ("given", "form"),
    [("::ffff:192.0.2.9", "192.0.2.9"), ("::FFFF:C000:0209", "192.0.2.9"), ("2001:db8::1", "2001:db8::1")],
)
def test_an_address_is_kept_in_one_form(live_stack, writer, given, form):
    assert kept(live_stack, record(writer, ip=given), "client_ip") == form


@pytest.mark.parametrize(
    "ip",
    [
        *("0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "239.255.255.255", "ff02::1", "255.255.255.255"),  # noqa: S104 - refused
        *("::ffff:224.0.0.1", "::ffff:255.255.255.255", "10.0.0.0/8", "::ffff:10.0.0.0/104", "2001:db8::/64"),
    ],
)
def test_what_is_no_hosts_address_is_refused(writer, ip):
    with pytest.raises(psycopg.Error, match="client_ip must be the address of one host") as refused:
        record(writer, ip=ip)
    assert refused.value.sqlstate == INVALID


@pytest.mark.parametrize(
    "sent", ["'1970-01-01Z'", "'2106-02-07Z'", "'0001-01-01Z'", "now() + '3 days'::interval"]
)
def test_a_senders_wrong_clock_loses_no_message(live_stack, writer, sent):
    """What the other side claims is kept as it claims it; the operator's own time must be right."""
    apart = f"abs(extract(epoch FROM sent_at - ({sent})::timestamptz)) < 600"
    assert kept(live_stack, record(writer, sent=sent), apart) == "t"
    record(writer, direction="out", received=sent)


@pytest.mark.parametrize(
    ("direction", "sent", "received"),
    [
        ("in", "now()", "'1999-12-31Z'"),
        ("in", "now()", "now() + interval '2 days'"),
        ("in", "'infinity'", "now()"),
        ("in", "'4000-01-01 BC'", "now()"),
        ("out", "'1970-01-01Z'", "NULL"),
        ("out", "now()", "'-infinity'"),
    ],
)
def test_a_wrong_clock_of_ones_own_is_refused(writer, direction, sent, received):
    with pytest.raises(psycopg.Error) as refused:
        record(writer, direction=direction, sent=sent, received=received)
    assert refused.value.sqlstate == OUT_OF_RANGE


@pytest.mark.parametrize(
    "content", [b"\x00", b"\xff\xfe8-bit", b"\xed\xa0\x80", b"", bytes(range(256)) * 4096]
)
def test_content_that_is_no_text_is_recorded(live_stack, writer, content):
    """8-bit data, a byte 0, half a surrogate: by the function for bytes, under a key that is kept."""
    number = writer.execute(
        "SELECT id FROM archive.record_message_bytes('sms', 'in', 'a', 'b', now(), now(), '192.0.2.7', 1, %s)",
        (content,),
    ).fetchone()[0]
    assert kept(live_stack, number, "key_id IN (SELECT id FROM archive.data_key)") == "t"


def test_more_than_a_mebibyte_is_refused(writer):
    with pytest.raises(psycopg.Error) as refused:
        writer.execute(
            "SELECT archive.record_message_bytes('sms', 'in', 'a', 'b', now(), now(), '192.0.2.7', 1, %s)",
            (b"x" * 1048577,),
        )
    assert refused.value.sqlstate == INVALID


def test_both_ways_to_write_a_number_are_disclosed_alike(live_stack, writer):
    number = record(writer, party="+۹۸۹۱۲۰۰۰۰۱۲۳")
    with live_stack.database("archive_discloser", autocommit=True) as discloser:
        for party in ("+989120000123", "+٩٨٩١٢٠٠٠٠١٢٣", " +989120000123 "):
            request = discloser.execute(
                "SELECT archive.request_disclosure('۱۴۰۵-۱', current_date, 'علی‌رضا', jsonb_build_object('parties',"
                " jsonb_build_array(%s::text), 'from', now() - interval '1 hour', 'until', now()))",
                (party,),
            ).fetchone()[0]
            assert (
                live_stack.query(f"SELECT order_number FROM archive.disclosure WHERE id = {request}")
                == "1405-1"
            )
            found = wait_until(lambda request=request: fetched(discloser, request), CHAINED_WITHIN_SECONDS)
            assert number in found


def fetched(discloser, request):
    """The ids of the messages that a request finds; None until it is chained."""
    try:
        rows = discloser.execute("SELECT part, body FROM archive.fetch_disclosure(%s)", (request,)).fetchall()
    except psycopg.errors.ObjectNotInPrerequisiteState:
        return None
    return [body["id"] for part, body in rows if part == "message"] if rows else None
