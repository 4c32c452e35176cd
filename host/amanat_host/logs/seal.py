"""Seal the days of every machine's journal that have ended, and purge sealed days after their retention.

Where a server of time stamps outside the stack was chosen, the newest record of each machine is stamped by it as well.

Exit status: 0 all is sealed, 1 something stands in the way of a machine's, 75 a server of time stamps doesn't answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from amanat_host.entry import program
from amanat_host.errors import Exit, HostError
from amanat_host.logs.outside_stamps import AUTHORITY, OutsideServer, stamp_newest
from amanat_host.logs.purging import purge_old_days
from amanat_host.logs.sealing import Place, seal_ended_days
from amanat_host.logs.source import context
from amanat_host.logs.stamps import NoStamp, StampServer


@dataclass(frozen=True)
class Settings:
    """The file of settings: where days come from and go, who stamps, how long they stay.

    `outside_url` is the address of a server of time stamps outside the stack, "" for none.
    """

    directory: Path
    sealed: Path
    authority: Path
    certificate: Path
    key: Path
    stamp_host: str
    stamp_port: int
    retention_days: int
    outside_url: str

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read the file. Raises OSError or HostError."""
        try:
            document = json.loads(path.read_text("utf-8"))
            paths = ("directory", "sealed", "authority", "certificate", "key")
            return cls(
                **{name: Path(document[name]) for name in paths},
                stamp_host=str(document["stamp_host"]),
                stamp_port=int(document["stamp_port"]),
                retention_days=int(document["retention_days"]),
                outside_url=str(document.get("outside_url", "")),  # settings of before know of none
            )
        except (ValueError, KeyError, TypeError) as error:
            raise HostError(f"the settings can't be read: {error}", str(path)) from error


@program
def main() -> int:
    """Seal and purge, machine by machine; one that fails holds up no other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    settings = Settings.read(parser.parse_args().settings)
    tls = context(settings.authority, settings.certificate, settings.key)
    server = StampServer(settings.stamp_host, settings.stamp_port, tls)
    statuses = [
        _one(Place(path.name, path, settings.sealed / path.name, settings.authority), server, settings)
        for path in sorted(settings.directory.iterdir())
        if path.is_dir()
    ]
    return Exit.FAILED if Exit.FAILED in statuses else max(statuses, default=Exit.DONE)


def _one(place: Place, server: StampServer, settings: Settings) -> int:
    try:
        for day in seal_ended_days(place, server):
            sys.stdout.write(f"{place.machine}: sealed {day}\n")
        for day in purge_old_days(place, server, settings.retention_days, datetime.now(UTC)):
            sys.stdout.write(f"{place.machine}: purged {day}\n")
        if settings.outside_url:
            stamp_newest(place.sealed, OutsideServer(settings.outside_url), AUTHORITY)
    except (HostError, OSError) as error:
        sys.stderr.write(f"{place.machine}: {error}\n")
        return Exit.NO_ANSWER if isinstance(error, NoStamp) else Exit.FAILED
    return Exit.DONE
