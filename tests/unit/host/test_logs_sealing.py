"""Days that have ended are sealed once, whatever is killed; what is changed of them is named; old ones are purged."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amanat.law import register
from amanat_host.logs import chain as chains
from amanat_host.logs import sealed_file
from amanat_host.logs import state as states
from amanat_host.logs.chain import BrokenChain, Chain
from amanat_host.logs.layout import STATE, days, plain_path
from amanat_host.logs.purging import LEAST_DAYS, purge, purge_old_days
from amanat_host.logs.sealing import NotWhatWasStored, Place, seal_ended_days
from amanat_host.logs.stamps import NoStamp
from amanat_host.logs.store import StateLost, Store
from amanat_host.logs.stored_entries import stored_entries
from amanat_host.logs.verify import verify
from amanat_host.tsa.stamp_record import StampRecord
from tests.unit.host.journal import entry
from tests.unit.host.stamping import StampServer

NOW = datetime.now(UTC)
DAYS = [1, 2, 3]  # ago


@pytest.fixture
def server(tmp_path):
    return StampServer(tmp_path / "tsa")


@pytest.fixture
def place(tmp_path, server):
    """A machine with a day's entries for each of the last three days and for today, nothing of it sealed."""
    made = Place("alpha", tmp_path / "alpha", tmp_path / "sealed", server.authority)
    made.plain.mkdir()
    store_days(made, [*reversed(DAYS), 0])
    return made


def store_days(place, ago, first=1):
    """Store ten entries of each of these days."""
    with closing(Store(place.plain, place.sealed)) as store:
        for at, back in enumerate(ago):
            when = NOW - timedelta(days=back)
            us = int(when.timestamp() * 1e6)
            for number in range(first + at * 10, first + at * 10 + 10):
                store.add(entry(number, realtime_us=us), now=when)
            store.commit()


def drop_sealed(place):
    """Have the collector let go of what is sealed."""
    with closing(Store(place.plain, place.sealed)) as store:
        store.drop_sealed()


def faults(place):
    return verify(place.plain, place.sealed, place.authority).faults


def day(ago):
    return (NOW - timedelta(days=ago)).strftime("%Y-%m-%d")


@pytest.fixture
def sealed(place, server):
    """All days that have ended are sealed, and only that."""
    assert seal_ended_days(place, server) == [day(3), day(2), day(1)]
    drop_sealed(place)
    return place


def test_days_that_ended_are_sealed_and_nothing_is_lost(sealed, server):
    assert [path.name for path in days(sealed.plain)] == [f"{day(0)}.export"]
    assert sealed_file.sealed_days(sealed.sealed) == [day(3), day(2), day(1)]
    found = verify(sealed.plain, sealed.sealed, sealed.authority)
    assert (found.entries, found.faults) == (40, [])
    assert seal_ended_days(sealed, server) == []
    assert [(one.day, one.position, one.entries) for one in Chain.read(sealed.sealed).seals()] == [
        (day(3), 1, 10),
        (day(2), 2, 10),
        (day(1), 3, 10),
    ]


def test_the_server_has_a_record_of_every_seal(sealed, server):
    chain = Chain.read(sealed.sealed)
    stamped = [line["imprint"] for line in StampRecord.read(server.directory / "stamps.jsonl").lines]
    assert stamped == [chain.record_digest(position) for position in (1, 2, 3)]


def test_a_day_is_not_dropped_before_it_is_stamped(place, server):
    server.is_away = True
    with pytest.raises(NoStamp):
        seal_ended_days(place, server)
    drop_sealed(place)
    assert len(days(place.plain)) == 4
    assert faults(place) == []
    server.is_away = False
    assert seal_ended_days(place, server) == [day(2), day(1)]
    drop_sealed(place)
    assert len(days(place.plain)) == 1
    assert faults(place) == []


def test_an_altered_day_is_not_sealed(place, server):
    with plain_path(place.plain, day(3)).open("ab") as file:
        file.write(b"x")
    with pytest.raises(NotWhatWasStored):
        seal_ended_days(place, server)
    assert Chain.read(place.sealed).records == []


def change(path, at=40):
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_changed_byte_is_placed(sealed):
    path = sealed_file.sealed_path(sealed.sealed, day(2))
    change(path, 40)
    end = path.stat().st_size - 1
    assert faults(sealed) == [f"bytes 0 to {end} of {path.name} are not those that were sealed"]


def test_a_changed_byte_is_placed_by_block(place, server, monkeypatch):
    monkeypatch.setattr(sealed_file, "BLOCK_BYTES", 64)
    seal_ended_days(place, server)
    path = sealed_file.sealed_path(place.sealed, day(2))
    change(path, 130)
    assert faults(place) == [f"bytes 128 to 191 of {path.name} are not those that were sealed"]


def without_a_line(place, ago):
    """Pack a day anew without one of its entries."""
    path = sealed_file.sealed_path(place.sealed, day(ago))
    kept = [one.raw for one in sealed_file.read_entries(path)]
    plain = place.sealed / "plain"
    plain.write_bytes(b"".join(kept[:4] + kept[5:]))
    content = sealed_file.compress(plain, path)
    plain.unlink()
    return path, content


def test_a_dropped_line_is_named(sealed):
    path, _ = without_a_line(sealed, 2)
    (fault,) = faults(sealed)
    assert path.name in fault
    assert "are not those that were sealed" in fault


def rewrite(place, position, **changed):
    """Write a record with other values."""
    path = chains.record_path(place.sealed, position)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}, sort_keys=True))


def test_a_dropped_line_with_a_seal_to_match_is_named(sealed):
    path, content = without_a_line(sealed, 2)
    described = chains.dataclasses.asdict(sealed_file.describe(path))
    ranges = [vars(one) for one in content.ranges]
    rewrite(sealed, 2, file=described, entries=9, ranges=ranges, content_sha256=content.end())
    told = faults(sealed)
    assert f"the stamp of record 2 ({day(2)}) is of something else, or the record was changed since" in told
    assert f"record 3 ({day(1)}) does not follow the one before it" in told
    assert any("numbers 15 to 15" in one for one in told)


def test_a_dropped_day_is_named(sealed):
    sealed_file.sealed_path(sealed.sealed, day(2)).unlink()
    assert faults(sealed) == [f"{day(2)} is gone: no sealed file, and no purge of it"]


def test_a_day_that_was_dropped_with_its_seal_is_named(sealed):
    sealed_file.sealed_path(sealed.sealed, day(2)).unlink()
    chains.record_path(sealed.sealed, 2).unlink()
    chains.stamp_path(sealed.sealed, 2).unlink()
    told = faults(sealed)
    assert f"record 2 of the sealed days is gone, between {day(3)} and {day(1)}" in told
    assert any("numbers 11 to 20" in one for one in told)


def test_the_newest_day_that_was_dropped_with_its_seal_is_missed(sealed):
    sealed_file.sealed_path(sealed.sealed, day(1)).unlink()
    chains.record_path(sealed.sealed, 3).unlink()
    chains.stamp_path(sealed.sealed, 3).unlink()
    assert any("numbers 21 to 30" in one for one in faults(sealed))


def test_swapped_stamps_are_named(sealed):
    one, other = (chains.stamp_path(sealed.sealed, position) for position in (1, 2))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert faults(sealed) == [
        f"the stamp of record 1 ({day(3)}) is that of record 2",
        f"the stamp of record 2 ({day(2)}) is that of record 1",
    ]


def test_a_stamp_of_another_authority_is_named(sealed, tmp_path):
    other = StampServer(tmp_path / "other")
    digest = Chain.read(sealed.sealed).record_digest(1)
    chains.stamp_path(sealed.sealed, 1).write_bytes(other.stamp(digest))
    (fault,) = faults(sealed)
    assert fault.startswith(f"the stamp of record 1 ({day(3)}) is none: openssl ts -verify")


@pytest.mark.parametrize("data", [b"", b"no stamp", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_stamp_is_named(sealed, data):
    chains.stamp_path(sealed.sealed, 2).write_bytes(data)
    (fault,) = faults(sealed)
    assert fault.startswith(f"the stamp of record 2 ({day(2)}) is none")


def test_a_missing_stamp_is_named(sealed):
    chains.stamp_path(sealed.sealed, 2).unlink()
    assert faults(sealed) == [f"record 2 ({day(2)}) has no stamp"]


def test_a_file_that_nobody_sealed_is_named(sealed):
    shutil.copy(
        sealed_file.sealed_path(sealed.sealed, day(2)), sealed_file.sealed_path(sealed.sealed, day(9))
    )
    assert faults(sealed) == [f"{day(9)} lies among the sealed days, and nobody sealed it"]


def test_the_seals_of_another_machine_are_named(sealed, tmp_path):
    other = tmp_path / "beta"
    shutil.copytree(sealed.plain, other)
    told = verify(other, sealed.sealed, sealed.authority).faults
    assert f"record 1 is that of place 1 of alpha ({day(3)})" in told


def test_nothing_is_sealed_on_a_broken_chain(sealed, server):
    chains.record_path(sealed.sealed, 2).unlink()
    with pytest.raises(BrokenChain, match="record 2 is gone"):
        seal_ended_days(sealed, server)


def test_a_lost_state_is_not_begun_anew_beside_sealed_days(sealed):
    for path in sealed.plain.iterdir():
        path.unlink()
    with pytest.raises(StateLost):
        Store(sealed.plain, sealed.sealed)


def test_cursors_are_found_in_sealed_days(sealed):
    with closing(Store(sealed.plain, sealed.sealed)) as store:
        point = store.state.recent[0]
        cursors = store.cursors_after(point)
    numbers = sorted(int(cursor.split("i=")[1].split(";")[0], 16) for cursor in cursors)
    assert numbers == list(range(point.number + 1, 41))


def test_a_sealed_day_whose_own_file_is_left_behind_a_kill_is_read_once(sealed):
    file = sorted(sealed.sealed.glob("*.export.gz"))[0]
    left = sealed.plain / file.name.removesuffix(".gz")
    left.write_bytes(gzip.decompress(file.read_bytes()))
    found = stored_entries(sealed.plain, sealed.sealed, states.read(sealed.plain / STATE), None)
    assert sorted(one.number for one in found) == list(range(1, 41))


@pytest.fixture
def old(place, server):
    """A machine whose days of 185, 186, 187, 190, 191 and 1 days ago are sealed."""
    for path in place.plain.iterdir():
        path.unlink()
    store_days(place, [191, 190, 187, 186, 185, 1, 0])
    seal_ended_days(place, server)
    drop_sealed(place)
    return place


def kept(place):
    return [
        (NOW.date() - datetime.fromisoformat(one).date()).days
        for one in sealed_file.sealed_days(place.sealed)
    ]


def test_day_185_stays_and_day_191_goes(old, server):
    assert purge_old_days(old, server, 190, NOW) == [day(191)]
    assert kept(old) == [190, 187, 186, 185, 1]
    assert faults(old) == []
    (record,) = Chain.read(old.sealed).purges()
    assert (record.day, record.entries, record.seal_position) == (day(191), 10, 1)
    assert purge_old_days(old, server, 190, NOW) == []


def test_no_choice_purges_what_the_law_keeps(old, server):
    purge_old_days(old, server, 1, NOW)
    assert kept(old) == [186, 185, 1]
    assert faults(old) == []


def test_a_clock_that_jumped_purges_nothing(old, server):
    assert purge_old_days(old, server, 190, NOW + timedelta(days=900)) == [day(191)]
    assert kept(old) == [190, 187, 186, 185, 1]


def test_nothing_is_purged_while_nobody_stamps(old, server):
    server.is_away = True
    with pytest.raises(NoStamp):
        purge_old_days(old, server, 190, NOW)
    assert kept(old) == [191, 190, 187, 186, 185, 1]


def test_a_purge_before_its_time_is_named(old, server):
    purge(old, server, [day(LEAST_DAYS)])
    assert faults(old) == [f"{day(LEAST_DAYS)} was purged after {LEAST_DAYS} days, before its time"]


def test_a_purge_without_a_stamp_takes_no_day_away(old, server):
    purge_old_days(old, server, 190, NOW)
    chain = Chain.read(old.sealed)
    chains.stamp_path(old.sealed, len(chain.records)).unlink()
    assert faults(old) == [f"{day(191)} is gone, and the record of the purge of {day(191)} has no stamp"]


def test_a_purge_of_another_day_is_named(old, server):
    purge_old_days(old, server, 190, NOW)
    position = len(Chain.read(old.sealed).records)
    sealed_file.sealed_path(old.sealed, day(190)).unlink()
    rewrite(old, position, day=day(190))
    assert f"the record of the purge of {day(190)} tells of something else than the day's seal" in faults(old)


def test_a_purge_that_was_cut_off_is_missed(old, server):
    purge_old_days(old, server, 190, NOW)
    position = len(Chain.read(old.sealed).records)
    chains.record_path(old.sealed, position).unlink()
    chains.stamp_path(old.sealed, position).unlink()
    assert faults(old) == [f"{day(191)} is gone: no sealed file, and no purge of it"]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from amanat_host.logs import chain, purging, sealing
from tests.unit.host.stamping import StampServer

def killing(real, countdown):
    def call(*words, **options):
        countdown[0] -= 1
        if countdown[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **options)
    return call

directory, step = Path(sys.argv[1]), int(sys.argv[2])
server = object.__new__(StampServer)
server.directory, server.is_away = directory / "tsa", False
countdown = [step]
for module, name in ((os, "fsync"), (os, "write"), (Path, "rename"), (Path, "unlink"), (Path, "write_text")):
    setattr(module, name, killing(getattr(module, name), countdown))
place = sealing.Place("alpha", directory / "alpha", directory / "sealed", directory / "tsa" / "ca.crt")
sealing.seal_ended_days(place, server)
purging.purge_old_days(place, server, 190, datetime.now(UTC))
"""


def test_a_sealer_that_is_killed_at_every_step_loses_nothing_and_seals_nothing_twice(place, server, tmp_path):
    for path in place.plain.iterdir():
        path.unlink()
    store_days(place, [192, 191, 1, 0])
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "host")])}
    ends = []
    for step in [*range(1, 25), 1000]:
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(step)]
        done = subprocess.run(command, env=environment, cwd=root, check=False, timeout=60)
        ends.append(done.returncode)
        assert done.returncode in (0, -signal.SIGKILL)
        drop_sealed(place)
        assert faults(place) == []
    records = Chain.read(place.sealed).records
    assert [(type(one).__name__, one.day) for one in records] == [
        ("Seal", day(192)),
        ("Seal", day(191)),
        ("Seal", day(1)),
        ("Purge", day(192)),
        ("Purge", day(191)),
    ]
    assert (ends.count(-signal.SIGKILL) > 12, ends[-1]) == (True, 0)
    stamps = StampRecord.read(server.directory / "stamps.jsonl")
    assert stamps.misfits == ()
    assert {line["imprint"] for line in stamps.lines} == {
        Chain.read(place.sealed).record_digest(one.position) for one in records
    }


def test_the_least_is_the_laws():
    assert register().bound("A6-7-2-ip", "log_retention_days").min == LEAST_DAYS
