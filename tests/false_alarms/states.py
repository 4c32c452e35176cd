"""What befalls a stack in order: its own jobs, the operator's commands, Debian's updates, restarts and crashes."""

from collections.abc import Callable
from dataclasses import dataclass

import docker

from amanat.audit.waiting import wait_until
from tests.hosts.live import Done, LiveStack
from tests.hosts.test_package_upgrade import RENEW

UP_SECONDS = 180
# A machine that was just started has no manager to ask for a moment.
STARTED = f"""timeout {UP_SECONDS} sh -c 'until systemctl list-jobs > /dev/null 2>&1; do sleep 0.2; done
systemctl is-system-running --wait || systemctl --failed'"""
DRIFT = """
set -e
chmod 0666 /etc/amanat/hosts
echo 'kernel.panic = 7' >> /etc/sysctl.d/60-amanat.conf
nft flush ruleset
"""


class StateFailed(Exception):
    """The stack could not be brought into a state: its message says why."""


@dataclass(frozen=True)
class State:
    """One state: what is done to the stack before it is audited."""

    name: str
    reach: Callable[[LiveStack], None]


def command(*words: str, status: int = 0) -> Callable[[LiveStack], None]:
    """A command of the operator's that ends with this status."""

    def run(stack: LiveStack) -> None:
        ended(stack.amanat(*words), words, status)

    return run


def ended(done: Done, words: tuple[str, ...], status: int) -> None:
    """Raises StateFailed where a command ended otherwise."""
    if done.code != status:
        raise StateFailed(f"`amanat {' '.join(words)}` ended with {done.code}: {done.err[-1500:]}")


def on(machines: str, script: str) -> Callable[[LiveStack], None]:
    """A script at root's console of machines: names, or `all`."""

    def run(stack: LiveStack) -> None:
        for machine in stack.machines if machines == "all" else machines.split():
            stack.root(machine, script)

    return run


def restarted(*machines: str) -> Callable[[LiveStack], None]:
    """Machines that were restarted at once, all if none is named, and are up again."""

    def run(stack: LiveStack) -> None:
        client = docker.from_env()
        chosen = machines or tuple(stack.machines)
        for machine in chosen:
            client.containers.get(f"{stack.paths.stack_id}-{machine}").restart(timeout=60)
        client.close()
        for machine in chosen:
            stack.root(machine, STARTED)
        answers = "runuser -u postgres -- pg_isready --quiet && echo ready || true"
        if not wait_until(lambda: "ready" in stack.root("store", answers), UP_SECONDS):
            raise StateFailed("the database does not answer")

    return run


def drifted(stack: LiveStack) -> None:
    """By hand something was changed on each machine, and `up` put it right."""
    on("all", DRIFT)(stack)
    command("drift", status=1)(stack)
    command("up", "--no-audit")(stack)


STATES = (
    State("fresh", command("drill")),
    State("converged again, nothing to change", command("up", "--no-audit")),
    State("a backup was made", on("vault", "systemctl start amanat-backup.service")),
    State(
        "all that is kept was verified",
        on("vault", "systemctl start amanat-backup-verify.service amanat-copies-verify.service"),
    ),
    State(
        "copies and comparisons ran",
        on("all", "systemctl start amanat-copy.service amanat-integrity.service"),
    ),
    State("a drill", command("drill")),
    State("drift by hand, put right", drifted),
    State("all machines restarted", restarted()),
    State("the database restarted", on("store", "systemctl restart postgresql@17-main.service")),
    State(
        "an administrator looked around",
        on(
            "all", "runuser -u deploy -- sudo -n cat /etc/shadow > /dev/null; runuser -u deploy -- sudo -n id"
        ),
    ),
    State("packages were unpacked anew", on("all", RENEW)),
    State("old copies were removed", on("vault", "systemctl start amanat-copies-prune.service")),
    State(
        "Debian's own jobs ran",
        on(
            "all",
            "systemctl start apt-daily.service dpkg-db-backup.service systemd-tmpfiles-clean.service fstrim.service",
        ),
    ),
    State("the log server restarted", restarted("logs")),
    State(
        "who hands out the journals was killed",
        on("all", "systemctl kill --signal=KILL amanat-journal.service"),
    ),
    State("the vault restarted", restarted("vault")),
    State("ended days were sealed", on("logs", "systemctl start amanat-log-seal.service")),
    State(
        "partitions were made, and what is due was purged",
        on("store", "systemctl start amanat-archive-partitions.service amanat-archive-purge.service"),
    ),
    State("the database was killed", on("store", "systemctl kill --signal=KILL postgresql@17-main.service")),
    State("a backup was put in the archive's place", command("restore", "--yes")),
    State("converged again, everything", command("up", "--no-audit", "--force")),
)
