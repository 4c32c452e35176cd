"""Root's console of a machine: commands that the engine runs in its container."""

import time

from docker.errors import NotFound
from docker.models.containers import Container

from amanat.errors import AmanatError
from amanat.targets.contract import NoConsole
from amanat.targets.docker import client

NO_STATUS = -1  # the engine knows of no end: a booting systemd ended the command
BOOT_SECONDS = 180  # three of them at once on a busy machine
BOOT_STATE = (
    "systemctl is-system-running; systemctl --failed --plain --no-legend; systemctl list-jobs --no-legend"
)


class MachineNotBooted(AmanatError):
    """A machine's container runs, but systemd or sshd in it does not come up."""


def host_key(uri: str, container: str) -> str:
    """The Ed25519 host key of a booted machine, read through the engine, so that the first SSH connection is pinned.

    Raises `MachineNotBooted` when sshd has none after `BOOT_SECONDS`.
    """
    script = "systemctl is-active --quiet ssh && cat /etc/ssh/ssh_host_ed25519_key.pub"
    with client.connection(uri) as engine:
        machine = engine.containers.get(container)
        # A booting systemd ends strangers in its cgroup, so each try is a fresh one.
        deadline = time.monotonic() + BOOT_SECONDS
        code, output = _exec(machine, script)
        while code != 0 and time.monotonic() < deadline:
            time.sleep(0.5)
            code, output = _exec(machine, script)
        state = "" if code == 0 else " ".join(_exec(machine, BOOT_STATE)[1].split())[:300]
    words = output.split()
    if code != 0 or len(words) < 2 or words[0] != "ssh-ed25519":
        raise MachineNotBooted(
            what=f"sshd did not start within {BOOT_SECONDS} s; systemd says: {state}",
            where=f"container {container}",
            fix=f"See `docker logs {container}` and `docker exec {container} journalctl -b`.",
        )
    return " ".join(words[:2])


def run_as_root(uri: str, container: str, script: str) -> tuple[int, str]:
    """Run a shell script as root in a machine through the engine; its exit status and output. Raises `NoConsole`."""
    with client.connection(uri) as engine:
        try:
            machine = engine.containers.get(container)
        except NotFound as error:
            fix = "Run `make up`, which makes it."
            raise NoConsole("this machine isn't there", f"container {container}", fix) from error
        return _exec(machine, script)


def _exec(machine: Container, script: str) -> tuple[int, str]:
    code, output = machine.exec_run(["sh", "-c", script])
    text = output if isinstance(output, bytes) else b"".join(output)
    return NO_STATUS if code is None else int(code), text.decode(errors="replace")
