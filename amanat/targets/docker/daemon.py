"""Starting a Docker daemon where no service manager does, past what a killed one left behind."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from amanat import processes, stopping
from amanat.setup.errors import SetupError
from amanat.setup.progress import Reporter, elapsed

SERVICE_MANAGER = Path("/run/systemd/system")
PROC = Path("/proc")
START_SECONDS = 90
POLL_SECONDS = 0.25
LAST_LOG_LINES = 5
_outliving: list[processes.Popen[bytes]] = []  # else Python warns of a running child when it drops the handle


class EngineMissing(SetupError):
    """No Docker Engine answers, and we can't or mustn't start one."""


@dataclass(frozen=True)
class Daemon:
    """One daemon: its own files, and options besides. The defaults are those of the distribution's."""

    pid_file: Path = Path("/var/run/docker.pid")
    exec_root: Path = Path("/var/run/docker")
    log: Path = Path("/var/log/amanat-dockerd.log")
    options: tuple[str, ...] = ()

    @property
    def pid_files(self) -> dict[Path, str]:
        """Each pid file, and the program that wrote it."""
        return {self.pid_file: "dockerd", self.exec_root / "containerd" / "containerd.pid": "containerd"}


def start(daemon: Daemon, ready: Callable[[], bool], report: Reporter) -> None:
    """Start the daemon and return once `ready` says so.

    Raises EngineMissing with its last words if it ends or hangs.
    """
    if SERVICE_MANAGER.is_dir() and daemon == Daemon():
        why, logged = _wait(_by_service_manager(), ready, report), "journalctl -u docker"
    else:
        why, logged = _start_detached(daemon, ready, report), str(daemon.log)
    if why:
        raise EngineMissing(
            what=f"the Docker Engine was started and {why}{_last_words(daemon)}",
            where=logged,
            fix="See its log, repair what it names, and run it again.",
        )


def _start_detached(daemon: Daemon, ready: Callable[[], bool], report: Reporter) -> str:
    """Why it doesn't answer, or ""."""
    why = ""
    for _attempt in (1, 2):  # a containerd still dying with its killed engine spoils the first
        stale = remove_stale(daemon)
        for path in stale:
            report.note(f"{path}: left by an engine that was killed; removed")
        if why and not stale:
            break
        why = _wait(_detached(daemon), ready, report)
        if not why:
            break
    return why


def _wait(process: processes.Popen[bytes], ready: Callable[[], bool], report: Reporter) -> str:
    """Wait until the engine is ready; return why it isn't, or ""."""
    _outliving.append(process)
    stopping.spare(process.pid)
    began = monotonic()
    while not ready():
        waited = monotonic() - began
        report.tick(f"waiting for the Docker Engine, {elapsed(waited)}")
        if status := _status(process):
            return f"ended {status}"
        if waited > START_SECONDS:
            return f"does not answer after {START_SECONDS} s"
    return ""


def remove_stale(daemon: Daemon, proc: Path = PROC) -> list[Path]:
    """Remove pid files whose process is gone, or whose number another program has by now; return them."""
    stale = [
        path
        for path, program in daemon.pid_files.items()
        if path.is_file() and not _runs(path, program, proc)
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def _runs(pid_file: Path, program: str, proc: Path) -> bool:
    pid = pid_file.read_text(encoding="utf-8", errors="replace").strip()
    try:
        stat = (proc / pid / "stat").read_text(encoding="utf-8") if pid.isdigit() else ""
    except OSError:
        return False
    # A dead process that nobody reaped is still listed, and the engine would take it for a running one.
    return re.match(rf"\d+ \({program}\) [^ZX]", stat) is not None


def _by_service_manager() -> processes.Popen[bytes]:
    return processes.start_detached(["systemctl", "start", "docker"])


def _detached(daemon: Daemon) -> processes.Popen[bytes]:
    """A daemon that outlives us: its own session, no terminal, output to its log."""
    daemon.log.parent.mkdir(parents=True, exist_ok=True)
    with daemon.log.open("ab") as log:
        return processes.start_detached(
            ["dockerd", f"--pidfile={daemon.pid_file}", f"--exec-root={daemon.exec_root}", *daemon.options],
            stdout=log,
            new_session=True,
            cwd="/",
        )


def _status(process: processes.Popen[bytes]) -> int | None:
    """The exit status if the process ends within the poll interval, else None."""
    try:
        status = process.wait(timeout=POLL_SECONDS)
    except processes.TimeoutExpired:
        return None
    if status == 0:  # systemctl is done; the engine it started may need a moment more
        threading.Event().wait(POLL_SECONDS)
    return status


def _last_words(daemon: Daemon) -> str:
    try:
        lines = daemon.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LOG_LINES:]
    except OSError:
        return ""
    return "".join(f"\n  {line}" for line in lines)
