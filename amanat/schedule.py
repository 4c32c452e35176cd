"""A timer of the operator's machine that proves the backups without him: systemd units, his own or the system's."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amanat import environment, processes
from amanat.errors import AmanatError
from amanat.exit_codes import ExitCode
from amanat.files import write_private
from amanat.paths import StackPaths, user_home

SYSTEM_UNITS = Path("/etc/systemd/system")
BY_HAND = "Let another timer of this machine, cron for one, run `amanat drill --if-due` once a day."
OF_ONE_RUN = {"AMANAT_STACK", "AMANAT_STACK_ID", "AMANAT_RUN", "AMANAT_SECRETS_SOCKET"}
OF_ONE_SESSION = {
    *("USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
}
PATHS = re.compile(r"\w+_(HOME|FILE|DIR|BUNDLE|CERT|CAINFO|CERT_PATH|CONFIG)|TMPDIR")
SERVICE = """\
# Made by `amanat schedule`: drills a restore of stack {stack} when the last one is too old.
[Unit]
Description=Restore drill of the message archive, stack {stack}
Wants=network-online.target
After=network-online.target docker.service

[Service]
Type=oneshot
WorkingDirectory={project}
EnvironmentFile={environment}
ExecStart={python} -m amanat drill --if-due --stack={stack}
# Again when another run is at work on the stack ({busy}), and not when a drill failed.
Restart=on-failure
RestartPreventExitStatus={final}
RestartSec=15min
"""
TIMER = """\
# Made by `amanat schedule`: asks daily, so that a machine which was off that day drills the day after.
[Unit]
Description=Restore drill of the message archive, stack {stack}

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
"""


class NoTimers(AmanatError):
    """No service manager here runs timers for us."""


@dataclass(frozen=True)
class Schedule:
    """The timer of one stack, in the units of whoever asks: root's are the system's."""

    paths: StackPaths

    @property
    def name(self) -> str:
        """The units' name without its kind."""
        return f"amanat-drill-{self.paths.stack_id}"

    @property
    def directory(self) -> Path:
        """Where the units lie (systemd.unit(5), "UNIT FILE LOAD PATH")."""
        if os.geteuid() == 0:
            return SYSTEM_UNITS
        own = os.environ.get("XDG_CONFIG_HOME") or str(user_home() / ".config")
        return Path(own) / "systemd" / "user"

    @property
    def environment(self) -> Path:
        """The file with the environment of the drills, for its owner alone: proxies and backends have passwords."""
        return self.paths.directory / "schedule.env"

    def on(self) -> str:
        """Install and start the timer, with the environment of now; returns its name.

        Raises `NoTimers`, and leaves no unit then.
        """
        known = {
            "stack": self.paths.stack,
            "project": str(self.paths.project).replace("%", "%%"),  # it takes no quotes
            "environment": _as_glob(self.environment),
            "busy": str(ExitCode.BUSY.value),
            "final": " ".join(str(code.value) for code in ExitCode if code != ExitCode.BUSY),
            "python": _quoted(sys.executable).replace("$", "$$"),
        }
        kept = {**kept_of(os.environ), "AMANAT_HOME": str(self.paths.directory.parent)}
        write_private(self.environment, "".join(_assignment(*pair) for pair in sorted(kept.items())))
        self.directory.mkdir(parents=True, exist_ok=True)
        for kind, text in {"service": SERVICE, "timer": TIMER}.items():
            self._unit(kind).write_text(text.format(**known), "utf-8")
        try:
            self._systemctl("daemon-reload")
            self._systemctl("enable", "--now", f"{self.name}.timer")
        except NoTimers:
            self._forget()
            raise
        return f"{self.name}.timer"

    def off(self) -> bool:
        """Stop and remove the timer; whether there was one. Raises `NoTimers`."""
        if not self._unit("timer").exists():
            return False
        self._systemctl("disable", "--now", f"{self.name}.timer")
        self._forget()
        self._systemctl("daemon-reload")
        return True

    def _unit(self, kind: str) -> Path:
        return self.directory / f"{self.name}.{kind}"

    def _forget(self) -> None:
        self.environment.unlink(missing_ok=True)
        for kind in ("service", "timer"):
            self._unit(kind).unlink(missing_ok=True)

    def _systemctl(self, *given: str) -> None:
        program = shutil.which("systemctl")
        if not program:
            raise NoTimers("this machine has no systemd", "systemctl", BY_HAND)
        scope = [] if os.geteuid() == 0 else ["--user"]
        done = processes.run([program, *scope, *given], capture_output=True)
        if done.returncode != 0:
            message = " ".join(done.stderr.split())[:300]
            raise NoTimers(f"systemd does not take the timer: {message}", f"systemctl {given[0]}", BY_HAND)


def kept_of(source: Mapping[str, str]) -> dict[str, str]:
    """What of an environment a drill needs, wherever it is started: relative paths made absolute."""
    return {
        name: os.path.abspath(value) if PATHS.fullmatch(name) and "://" not in value else value
        for name, value in environment.built(source, logins=True).items()
        if name not in OF_ONE_RUN | OF_ONE_SESSION
    }


def _assignment(name: str, value: str) -> str:
    """A line of an EnvironmentFile= (systemd.exec(5)): in double quotes a backslash quotes these four."""
    escaped = re.sub(r'(["\\`$])', r"\\\1", value)
    return f'{name}="{escaped}"\n'


def _as_glob(path: Path) -> str:
    """A path as EnvironmentFile= reads it: specifiers and patterns are meant literally."""
    return re.sub(r"([*?\[\\])", r"\\\1", str(path)).replace("%", "%%")


def _quoted(text: str) -> str:
    """A word as systemd.syntax(7) reads it back: nothing in it is a specifier, a quote or a gap."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
