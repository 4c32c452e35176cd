"""A throwaway PostgreSQL cluster beside the real one, on a socket of its own; it ends with the program."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import sys
from pathlib import Path
from types import TracebackType

from amanat_host import processes
from amanat_host.errors import HostError
from amanat_host.postgresql import BIN
from amanat_host.scratch import scratch

REAL = {"PGHOST": "/run/postgresql", "PGDATABASE": "archive", "PGUSER": "postgres"}
ROLES = (
    "archive_owner",
    "archive_writer",
    "archive_discloser",
    "archive_auditor",
    "archive_sealer",
    "archive_purger",
    "archive_anchor",
    "archive_audited",
)
ROOM_BYTES = 512 << 20
# An error is its SQLSTATE: its text, and the context of a COPY above all, would repeat what is in a record.
PSQL = (
    "psql",
    "--no-psqlrc",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    "--set=VERBOSITY=sqlstate",
    "--set=SHOW_CONTEXT=never",
)
_ERROR = re.compile(r"\b(ERROR|FATAL|PANIC|error|fatal)\b")


def become_postgres() -> None:
    """Start this program again as the account postgres when root runs it; refuse anybody else."""
    name = pwd.getpwuid(os.geteuid()).pw_name
    if name == "root":
        os.execvp("runuser", ["runuser", "-u", "postgres", "--", *sys.argv])
    if name != "postgres":
        raise HostError(f"run it as root or postgres, not as {name}")


def run(command: list[str], text: str | bytes = b"", **environment: str) -> bytes:
    """Standard output of `command`; raises HostError with what it complains of, never with a record."""
    given = text.encode() if isinstance(text, str) else text
    done = processes.run(command, input=given, capture_output=True, env={**os.environ, **environment})
    if done.returncode != 0:
        raise HostError(f"{Path(command[0]).name} failed: {complaint(done.stderr) or done.returncode}")
    return bytes(done.stdout)


def complaint(said: bytes) -> str:
    """The line that names the error. psql's others quote the row that it failed on, and an auditor reads this."""
    lines = said.decode(errors="replace").strip().splitlines()
    named = [line for line in lines if _ERROR.search(line)]
    return named[0] if named else ""


def query(sql: str, where: dict[str, str]) -> str:
    """What psql answers, unaligned, without headings."""
    return run([*PSQL, "--no-align", "--tuples-only", "--file=-"], sql, **where).decode().strip()


class Scratch:
    """The cluster; a context manager that removes all of it. `where` is its libpq environment."""

    def __init__(self, settings: dict[str, str], room_bytes: int = ROOM_BYTES) -> None:
        self._place = contextlib.ExitStack()
        self.root = self._place.enter_context(
            scratch("cluster", _beside_the_real_one(room_bytes), prefix=".scratch-")
        )
        self.settings = {"listen_addresses": "", "unix_socket_directories": str(self.root), **settings}
        self.where = {"PGHOST": str(self.root), "PGDATABASE": "archive", "PGUSER": "postgres"}
        if "port" in settings:
            self.where["PGPORT"] = settings["port"]

    def __enter__(self) -> Scratch:
        try:
            self._start()
        except BaseException:
            self._place.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._place.close()

    def _start(self) -> None:
        data = str(self.root / "data")
        common = [
            "--data-checksums",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]
        run([str(BIN / "initdb"), *common, "--no-sync", f"--pgdata={data}"])
        with (self.root / "data" / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in self.settings.items())
        run([str(BIN / "pg_ctl"), "--wait", "--pgdata", data, "--log", str(self.root / "log"), "start"])
        roles = "".join(f"CREATE ROLE {role} LOGIN;" for role in ROLES)
        query(
            f"{roles} CREATE DATABASE archive OWNER archive_owner;", {**self.where, "PGDATABASE": "postgres"}
        )


def _beside_the_real_one(room_bytes: int) -> Path:
    """The nearest directory above the real data that we may write: the same, encrypted, file system."""
    data = Path(query("SHOW data_directory", REAL))
    for parent in data.parents:
        if os.access(parent, os.W_OK):
            free = shutil.disk_usage(parent).free
            if free < room_bytes:
                raise HostError(
                    f"{free >> 20} MiB are free in {parent}, a scratch cluster takes {room_bytes >> 20}"
                )
            return parent
    raise HostError(f"no directory above {data} can be written")
