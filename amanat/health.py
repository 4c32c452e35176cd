"""How the hosts are, in words, as `amanat status` says it: looked at with the auditor's rights, nothing is changed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from amanat import validity
from amanat.audit.errors import NotChecked
from amanat.audit.expectations import expectations
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat.audit.timing import AHEAD_SECONDS
from amanat.backups import KINDS, NoBackup, Repository
from amanat.calendars import both
from amanat.declarations import Declarations
from amanat.errors import AmanatError, listed
from amanat.law import register
from amanat.paths import StackPaths
from amanat.recovery import DRILLS, auditor
from amanat.targets import NEVER_STARTED, RUNNING
from amanat_host import questions

DISKS = "df --output=pcent,target --local --exclude-type=tmpfs --exclude-type=devtmpfs"


@dataclass(frozen=True)
class Health:
    """How one thing is: whether it is well, and why in words; `seen` is whether it could be looked into."""

    well: bool
    words: str
    seen: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"well": self.well, "words": self.words}


NO_VAULT = "no machine carries vault: nothing is backed up or copied. Place it in amanat:placement"
NOBODY_TOLD = "nobody is told: set amanat:alert_webhook_url or amanat:alert_email"
WATCHDOG = "Watchdog"  # always fires, for the dead-man's switch
UNSEEN = Health(False, "", seen=False)


def of_stack(paths: StackPaths, states: Mapping[str, str]) -> dict[str, Health]:
    """Each host's health by its name, then `newest_backup` and `last_drill` where the vault can be asked, and
    `alerts` where the log server can.

    `states` are the target's, by machine.
    """
    if RUNNING not in states.values():
        return {host: _not_running(state) for host, state in states.items()}
    try:
        with auditor(paths) as hosts:
            found = {host: _of_host(hosts, host, state) for host, state in states.items()}
            if not _carriers("vault", hosts):
                found |= {"newest_backup": Health(False, NO_VAULT)}
            if any(found.get(name, UNSEEN).seen for name in _carriers("vault", hosts)):
                vault = hosts.service("vault")
                found |= {"newest_backup": _asked(_backup, vault), "last_drill": _asked(_drill, vault)}
            if any(found.get(name, UNSEEN).seen for name in _carriers("logs", hosts)):
                found |= {"alerts": _asked(_alerts, hosts.service("logs"))}
            return found
    except AmanatError as error:  # no inventory, or one that can't be read
        return dict.fromkeys(states, Health(False, f"can't be looked into: {error.what}", seen=False))


def of_declarations(declared: Declarations | None, today: date | None = None) -> dict[str, Health]:
    """`declarations`, where there are some: what ends soon or has ended, else the next end; what isn't declared."""
    if declared is None:
        return {}
    first = min(validity.terms(declared), key=lambda term: term.ends)
    said = validity.warnings(declared, today)
    lacking = validity.undeclared(declared)
    words = [*(said or (f"hold; next {first.what} ends, on {both(first.ends)}",))]
    words += [f"not declared: {listed(lacking)}"] if lacking else []
    return {"declarations": Health(not said, "; ".join(words))}


def _not_running(state: str) -> Health:
    verb = "was" if state == NEVER_STARTED else "is"
    return Health(False, f"{verb} {state}: `make up` starts it", seen=False)


def _of_host(hosts: Hosts, name: str, state: str) -> Health:
    if state != RUNNING:
        return _not_running(state)
    if name not in hosts:
        return Health(True, "runs for an operation that is going on")
    try:
        faults = list(_faults(hosts[name], expectations().of_host(hosts[name]).active_units))
    except NotChecked as error:
        return Health(False, f"runs, and can't be looked into: {error.what}", seen=False)
    return Health(not faults, "; ".join(faults) or "well: all that it needs runs, and there is room")


def _faults(host: Host, needed: Sequence[str]) -> Iterator[str]:
    state = host.run("systemctl is-system-running").stdout.strip()
    if state not in ("running", "degraded"):
        yield f"systemd says {state or 'nothing'}"
    failed = [unit["unit"] for unit in host.json("systemctl list-units --state=failed --all --output=json")]
    if failed:
        yield f"{listed(failed)} failed (`systemctl status {failed[0]}` on the host says why)"
    states = host.run(f"systemctl is-active {' '.join(needed)}").stdout.splitlines()
    if len(states) != len(needed):  # while it goes down or comes up
        yield "systemd says nothing of its units"
        states = []
    for unit, found in zip(needed, states, strict=False):
        if found != "active" and unit not in failed:
            yield f"{unit} is {found}"
    most = register().bound("A5-6-1-trusted", "disk_used_percent")
    for line in host.run(DISKS).stdout.splitlines():
        percent, _, where = line.strip().partition("% ")
        if percent.isdecimal() and not most.allows(int(percent)):
            yield f"{where.strip()} is {percent} % full"


def _carriers(service: str, hosts: Hosts) -> list[str]:
    return [name for name, host in hosts.items() if host.audited.carries(service)]


def _asked(look: Callable[[Host], Health], host: Host) -> Health:
    try:
        return look(host)
    except AmanatError as error:
        return Health(False, str(error.what), seen=False)


def _backup(vault: Host) -> Health:
    try:
        newest = Repository.of(vault.ask(questions.REPOSITORY).stanza, datetime.now(UTC)).backups[-1]
    except NoBackup as error:
        return Health(False, f"{error.what}: {error.fix}")
    words = f"{KINDS[newest.kind]}, ended {both(newest.stopped_at)}"
    return _young(words, newest.stopped_at, "backup_age_hours", "see `amanat-backup.service` on the vault")


def _alerts(logs: Host) -> Health:
    """What the monitoring has to say, and whether anybody is told of it."""
    monitored = logs.ask(questions.MONITORING)
    if monitored.fault:
        return Health(False, f"the monitoring is silent: {monitored.fault}")
    told = "told by " + listed(monitored.receivers) if monitored.receivers else NOBODY_TOLD
    firing = [alert for alert in monitored.firing if alert.alert != WATCHDOG]
    if not firing:
        return Health(True, f"none; {told}")
    words = "; ".join(f"{alert.alert}: {alert.summary}" for alert in firing)
    return Health(False, f"{words} ({told})")


def _drill(vault: Host) -> Health:
    lines = vault.run(f"tail -n 1 {DRILLS}").stdout.splitlines()
    if not lines:
        return Health(False, "none yet: run `make drill`")
    last = json.loads(lines[-1])
    ended = datetime.fromisoformat(last["at"])
    if not last["passed"]:
        return Health(False, f"failed, {both(ended)}: mend that and run `make drill`")
    return _young(f"passed, {both(ended)}", ended, "drill_age_days", "run `make drill`")


def _young(words: str, ended: datetime, bound: str, fix: str) -> Health:
    """Well if `ended` is no older than the law register's `bound`, in the unit that its name ends with."""
    unit = timedelta(hours=1) if bound.endswith("_hours") else timedelta(days=1)
    age = (datetime.now(UTC) - ended) / unit
    if age < -timedelta(seconds=AHEAD_SECONDS) / unit:
        return Health(False, f"{words}, which lies ahead: a clock is wrong, or was")
    if not register().bound("A5-6-1-durable", bound).allows(age):
        return Health(False, f"{words}, which is too long ago: {fix}")
    return Health(True, words)
