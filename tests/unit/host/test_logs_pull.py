"""A journal on its way into the store: each entry once, holes found and filled, whatever befalls machine or server."""

import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amanat_host.logs import pull as pulls
from amanat_host.logs import state
from amanat_host.logs import store as stores
from amanat_host.logs import verify as verifier
from amanat_host.logs.layout import days
from amanat_host.logs.pull import Behind, Pull, Rewound, Timing
from amanat_host.logs.source import NoAnswer
from amanat_host.logs.store import FileTooShort, InUse, StateLost, Store
from amanat_host.logs.stored_entries import read_entries
from tests.unit.host.journal import IDENTITY, START_US, Journal, entry

NEW = "c" * 32
DAY_US = 86_400_000_000
AT_ONCE = Timing(commit_seconds=0.0, check_seconds=0.0)


def verify(directory):
    """What the verifier says of a machine of which nothing is sealed."""
    return verifier.verify(directory, directory / "sealed", directory / "ca.crt")


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def pulled(tmp_path, journal):
    """`pulled(steps)`: pull for so many rounds; gives what the verifier says of the machine."""

    def pull(steps=6, timing=AT_ONCE):
        left = iter(range(steps))
        with closing(Store(tmp_path)) as store:
            Pull(journal, store, timing).run(lambda: next(left, None) is None)
        return verify(tmp_path)

    return pull


def numbers(directory):
    return [one.number for path in days(directory) for one in read_entries(path)]


def holes(stored):
    return [
        (hole.first, hole.last, hole.lost_at is not None)
        for one in stored.state.numberings
        for hole in one.holes
    ]


def test_all_entries_are_stored_once_in_order(pulled, journal, tmp_path):
    journal.write(1, 50)
    assert pulled().faults == []
    journal.write(51, 60)
    stored = pulled()
    assert (stored.entries, stored.faults, holes(stored)) == (60, [], [])
    assert numbers(tmp_path) == list(range(1, 61))
    assert stored.state.complete_at == stored.state.checked_at is not None


def test_a_machine_that_is_older_than_the_server_begins_where_its_journal_does(pulled, journal):
    journal.write(1000, 1010)
    stored = pulled()
    assert (stored.state.numberings[0].first, holes(stored)) == (1000, [])


def test_a_line_that_was_deleted_shows_as_a_hole(pulled, journal):
    journal.write(1, 3)
    journal.write(5, 9)
    stored = pulled()
    assert holes(stored) == [(4, 4, True)]
    assert stored.faults == []


def test_a_machine_that_leaves_numbers_out_on_purpose_fills_no_memory(pulled, journal, monkeypatch):
    monkeypatch.setattr(state, "MOST_HOLES", 10)
    for number in range(1, 201, 2):
        journal.write(number, number)
    stored = pulled()
    (numbering,) = stored.state.numberings
    assert len(numbering.holes) <= 10
    assert sum(hole.count for hole in numbering.holes) == 99
    assert stored.faults == []


def test_a_journal_that_begins_anew_again_and_again_is_given_up(pulled, journal, monkeypatch):
    monkeypatch.setattr(state, "MOST_NUMBERINGS", 3)
    for number in range(5):
        journal.write(1, 2, numbering=f"{number:032x}")
    with pytest.raises(state.TooStrange):
        pulled()


def test_a_line_that_comes_late_fills_its_hole(pulled, journal, tmp_path):
    journal.write(1, 9)
    del journal.held[3]

    def appear():
        journal.held[3:3] = [entry(4)]
        journal.on_idle = lambda: None

    journal.on_idle = appear
    stored = pulled()
    assert (holes(stored), stored.faults) == ([], [])
    assert sorted(numbers(tmp_path)) == list(range(1, 10))


def test_what_the_follower_was_not_shown_is_fetched(pulled, journal, tmp_path):
    journal.write(1, 9)
    journal.hidden = {3, 4, 5}
    stored = pulled()
    assert (holes(stored), stored.faults) == ([], [])
    assert numbers(tmp_path) == list(range(1, 10))


def test_in_a_damaged_file_all_is_found_but_what_is_damaged(pulled, journal, tmp_path):
    journal.write(1, 60)
    del journal.held[24]
    journal.hidden = set(range(25, 55))
    journal.misleading = {25, 26, 27}
    stored = pulled()
    assert holes(stored) == [(25, 25, True)]
    assert sorted(numbers(tmp_path)) == [number for number in range(1, 61) if number != 25]


@pytest.mark.parametrize("misleading", [{24}, {24, 25}])
def test_another_way_to_a_hole_is_tried_at_each_check(pulled, journal, tmp_path, misleading):
    journal.write(1, 60)
    journal.hidden = set(range(25, 55))
    journal.misleading = misleading
    stored = pulled()
    found = sorted(numbers(tmp_path))
    assert len(found) == len(set(found))
    assert set(range(40, 61)) <= set(found)
    assert stored.faults == []


def test_entries_that_were_thrown_away_before_they_came_are_a_hole(pulled, journal):
    journal.write(1, 10)
    pulled()
    journal.held.clear()
    journal.write(21, 30)
    stored = pulled()
    assert holes(stored) == [(11, 20, True)]
    assert stored.entries == 20


def test_a_journal_that_began_anew_is_stored_from_its_beginning(pulled, journal, tmp_path):
    journal.write(1, 10)
    pulled()
    journal.held.clear()
    journal.write(3, 5, numbering=NEW)
    stored = pulled()
    assert [(one.id, one.first, one.last) for one in stored.state.numberings] == [
        (IDENTITY, 1, 10),
        (NEW, 1, 5),
    ]
    assert holes(stored) == [(1, 2, True)]
    assert stored.faults == []


def test_numbers_that_a_crash_gave_to_others_are_stored_beside_the_first(pulled, journal, tmp_path):
    journal.write(1, 20)
    for first in range(21, 101, 10):
        journal.write(first, first + 9)
    pulled()
    journal.held = journal.held[:95]
    journal.write(96, 105, mark=1)
    with pytest.raises(Rewound):
        pulled_while_followed(pulled, journal)
    stored = pulled()
    assert stored.entries == 110
    assert stored.faults == []
    assert stored.state.numberings[0].reused == [(96, 100)]
    assert len({one.cursor for path in days(tmp_path) for one in read_entries(path)}) == 110


def write_in_tens(journal, pulled):
    """A hundred entries, pulled ten by ten."""
    for first in range(1, 101, 10):
        journal.write(first, first + 9)
        pulled()


def assert_nothing_is_lost(stored, directory):
    """All of 103 entries are stored once, whatever was away meanwhile."""
    assert stored.state.numberings[0].reused == []
    assert holes(stored) == []
    assert (stored.entries, stored.faults) == (103, [])
    assert sorted(numbers(directory)) == list(range(1, 104))


def test_entries_that_were_away_for_a_while_are_no_loss_when_they_are_back(pulled, journal, tmp_path):
    write_in_tens(journal, pulled)
    whole = list(journal.held)
    journal.held = whole[:60]
    assert pulled().state.numberings[0].reused == [(61, 100)]
    journal.write(101, 103)
    assert holes(pulled(steps=1)) == [(61, 100, False)]
    journal.held = [*whole, *journal.held[-3:]]
    assert_nothing_is_lost(pulled(), tmp_path)


def test_entries_away_from_between_others_are_no_loss_when_they_are_back(pulled, journal, tmp_path):
    write_in_tens(journal, pulled)
    whole = list(journal.held)
    journal.held = [*whole[:60], *whole[80:90]]
    pulled(steps=1)
    journal.write(101, 103)
    stored = pulled(steps=1)
    assert [hole[:2] for hole in holes(stored)] == [(61, 80), (91, 100)]
    assert stored.state.numberings[0].reused == [(61, 80), (91, 100)]
    journal.held = [*whole, *journal.held[-3:]]
    assert_nothing_is_lost(pulled(), tmp_path)


def test_a_machine_that_was_put_back_whole_is_stored_from_what_it_has(pulled, journal, monkeypatch):
    monkeypatch.setattr(state, "RECENT_KEPT", 2)
    monkeypatch.setattr(state, "RECENT_APART", 5)
    write_in_tens(journal, pulled)
    journal.held = journal.held[:20]
    journal.write(21, 30, mark=1)
    stored = pulled()
    assert stored.state.last.number == 30
    assert stored.state.numberings[0].reused == [(1, 100)]
    assert stored.entries == 100 + 30
    journal.write(31, 40, mark=1)
    stored = pulled()
    assert (stored.state.last.number, stored.faults, holes(stored)) == (40, [], [])


def pulled_while_followed(pulled, journal):
    """Pull with a follower that began at the end, so that the crash shows by the numbers that come."""
    before, journal.range = journal.range, lambda cursor: iter([entry(100)])
    try:
        pulled()
    finally:
        journal.range = before


@pytest.mark.parametrize("kept", [90, 99])
def test_a_journal_that_is_shorter_after_a_crash_is_noticed(pulled, journal, kept):
    journal.write(1, 100)
    pulled()
    journal.held = journal.held[:kept]
    stored = pulled()
    journal.write(kept + 1, kept + 3, mark=1)
    stored = pulled()
    assert stored.entries == 103
    assert stored.faults == []


def test_a_rewind_that_was_interrupted_stores_nothing_twice(pulled, journal, tmp_path):
    journal.write(1, 100)
    pulled()
    journal.held = journal.held[:90]
    journal.write(91, 120, mark=1)
    journal.breaks_after = 60
    with pytest.raises(NoAnswer):
        pulled()
    stored = pulled()
    assert (stored.entries, stored.faults) == (130, [])


@pytest.mark.parametrize("count", range(0, 40, 3))
def test_a_connection_that_breaks_anywhere_loses_and_doubles_nothing(pulled, journal, tmp_path, count):
    journal.write(1, 20)
    journal.hidden = {7}
    journal.breaks_after = count
    with suppress(NoAnswer):
        pulled()
    journal.breaks_after = None
    journal.write(21, 25)
    stored = pulled()
    assert numbers(tmp_path) == list(range(1, len(journal.held) + 1))
    assert (stored.faults, holes(stored)) == ([], [])


def test_a_connection_that_brings_nothing_more_is_given_up(pulled, journal):
    journal.write(1, 5)
    journal.on_idle = lambda: journal.hidden.update(range(6, 20)) or journal.write(6, 6)
    with pytest.raises(Behind):
        pulled(steps=30)


def test_a_machine_that_never_pauses_is_complete_up_to_when_it_was_asked(pulled, journal, monkeypatch):
    ends, more = journal.ends, iter(range(6, 100))
    monkeypatch.setattr(journal, "ends", lambda: journal.write(number := next(more), number) or ends())
    journal.write(1, 5)
    stored = pulled(steps=10)
    assert stored.state.complete_at is not None
    assert stored.entries > 10


def test_an_end_that_will_never_come_is_not_waited_for(pulled, journal, monkeypatch):
    journal.write(1, 6)
    journal.hidden.add(6)
    ends, anew = journal.ends, iter([True])
    monkeypatch.setattr(
        journal, "ends", lambda: [ends(), next(anew, False) and journal.write(1, 3, numbering=NEW)][0]
    )
    assert pulled(steps=4).state.complete_at is not None


# --- Days ---------------------------------------------------------------------------------------------------------


def test_days_follow_the_order_of_the_journal(tmp_path):
    now = datetime.fromtimestamp(START_US / 1e6, UTC) + timedelta(days=2)
    ahead, back = START_US + 400 * DAY_US, START_US - 400 * DAY_US
    with closing(Store(tmp_path)) as store:
        for number, moment in enumerate([START_US, START_US + DAY_US, back, ahead, START_US], 1):
            store.add(entry(number, realtime_us=moment), now=now)
        store.commit()
    found = {path.name[:10]: [one.number for one in read_entries(path)] for path in days(tmp_path)}
    assert found == {"2026-11-18": [1], "2026-11-19": [2, 3], "2026-11-20": [4, 5]}
    assert verify(tmp_path).faults == []


def test_a_clock_of_ours_that_is_ahead_ends_no_days_to_come(pulled, journal, monkeypatch):
    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=800)

    monkeypatch.setattr(pulls, "datetime", Ahead)
    journal.write(1, 10)
    stored = pulled()
    newest = datetime.fromtimestamp(START_US / 1e6, UTC)
    assert stored.state.day == (newest + timedelta(days=1)).strftime("%Y-%m-%d")


def test_a_day_that_has_begun_and_has_no_entry_yet_holds_up_nothing(tmp_path, journal):
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.mkdir()
    sealed.mkdir()
    journal.write(1, 10)

    def pull():
        left = iter(range(6))
        with closing(Store(plain, sealed)) as store:
            Pull(journal, store, AT_ONCE).run(lambda: next(left, None) is None)
            return store.state.last.number

    assert pull() == 10
    with closing(Store(plain, sealed)) as store:
        store.turn_day(datetime.now(UTC) + timedelta(days=1))
        store.commit()
    journal.write(11, 12)
    assert pull() == 12


def test_a_large_gap_is_committed_in_parts(tmp_path, journal, monkeypatch):
    monkeypatch.setattr(pulls, "COMMIT_BYTES", 1000)
    largest = []
    commit = Store.commit
    monkeypatch.setattr(
        Store, "commit", lambda store: (largest.append(store.uncommitted_bytes), commit(store))
    )
    journal.write(1, 500)
    journal.hidden = set(range(2, 500))
    with closing(Store(tmp_path)) as store:
        left = iter(range(6))
        Pull(journal, store, AT_ONCE).run(lambda: next(left, None) is None)
    assert verify(tmp_path).entries == 500
    assert max(largest) < 2000


def test_a_day_ends_when_the_machine_has_nothing_more_of_it(tmp_path):
    now = datetime.fromtimestamp(START_US / 1e6, UTC)
    with closing(Store(tmp_path)) as store:
        store.add(entry(1), now=now)
        store.turn_day(now + timedelta(days=1))
        store.commit()
    with closing(Store(tmp_path)) as store:
        store.add(entry(2), now=now + timedelta(days=1))
        store.commit()
    found = {path.name[:10]: [one.number for one in read_entries(path)] for path in days(tmp_path)}
    assert found == {"2026-11-18": [1], "2026-11-19": [2]}


# --- Crashes ------------------------------------------------------------------------------------------------------


class PulledThePlug(Exception):
    """The store was stopped here."""


@pytest.mark.parametrize("allowed", range(40))
def test_a_store_that_stops_at_any_step_goes_on_without_loss_or_doubles(tmp_path, monkeypatch, allowed):
    journal = Journal()
    journal.write(1, 5)
    journal.write(6, 9, realtime_us=START_US + DAY_US)
    left = iter(range(allowed))
    with monkeypatch.context() as patched:
        for owner, name in ((os, "write"), (os, "fsync"), (os, "truncate"), (Path, "rename"), (os, "open")):
            patched.setattr(owner, name, stopping(getattr(owner, name), left))
        steps = iter(range(6))
        try:
            with closing(Store(tmp_path)) as store:
                Pull(journal, store, AT_ONCE).run(lambda: next(steps, None) is None)
        except PulledThePlug:
            pass
    journal.write(10, 12, realtime_us=START_US + DAY_US)
    steps = iter(range(6))
    with closing(Store(tmp_path)) as store:
        Pull(journal, store, AT_ONCE).run(lambda: next(steps, None) is None)
    assert numbers(tmp_path) == list(range(1, 13))
    assert verify(tmp_path).faults == []


def stopping(real, left):
    """A call that works while `left` lasts; half of what it is to write is written at the last."""

    def call(*words, **options):
        if next(left, None) is None:
            if real is os.write or getattr(real, "__name__", "") == "write":
                real(words[0], bytes(words[1])[: len(words[1]) // 2])
            raise PulledThePlug
        return real(*words, **options)

    return call


KILLED = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from amanat_host.logs.pull import Pull, Timing
from amanat_host.logs.store import Store
from tests.unit.host.journal import Journal

def killing(real, countdown):
    def call(*words, **options):
        countdown[0] -= 1
        if countdown[0] == 0:
            if real.__name__ == "write":
                real(words[0], bytes(words[1])[:7])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **options)
    return call

journal = Journal()
journal.write(1, 300)
countdown = [int(sys.argv[2])]
os.write, os.fsync = killing(os.write, countdown), killing(os.fsync, countdown)
Path.rename = killing(Path.rename, countdown)
steps = iter(range(4))
with closing(Store(Path(sys.argv[1]))) as store:
    pull = Pull(journal, store, Timing(0.0, 0.0))
    import amanat_host.logs.pull as module
    module.COMMIT_BYTES = 2000
    pull.run(lambda: next(steps, None) is None)
"""


def test_a_store_that_is_killed_again_and_again_ends_whole(tmp_path):
    root = Path(__file__).resolve().parents[3]
    path = os.pathsep.join([str(root), str(root / "host")])
    environment = {**os.environ, "PYTHONPATH": path}
    ends = []
    for step in (1, 2, 3, 4, 6, 9, 14, 23, 1000):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path), str(step)],
            env=environment,
            cwd=root,
            check=False,
            timeout=60,
        )
        ends.append(done.returncode)
    assert ends == [-signal.SIGKILL] * 8 + [0]
    assert numbers(tmp_path) == list(range(1, 301))
    assert verify(tmp_path).faults == []


def test_a_state_that_is_gone_costs_no_day(tmp_path):
    with closing(Store(tmp_path)) as store:
        store.add(entry(1))
        store.commit()
    (tmp_path / "state.json").unlink()
    for _ in range(2):
        with pytest.raises(StateLost):
            Store(tmp_path)
    assert numbers(tmp_path) == [1]


def test_a_state_that_is_older_than_the_days_costs_none(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "MOST_UNCOMMITTED_BYTES", 1000)
    with closing(Store(tmp_path)) as store:
        store.add(entry(1))
        store.commit()
        old = (tmp_path / "state.json").read_bytes()
        for number in range(2, 30):
            store.add(entry(number))
        store.commit()
    (tmp_path / "state.json").write_bytes(old)
    with pytest.raises(StateLost):
        Store(tmp_path)
    assert len(numbers(tmp_path)) == 29


def test_two_never_store_one_journal(tmp_path):
    with closing(Store(tmp_path)), pytest.raises(InUse):
        Store(tmp_path)
    Store(tmp_path).close()


# --- The verifier -------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    """The file of the open day, with 9 entries."""
    with closing(Store(tmp_path)) as store:
        for number in range(1, 10):
            store.add(entry(number))
        store.commit()
    assert verify(tmp_path).faults == []
    (path,) = days(tmp_path)
    return path


def rewrite(file, raw):
    """Put other entries into a file, and have the state say that it is so long."""
    before = file.stat().st_size
    file.write_bytes(b"".join(raw))
    state = file.parent / "state.json"
    state.write_text(state.read_text().replace(f'"length":{before}', f'"length":{file.stat().st_size}'))


def test_a_line_that_was_taken_out_is_named(file, tmp_path):
    raw = [one.raw for one in read_entries(file)]
    rewrite(file, raw[:4] + raw[5:])
    assert verify(tmp_path).faults == [
        f"numbers 5 to 5 of {IDENTITY} are gone",
        "8 entries are stored, and 9 came",
    ]


def test_a_line_that_was_put_in_twice_is_named(file, tmp_path):
    raw = [one.raw for one in read_entries(file)]
    rewrite(file, [*raw, raw[4]])
    assert f"numbers 5 to 5 of {IDENTITY} are stored twice" in verify(tmp_path).faults


def test_an_open_day_that_became_shorter_is_named_and_nothing_is_stored_over_it(file, tmp_path):
    os.truncate(file, file.stat().st_size - 10)
    assert "bytes are left of" in verify(tmp_path).faults[0]
    with pytest.raises(FileTooShort):
        Store(tmp_path)


def test_an_open_day_that_is_gone_is_named(file, tmp_path):
    file.unlink()
    assert f"numbers 1 to 9 of {IDENTITY} are gone" in verify(tmp_path).faults
    with pytest.raises(FileTooShort):
        Store(tmp_path)


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: os.truncate(file, 500)])
def test_a_day_that_has_ended_is_named_and_holds_up_no_other(file, tmp_path, damage):
    with closing(Store(tmp_path)) as store:
        store.turn_day(datetime.now(UTC) + timedelta(days=1))
        store.commit()
    damage(file)
    assert str(file) in verify(tmp_path).faults[0]
    with closing(Store(tmp_path)) as store:
        store.add(entry(10))
        store.commit()


def test_a_day_that_nobody_stored_is_named(file, tmp_path):
    (tmp_path / "2020-01-01.export").write_bytes(file.read_bytes())
    assert verify(tmp_path).faults == ["nobody stored 2020-01-01"]
