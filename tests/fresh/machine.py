"""A virtual machine under QEMU, reached over SSH with a pinned host key; its disk starts from one nobody changes."""

import shlex
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from amanat.errors import AmanatError
from amanat.files import write_private
from amanat.setup.progress import stream
from tests.fresh.disk import PROCESSOR, Disk

PROCESSORS, MEMORY_MIB = 2, 6144
BOOT_SECONDS = 600  # emulated, beside other work
STOP_SECONDS = 120
HANDED_IN = "/mnt/handed-in"


class MachineFailed(AmanatError):
    """The machine does not boot, or a command in it failed."""


@dataclass
class Machine:
    """A machine whose files lie in `directory`; `handed_in` is a directory that it sees, read-only."""

    disk: Disk
    directory: Path
    handed_in: Path
    port: int = field(default_factory=lambda: _free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def overlay(self) -> Path:
        """What the machine wrote."""
        return self.directory / "written.qcow2"

    @property
    def console(self) -> Path:
        return self.directory / "console.log"

    def boot(self, tick: Callable[[float], None] = lambda seconds: None) -> None:
        """Start it, from what it wrote before if there is anything, and wait until systemd is done.

        Raises `MachineFailed`.
        """
        if not self.overlay.exists():
            command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(self.disk.image)]
            subprocess.run([*command, str(self.overlay)], check=True, stdin=subprocess.DEVNULL)
        write_private(self.directory / "known_hosts", f"[127.0.0.1]:{self.port} {self.disk.host_key}")
        # It goes when we go, however that is.
        command = ["setpriv", "--pdeathsig=KILL", *self._qemu()]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        began = monotonic()
        # 124: a unit is still starting; sshd itself refuses until it runs.
        booted = "timeout 60 systemctl is-system-running --wait >/dev/null; test $? -ne 124"
        while self._ssh("root", booted).returncode:
            waited = monotonic() - began
            if self.process.poll() is not None or waited > BOOT_SECONDS:
                ended = self.process.poll() is not None
                raise MachineFailed(
                    what=f"the machine {'ended' if ended else 'is not up'} after {waited:.0f} s",
                    where=str(self.console),
                    fix="Read its console there.",
                )
            tick(waited)
            sleep(1)  # sshd answers nobody yet; a refused connection comes back at once
        self.run(
            "root",
            f"mkdir -p {HANDED_IN} && mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose"
            f" handed-in {HANDED_IN}",
        )

    def run(self, user: str, script: str) -> str:
        """Run a shell script in the machine; its output. Raises `MachineFailed`."""
        done = self._ssh(user, script)
        if done.returncode:
            raise MachineFailed(f"{script!r} ended {done.returncode}: {done.stderr[-2000:]}", "the machine")
        return done.stdout

    def watch(
        self, user: str, script: str, log: Path, tick: Callable[[float, str], None], answer: str = ""
    ) -> int:
        """Run a script as at a terminal without one, its output going to `log`; its exit status.

        `answer` is what is typed. `tick` hears the seconds and the last line at least each second.
        """
        last = [""]
        with log.open("w", encoding="utf-8") as file:

            def line(text: str) -> None:
                file.write(f"{text}\n")
                file.flush()
                last[0] = text

            typed = f"printf %s {shlex.quote(answer)} | " if answer else ""
            command = self._ssh_command(user, f"{typed}{{ {script}\n}}")
            status, _ = stream(command, line=line, tick=lambda seconds: tick(seconds, last[0]))
        return status

    @contextmanager
    def forwarded(self, path: str) -> Iterator[Path]:
        """A local socket that leads to the Unix socket `path` in the machine."""
        local = self.directory / "forwarded.sock"
        local.unlink(missing_ok=True)
        options = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", f"{local}:{path}"]
        with subprocess.Popen(
            [*self._ssh_options(), *options, "root@127.0.0.1"], stdin=subprocess.DEVNULL
        ) as tunnel:
            try:
                while not local.exists():
                    if tunnel.poll() is not None:
                        raise MachineFailed(f"no way to {path}: ssh ended {tunnel.returncode}", "the machine")
                    sleep(0.1)
                yield local
            finally:
                tunnel.terminate()
        local.unlink(missing_ok=True)

    def stop(self) -> None:
        """Power it off, by force if it does not go."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self._ssh("root", "systemctl poweroff")
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _ssh(self, user: str, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._ssh_command(user, script),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def _ssh_command(self, user: str, script: str) -> list[str]:
        return [*self._ssh_options(), f"{user}@127.0.0.1", script]

    def _ssh_options(self) -> list[str]:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "ServerAliveInterval": "30",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self.directory / "known_hosts"),
        }
        chosen = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", "-i", str(self.disk.key), "-p", str(self.port), *chosen]

    def _qemu(self) -> list[str]:
        devices = {
            "-drive": f"file={self.overlay},if=virtio,format=qcow2,cache=unsafe",
            "-netdev": f"user,id=lan,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-virtfs": f"local,path={self.handed_in},mount_tag=handed-in,security_model=none,readonly=on",
        }
        return [
            PROCESSOR.emulator,
            *PROCESSOR.options,
            # Emulated: slow, and the same wherever it runs.
            *("-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max"),
            *("-smp", str(PROCESSORS), "-m", str(MEMORY_MIB)),
            *("-kernel", str(self.disk.kernel), "-initrd", str(self.disk.initrd)),
            *("-append", f"root=/dev/vda rw console={PROCESSOR.console} quiet"),
            *("-display", "none", "-monitor", "none", "-serial", f"file:{self.console}", "-no-reboot"),
            *(word for pair in devices.items() for word in pair),
            *("-device", "virtio-net-pci,netdev=lan", "-device", "virtio-rng-pci"),
        ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
