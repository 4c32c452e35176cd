"""Timers of the operator's machine that drill, converge and audit: systemd units, his own or the system's."""

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat import environment, processes
from amanat.errors import AmanatError
from amanat.exit_codes import ExitCode
from amanat.files import write_private
from amanat.paths import StackPaths, user_home
from amanat.settings import Settings

SYSTEM_UNITS = Path("/etc/systemd/system")
BY_HAND = (
    "Let another timer of this machine, cron for one, run `amanat drill --if-due` once a day, and"
    " `amanat up --force` once a week."
)
NEVER = "not yet"
OF_ONE_RUN = {"AMANAT_STACK", "AMANAT_STACK_ID", "AMANAT_RUN", "AMANAT_SECRETS_SOCKET"}
OF_ONE_SESSION = {
    *("USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
}
PATHS = re.compile(r"\w+_(HOME|FILE|DIR|BUNDLE|CERT|CAINFO|CERT_PATH|CONFIG)|TMPDIR")
SERVICE = """\
# Made by `amanat schedule`: {does}, stack {stack}.
[Unit]
Description={title}, stack {stack}
Wants=network-online.target
After=network-online.target docker.service

[Service]
Type=oneshot
WorkingDirectory={project}
EnvironmentFile={environment}
ExecStart={python} -m amanat {command} --stack={stack}
# Again when another run is at work on the stack ({busy}), and not when what it does has failed.
Restart=on-failure
RestartPreventExitStatus={final}
RestartSec=15min
"""
TIMER = """\
# Made by `amanat schedule`. A machine that was off at the time does it when it is on again.
[Unit]
Description={title}, stack {stack}

[Timer]
OnCalendar={when}
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class Job:
    """What a timer does: its command, when (systemd.time(7)), and how people and systemd call it."""

    name: str
    command: str
    when: str
    title: str
    does: str


DRILL = Job(
    "drill",
    "drill --if-due",
    "daily",
    "Restore drill of the message archive",
    "drills a restore when the last one is too old",
)
REPAIR = Job(
    "converge",
    "up --force --no-audit",
    "Sat *-*-* 02:00:00",
    "Weekly converge",
    "puts drift right and renews certificates",
)
REPORT = Job(
    "converge", "drift", "Sat *-*-* 02:00:00", "Weekly look for drift", "lists drift, changes nothing"
)
CONVERGE = {"repair": REPAIR, "report": REPORT}
AUDIT_TIMES = {"daily": "*-*-* 05:00:00", "weekly": "Sun *-*-* 05:00:00"}
NAMES = ("drill", "converge", "audit")


def jobs_of(settings: Settings, *, has_backups: bool) -> tuple[Job, ...]:
    """What the settings want to be done by itself; nothing is drilled where nothing makes backups."""
    when = AUDIT_TIMES.get(settings.schedule_audit)
    return (
        *([DRILL] if has_backups else []),
        *([CONVERGE[settings.schedule_converge]] if settings.schedule_converge in CONVERGE else []),
        *(
            [Job("audit", "audit", when, "Audit of the hosts", "measures the hosts against the law")]
            if when
            else []
        ),
    )


@dataclass(frozen=True)
class Planned:
    """A timer that is installed: its job's name, what it runs, when it ran last and runs next, and how that ended.

    Times are systemd's own texts, in this machine's zone.
    """

    name: str
    command: str
    last: str
    next: str
    result: str

    @property
    def words(self) -> str:
        """One line for people."""
        ended = f" ({self.result})" if self.last != NEVER else ""
        return f"{self.name:<9} amanat {self.command:<22} last {self.last}{ended}, next {self.next}"


class NoTimers(AmanatError):
    """No service manager here runs timers for us."""


@dataclass(frozen=True)
class Schedule:
    """The timers of one stack, in the units of whoever asks: root's are the system's."""

    paths: StackPaths

    def unit(self, job: str) -> str:
        """The name of a job's units without their kind."""
        return f"amanat-{job}-{self.paths.stack_id}"

    @property
    def directory(self) -> Path:
        """Where the units lie (systemd.unit(5), "UNIT FILE LOAD PATH")."""
        if os.geteuid() == 0:
            return SYSTEM_UNITS
        own = os.environ.get("XDG_CONFIG_HOME") or str(user_home() / ".config")
        return Path(own) / "systemd" / "user"

    @property
    def environment(self) -> Path:
        """The file with the environment of the runs, for its owner alone: proxies and backends have passwords."""
        return self.paths.directory / "schedule.env"

    def on(self, jobs: Sequence[Job]) -> None:
        """Install and start the timers of these jobs, with the environment of now, and remove those of others.

        Raises `NoTimers`, and leaves no unit then.
        """
        kept = {**kept_of(os.environ), "AMANAT_HOME": str(self.paths.directory.parent)}
        write_private(self.environment, "".join(_assignment(*pair) for pair in sorted(kept.items())))
        self.directory.mkdir(parents=True, exist_ok=True)
        others = [name for name in self.installed() if name not in {job.name for job in jobs}]
        try:
            self._stop(others)
            for job in jobs:
                self._write(job)
            self._systemctl("daemon-reload")
            self._systemctl("enable", "--now", *(f"{self.unit(job.name)}.timer" for job in jobs))
        except NoTimers:
            self._forget(NAMES)
            raise

    def off(self) -> bool:
        """Stop and remove the timers; whether there was one. Raises `NoTimers`."""
        there = self.installed()
        if not there:
            return False
        self._stop(there)
        self.environment.unlink(missing_ok=True)
        self._systemctl("daemon-reload")
        return True

    def installed(self) -> list[str]:
        """The names of the jobs that have a timer."""
        return [name for name in NAMES if self._file(name, "timer").exists()]

    def planned(self) -> list[Planned]:
        """What is scheduled, and when it ran last and runs next. Raises `NoTimers`."""
        return [self._planned(name) for name in self.installed()]

    def _planned(self, name: str) -> Planned:
        text = self._file(name, "service").read_text("utf-8")
        command = re.search(r"^ExecStart=.* -m amanat (.*) --stack=", text, re.MULTILINE)
        unit = self.unit(name)
        timer = self._shown(f"{unit}.timer", "LastTriggerUSec", "NextElapseUSecRealtime")
        return Planned(
            name,
            command[1] if command else "",
            timer.get("LastTriggerUSec") or NEVER,
            timer.get("NextElapseUSecRealtime") or "unknown",
            self._shown(f"{unit}.service", "Result").get("Result") or "unknown",
        )

    def _shown(self, unit: str, *properties: str) -> dict[str, str]:
        lines = self._systemctl("show", f"--property={','.join(properties)}", unit).splitlines()
        pairs = (line.partition("=") for line in lines)
        return {name: value for name, _, value in pairs if value not in {"", "n/a", "0"}}

    def _write(self, job: Job) -> None:
        known = {
            "stack": self.paths.stack,
            "project": str(self.paths.project).replace("%", "%%"),  # it takes no quotes
            "environment": _as_glob(self.environment),
            "busy": str(ExitCode.BUSY.value),
            "final": " ".join(str(code.value) for code in ExitCode if code != ExitCode.BUSY),
            "python": _quoted(sys.executable).replace("$", "$$"),
            "command": job.command,
            "when": job.when,
            "title": job.title,
            "does": job.does,
        }
        for kind, text in {"service": SERVICE, "timer": TIMER}.items():
            self._file(job.name, kind).write_text(text.format(**known), "utf-8")

    def _file(self, job: str, kind: str) -> Path:
        return self.directory / f"{self.unit(job)}.{kind}"

    def _stop(self, names: Sequence[str]) -> None:
        for name in names:
            self._systemctl("disable", "--now", f"{self.unit(name)}.timer")
            self._forget([name], environment=False)

    def _forget(self, names: Sequence[str], *, environment: bool = True) -> None:
        if environment:
            self.environment.unlink(missing_ok=True)
        for name in names:
            for kind in ("service", "timer"):
                self._file(name, kind).unlink(missing_ok=True)

    def _systemctl(self, *given: str) -> str:
        program = shutil.which("systemctl")
        if not program:
            raise NoTimers("this machine has no systemd", "systemctl", BY_HAND)
        scope = [] if os.geteuid() == 0 else ["--user"]
        done = processes.run([program, *scope, *given], capture_output=True)
        if done.returncode != 0:
            message = " ".join(done.stderr.split())[:300]
            raise NoTimers(f"systemd does not take the timer: {message}", f"systemctl {given[0]}", BY_HAND)
        return str(done.stdout)


def kept_of(source: Mapping[str, str]) -> dict[str, str]:
    """What of an environment a run needs, wherever it is started: relative paths made absolute."""
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
