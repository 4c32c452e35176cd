"""Plain rsyslog for the bench of the log server: one that reads the journal and sends by TCP, one that writes a file.

Debian's packages are unpacked in a scratch directory and go with it: nothing is installed.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amanat_host import commands, processes
from amanat_host.logs.bench_lines import Taken, core_seconds, memory_bytes, wait_for, write_lines

PACKAGES = ("rsyslog", "libestr0", "libfastjson4", "liblognorm5")
PORT = 5995
START_SECONDS = 30
RECEIVER = """
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{directory}/received")
"""
SENDER = """
module(load="imjournal" StateFile="{directory}/state" IgnorePreviousMessages="on" Ratelimit.Interval="0")
if $programname == "{name}" then action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp")
"""


def unpack(directory: Path) -> None:
    """Fetch Debian's packages of rsyslog, as signed, and unpack them. Raises HostError."""
    with contextlib.chdir(directory):
        commands.run("/usr/bin/apt-get", "-qq", "download", *PACKAGES)
    for package in directory.glob("*.deb"):
        commands.run("/usr/bin/dpkg-deb", "--extract", str(package), str(directory))


def plain(count: int, directory: Path) -> Taken:
    """Lines until the receiving rsyslog has written them."""
    name = f"bench-{secrets.token_hex(4)}"
    received = directory / "received"
    with (
        _rsyslog("receiver", RECEIVER.format(directory=directory, port=PORT), directory) as receiver,
        _rsyslog("sender", SENDER.format(directory=directory, port=PORT, name=name), directory) as sender,
    ):
        wait_for("rsyslog's start", _listens, START_SECONDS)
        _wait_until_it_passes_on(name, received)
        before = _lines(received)
        start = time.monotonic()
        write_lines(name, count)
        wait_for("rsyslog's lines", lambda: _lines(received) >= before + count)
        seconds = time.monotonic() - start
        both = (receiver.pid, sender.pid)
        return Taken(seconds, sum(map(core_seconds, both)), sum(map(memory_bytes, both)))


@contextlib.contextmanager
def _rsyslog(name: str, configuration: str, directory: Path) -> Iterator[subprocess.Popen[Any]]:
    path = directory / f"{name}.conf"
    path.write_text(configuration, "utf-8")
    libraries = next(directory.glob("usr/lib/*-linux-gnu"))
    own = ("-f", path, "-i", directory / f"{name}.pid", "-M", libraries / "rsyslog")
    command = [str(directory / "usr/sbin/rsyslogd"), "-n", *map(str, own)]
    with processes.running(command, env={"LD_LIBRARY_PATH": str(libraries)}) as process:
        yield process


def _listens() -> bool:
    try:
        socket.create_connection(("127.0.0.1", PORT), 1).close()
    except OSError:
        return False
    return True


def _wait_until_it_passes_on(name: str, received: Path) -> None:
    def passed_on() -> bool:
        write_lines(name, 1)
        return _lines(received) > 0

    wait_for("rsyslog's first line", passed_on, START_SECONDS)
    settled = -1
    while settled != (settled := _lines(received)):
        time.sleep(1)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
