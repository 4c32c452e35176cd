"""The one way the volume's tools fail, and the one way they run other programs."""

from __future__ import annotations

import subprocess

import amanat_processes


class Problem(Exception):
    """What was wrong, where, and what to do; ends the program with exit status 1."""

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        place = f" ({where})" if where else ""
        remedy = f"\n       {fix}" if fix else ""
        super().__init__(f"{what}{place}{remedy}")


def run(*command: str, given: bytes | None = None, accept: tuple[int, ...] = (0,)) -> str:
    """Run a program and return its output as text.

    Raises:
        Problem: it is missing, or its exit status is not one of ``accept``.
    """
    return run_raw(*command, given=given, accept=accept).decode(errors="replace")


def run_raw(
    *command: str, given: bytes | None = None, accept: tuple[int, ...] = (0,), seconds: float | None = None
) -> bytes:
    """Run a program and return its output as it is; one that takes longer than ``seconds`` is killed.

    Raises:
        Problem: it is missing, too slow, or its exit status is not one of ``accept``.
    """
    try:
        # The callers pass fixed programs and paths of root's own configuration; there is no shell.
        done = amanat_processes.run(command, input=given, capture_output=True, timeout=seconds)
    except FileNotFoundError as error:
        raise Problem(f"the program {command[0]} is missing", fix="run the playbook again") from error
    except subprocess.TimeoutExpired as error:
        raise Problem(f"{command[0]} gave no answer in {seconds:g} seconds") from error
    if done.returncode not in accept:
        # Standard output may hold what must not be told.
        said = (done.stderr or (b"" if given else done.stdout)).decode(errors="replace").strip()
        raise Problem(f"{command[0]} failed with status {done.returncode}", command[-1], said)
    return bytes(done.stdout)
