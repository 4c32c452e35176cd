"""Other programs as the hosts' programs run them: the output, or one error."""

from __future__ import annotations

import subprocess

from amanat_host import processes
from amanat_host.errors import HostError


def run(*command: str, given: bytes | None = None, accept: tuple[int, ...] = (0,)) -> str:
    """The output of a program as text.

    Raises:
        HostError: it is missing, or its exit status is not one of ``accept``.
    """
    return run_raw(*command, given=given, accept=accept).decode(errors="replace")


def run_raw(
    *command: str, given: bytes | None = None, accept: tuple[int, ...] = (0,), seconds: float | None = None
) -> bytes:
    """The output of a program as bytes; one that takes longer than ``seconds`` is killed.

    Raises:
        HostError: it is missing, too slow, or its exit status is not one of ``accept``.
    """
    try:
        # The callers pass fixed programs and paths of root's own configuration; there is no shell.
        done = processes.run(command, input=given, capture_output=True, timeout=seconds)
    except FileNotFoundError as error:
        raise HostError(f"the program {command[0]} is missing", fix="run the playbook again") from error
    except subprocess.TimeoutExpired as error:
        raise HostError(f"{command[0]} gave no answer in {seconds:g} seconds") from error
    if done.returncode not in accept:
        # Standard output may hold what must not be told.
        said = (done.stderr or (b"" if given else done.stdout)).decode(errors="replace").strip()
        raise HostError(f"{command[0]} failed with status {done.returncode}", command[-1], said)
    return bytes(done.stdout)
