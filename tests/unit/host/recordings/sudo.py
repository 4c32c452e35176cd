"""sudo's recordings as sudo writes them, and a journal that takes their parts, for the tests of what sends them."""

import random
import struct
import zlib

from amanat_host.logs import recorded_sessions
from amanat_host.logs.recording import UNIT
from amanat_host.logs.stored_recordings import sessions
from tests.unit.host.journal import entry

BEGAN = 1_800_000_000


class Session:
    """A session that sudo records, which prints as it goes."""

    def __init__(self, records, number="000001", *, account="deploy", began=BEGAN, command="/bin/id"):
        self.name = f"{account}/{number}"
        self.path = records / account / number[:2] / number[2:4] / number[4:]
        self.path.mkdir(parents=True, exist_ok=True)
        (records / account / "seq").write_text(number + "\n")
        (self.path / "log").write_text(f"{began}:{account}:root::/dev/pts/1:24:80\n/\n{command}\n")
        (self.path / "log.json").write_text("{}")
        (self.path / "timing").write_bytes(b"")
        (self.path / "timing").chmod(0o600)
        self._packer = zlib.compressobj(wbits=31)
        self.prints(b"")

    def prints(self, data):
        """What the command prints is on the disk at once, as with `iolog_flush`."""
        self._append("ttyout", self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._append("timing", f"4 0.01 {len(data)}\n".encode())

    def appends(self, data):
        """Bytes as they are, packed or not."""
        self._append("ttyout", data)

    def ends(self):
        """sudo closes its files and clears the write bits of `timing`."""
        self._append("ttyout", self._packer.flush())
        (self.path / "timing").chmod(0o400)
        return self

    def files(self):
        return {file.name: file.read_bytes() for file in self.path.iterdir()}

    def _append(self, file, data):
        with (self.path / file).open("ab") as opened:
            opened.write(data)


def fields_of(datagram):
    """The fields of an entry as journald's socket takes it, read as journald does."""
    found, at = {}, 0
    while at < len(datagram):
        end = datagram.index(b"\n", at)
        (length,) = struct.unpack_from("<Q", datagram, end + 1)
        found[datagram[at:end].decode()] = datagram[end + 9 : end + 9 + length]
        assert datagram[end + 9 + length : end + 10 + length] == b"\n"
        at = end + 10 + length
    return found


class Journal:
    """A journal; `fails_after` entries it takes no more, `loses` those that it took and has not stored yet."""

    def __init__(self):
        self.taken = []  # (fields, whether it has them)
        self.fails_after = None
        self.loses = False

    def send(self, data):
        if self.fails_after == 0:
            raise ConnectionRefusedError("no journald")
        if self.fails_after is not None:
            self.fails_after -= 1
        told = fields_of(data)
        if not self.loses:
            self.taken.append(told)

    def close(self):
        """As the machine's own journal has it."""

    def parts_since(self, _at):
        return {key_of(told) for told in self.taken}

    def entries(self, unit=UNIT):
        """What it has, as it comes to the log server."""
        own = ((b"_SYSTEMD_UNIT", unit.encode()),)
        return [
            entry(number, fields=(*((name.encode(), value) for name, value in told.items()), *own))
            for number, told in enumerate(self.taken, 1)
        ]


def key_of(told):
    return told["AMANAT_RECORDING"].decode(), int(told["AMANAT_BEGAN"]), int(told["AMANAT_PART"])


def noise(seed, count):
    """Bytes that don't pack, the same ones each time."""
    return random.Random(seed).randbytes(count)  # noqa: S311 - nothing secret


def stored(journal, **of):
    """What the log server makes of what the journal has: name -> session."""
    return {one.name: one for one in sessions(journal.entries(**of)).sessions}


def recorded(records):
    """What the machine says of its recordings."""
    return {one.name: one for one in recorded_sessions.read(records).sessions}


def same(journal, records, name="deploy/000001"):
    """Whether a recording is stored as it is on the machine."""
    there = stored(journal)[name]
    return there.is_whole and there.left_out_bytes == 0 and there.sha256 == recorded(records)[name].sha256
