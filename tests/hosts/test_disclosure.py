"""Article 7 from the command line: a court order, a bundle, the message in clear; nothing without an order."""

import json
from datetime import UTC, datetime, timedelta

from amanat.calendars import solar_hijri

CONTENT = "سلام؛ این پیام فقط با حکم قضایی خوانده می‌شود."
PARTY = "+989120000077"


def test_a_court_order_opens_what_it_names(live_stack, tmp_path):
    with live_stack.database("archive_writer") as writer:
        recorded = writer.execute(
            "SELECT id FROM archive.record_message('sms', 'in', %s, '3000', now(), now(), '192.0.2.7', 4711, %s)",
            (PARTY, CONTENT),
        ).fetchone()[0]
    made = live_stack.amanat("disclosure", "make", *order(), "--party", PARTY, "--into", str(tmp_path))
    assert made.code == 0, made.err
    bundle = next(tmp_path.glob("disclosure-*.json"))
    assert CONTENT not in bundle.read_text("utf-8")

    key = str(live_stack.paths.sealing_private_key)
    clear = tmp_path / "clear.json"
    opened = live_stack.amanat("disclosure", "open", str(bundle), "--key", key, "--into", str(clear))
    assert opened.code == 0, opened.err
    assert clear.stat().st_mode & 0o077 == 0
    records = json.loads(clear.read_text("utf-8"))["records"]
    assert [(one["id"], one["content"]) for one in records if one["id"] == recorded] == [(recorded, CONTENT)]

    bundle.write_bytes(bundle.read_bytes().replace(b"+98912", b"+98913", 1))
    forged = live_stack.amanat(
        "disclosure", "open", str(bundle), "--key", key, "--into", str(tmp_path / "two.json")
    )
    assert forged.code != 0
    assert forged.err.count("error: ") == 1


def test_solar_hijri_dates_and_persian_digits_find_the_same_records(live_stack, tmp_path):
    now = datetime.now(UTC)
    with live_stack.database("archive_writer") as writer:
        writer.execute(
            "SELECT id FROM archive.record_message('sms', 'in', %s, '3000', now(), now(), '192.0.2.7', 4711, 'x')",
            (PARTY,),
        )
    hour = timedelta(hours=1)
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    times = ["--since", solar_hijri(now - hour), "--until", solar_hijri(now + hour)]
    asked = [
        "--order",
        "۱۴۰۵/۸۸",
        "--order-date",
        solar_hijri(now - 24 * hour)[:10],
        "--approver",
        "Legal counsel",
    ]
    words = [one.translate(persian) if not one.startswith("--") else one for one in [*asked, *times]]
    found = live_stack.amanat(
        "disclosure", "make", *words, "--party", PARTY.translate(persian), "--into", str(tmp_path / "one")
    )
    assert found.code == 0, found.err
    assert int(found.out.splitlines()[1].split()[0]) > 0
    bundle = json.loads(next((tmp_path / "one").glob("disclosure-*.json")).read_text("utf-8"))
    assert bundle["disclosure"]["order_number"] == "1405/88"
    assert bundle["disclosure"]["selector"]["parties"] == [PARTY]

    none = live_stack.amanat(
        "disclosure", "make", *words, "--party", "+989129999999", "--into", str(tmp_path / "none")
    )
    assert (none.code, none.out.splitlines()[1]) == (0, "0 records")
    assert "warning: the bundle holds 0 records" in none.err


def test_an_address_and_port_at_a_second_name_the_account(live_stack, tmp_path):
    """In any digits; without the port, the two accounts behind the address are counted and neither is given."""
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    second = datetime.now(UTC).replace(microsecond=0)
    with live_stack.database("archive_writer") as writer:
        for port in (50001, 50002):
            writer.execute(
                "SELECT archive.record_access(%s, 'login', 'success', '203.0.113.77', %s, %s, 'Mozilla/5.0', NULL)",
                (f"+98912000{port}", port, second),
            )
    asked = [*order()[:6], "--ip", "203.0.113.77".translate(persian), "--at", second.isoformat()]
    named = live_stack.amanat("access", *asked, "--port", "۵۰۰۰۱", "--into", str(tmp_path / "one"))
    assert named.code == 0, named.err
    assert named.out.splitlines()[1] == "1 record of 1 account"
    assert "+9891200050001  203.0.113.77 port 50001  login success" in named.out
    (bundle,) = (tmp_path / "one").glob("disclosure-*.json")
    assert bundle.with_name(f"{bundle.name}.sig").is_file()
    assert [one["account"] for one in json.loads(bundle.read_text("utf-8"))["records"]] == ["+9891200050001"]

    shared = live_stack.amanat("access", *asked, "--into", str(tmp_path / "two"))
    assert (shared.code, shared.out.splitlines()[1:]) == (0, ["0 records of 2 accounts"])
    assert "2 accounts match, and the order names no port" in shared.err


def test_without_an_order_nothing_is_handed_out(live_stack, tmp_path):
    refused = live_stack.amanat(
        "disclosure", "make", *order(number=""), "--party", PARTY, "--into", str(tmp_path)
    )
    assert refused.code in (1, 2)
    assert refused.err.count("error: ") == 1
    assert list(tmp_path.iterdir()) == []


def order(number="۱۴۰۵/۸۸"):
    """Options of an order for the last hour."""
    now = datetime.now(UTC)
    times = [
        "--since",
        (now - timedelta(hours=1)).isoformat(),
        "--until",
        (now + timedelta(hours=1)).isoformat(),
    ]
    return ["--order", number, "--order-date", now.date().isoformat(), "--approver", "Legal counsel", *times]
