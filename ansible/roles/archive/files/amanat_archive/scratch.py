"""A throwaway PostgreSQL cluster beside the real one, on a socket of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

BIN = Path("/usr/lib/postgresql/17/bin")
REAL = {"PGHOST": "/run/postgresql", "PGDATABASE": "archive", "PGUSER": "postgres"}
ROLES = (
    "archive_owner",
    "archive_writer",
    "archive_discloser",
    "archive_auditor",
    "archive_sealer",
    "archive_anchor",
    "archive_audited",
)
ROOM_BYTES = 512 << 20


class Problem(Exception):
    """What stopped a run, in one sentence."""


def become_postgres(program: list[str]) -> None:
    """Start `program` again as the account postgres when root runs it; refuse anybody else."""
    name = pwd.getpwuid(os.geteuid()).pw_name
    if name == "root":
        os.execvp("runuser", ["runuser", "-u", "postgres", "--", *program])
    if name != "postgres":
        raise Problem(f"run it as root or postgres, not as {name}")


def run(command: list[str], text: str | bytes = b"", **environment: str) -> bytes:
    """Standard output of `command`; raises Problem with the end of its complaint."""
    given = text.encode() if isinstance(text, str) else text
    done = subprocess.run(
        command, input=given, capture_output=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode != 0:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        raise Problem(f"{Path(command[0]).name} failed: {complaint[-1] if complaint else done.returncode}")
    return done.stdout


def query(sql: str, where: dict[str, str]) -> str:
    """What psql answers, unaligned, without headings."""
    command = [
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--no-align",
        "--tuples-only",
        "--set=ON_ERROR_STOP=1",
        "--file=-",
    ]
    return run(command, sql, **where).decode().strip()


class Scratch:
    """The cluster; a context manager that removes all of it. `where` is its libpq environment."""

    def __init__(self, settings: dict[str, str], room_bytes: int = ROOM_BYTES) -> None:
        self.root = Path(tempfile.mkdtemp(prefix=".scratch-", dir=_beside_the_real_one(room_bytes)))
        self.settings = {"listen_addresses": "", "unix_socket_directories": str(self.root), **settings}
        self.where = {"PGHOST": str(self.root), "PGDATABASE": "archive", "PGUSER": "postgres"}
        if "port" in settings:
            self.where["PGPORT"] = settings["port"]

    def __enter__(self) -> Scratch:
        try:
            self._start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

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

    def _remove(self) -> None:
        stop = [
            str(BIN / "pg_ctl"),
            "--pgdata",
            str(self.root / "data"),
            "--mode=immediate",
            "--wait",
            "stop",
        ]
        subprocess.run(stop, capture_output=True, check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def _beside_the_real_one(room_bytes: int) -> Path:
    """The nearest directory above the real data that we may write: the same, encrypted, file system."""
    data = Path(query("SHOW data_directory", REAL))
    for parent in data.parents:
        if os.access(parent, os.W_OK):
            free = shutil.disk_usage(parent).free
            if free < room_bytes:
                raise Problem(
                    f"{free >> 20} MiB are free in {parent}, a scratch cluster takes {room_bytes >> 20}"
                )
            return parent
    raise Problem(f"no directory above {data} can be written")
