"""Pull the journals of all machines, and store them.

A thread for each machine, so that one that is away or floods holds up no other. A fault ends what a thread has open;
it begins anew with what is committed. Runs until SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.jobs import repeat_until_stopped
from amanat_host.logs.pull import Pull
from amanat_host.logs.source import Address, TlsSource, context
from amanat_host.logs.store import Store

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 1.0
SAY_AGAIN_SECONDS = 300.0


@dataclass(frozen=True)
class Settings:
    """The file of settings: whose journals, by which keys, and where they go."""

    machines: list[str]
    port: int
    directory: Path
    sealed: Path
    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read the file. Raises OSError or HostError."""
        try:
            document = json.loads(path.read_text("utf-8"))
            paths = {
                name: Path(document[name])
                for name in ("directory", "sealed", "authority", "certificate", "key")
            }
            return cls(list(document["machines"]), int(document["port"]), **paths)
        except (ValueError, KeyError, TypeError) as error:
            raise HostError(f"the settings can't be read: {error}", str(path)) from error


class Collector(threading.Thread):
    """One machine's journal, again and again until it is stopped."""

    def __init__(self, machine: str, settings: Settings, tls: ssl.SSLContext) -> None:
        super().__init__(name=machine, daemon=True)
        self._machine = machine
        self._directory = settings.directory / machine
        self._sealed = settings.sealed / machine
        self._source = TlsSource(Address(machine, settings.port), tls)
        self._ending = threading.Event()
        self._said = ("", 0.0)

    def stop(self) -> None:
        """Have it end after what it is at."""
        self._ending.set()

    def run(self) -> None:
        """Pull, and begin anew after a fault."""
        while not self._ending.is_set():
            try:
                self._directory.mkdir(mode=0o750, exist_ok=True)
                with closing(Store(self._directory, self._sealed)) as store:
                    Pull(self._source, store).run(self._ending.is_set)
            except (HostError, OSError) as error:
                self._say(str(error))
                self._ending.wait(AGAIN_SECONDS)

    def _say(self, message: str) -> None:
        """Tell a fault once, and again when it has lasted."""
        text, at = self._said
        if message != text or time.monotonic() - at >= SAY_AGAIN_SECONDS:
            sys.stderr.write(f"{self._machine}: {message}\n")
            self._said = (message, time.monotonic())


class Stopped(HostError):
    """A thread ended that should go on."""


@program
def main() -> None:
    """Pull until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    settings = Settings.read(parser.parse_args().settings)
    tls = context(settings.authority, settings.certificate, settings.key)
    collectors = [Collector(machine, settings, tls) for machine in settings.machines]
    for collector in collectors:
        collector.start()

    def look() -> None:
        ended = [collector.name for collector in collectors if not collector.is_alive()]
        if ended:
            raise Stopped(f"nothing is pulled any more from {', '.join(ended)}")

    repeat_until_stopped(look, LOOK_SECONDS)
    for collector in collectors:
        collector.stop()
