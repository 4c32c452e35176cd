"""Reaching a live stack in tests: commands as a person types them, root on a host, database clients, kills."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from amanat.paths import PROJECT_ROOT, StackPaths, home
from amanat.settings import Settings
from amanat.stack import Stack

# Each of pytest-xdist's processes has a stack of its own, with its own state: some tests damage or read all of it.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")
STACK = f"test-{WORKER}" if WORKER else "test"
if WORKER:
    os.environ["AMANAT_HOME"] = str(home() / "tests" / WORKER)
LONGEST_COMMAND_SECONDS = 2400
# A proxy where nobody listens: what goes to loopback must not ask it (packages come over plain HTTP).
DEAD_PROXY = {
    **dict.fromkeys(("https_proxy", "HTTPS_PROXY", "grpc_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), ""),
}
# Variables of a person who also works with the tools we start: each changes what one does, or holds it up.
FOREIGN = {
    "PULUMI_CONFIG_PASSPHRASE": "",  # before the file, to Pulumi, and the empty one too
    "ANSIBLE_RUN_TAGS": "web",
    "ANSIBLE_SKIP_TAGS": "A7-protection",
    "ANSIBLE_BECOME_ASK_PASS": "True",
    "ANSIBLE_STRATEGY": "no_such_strategy",
    "ANSIBLE_GATHER_SUBSET": "!all",
    "ANSIBLE_HOME": "/nowhere",
    "PGOPTIONS": "-c search_path=x",
    "PGSERVICE": "nobody",
    "PGHOSTADDR": "192.0.2.1",
    "PGREQUIRESSL": "0",
    "PGSSLCRLDIR": "/nowhere",
    "PGMAXPROTOCOLVERSION": "3.0",
    "PGTARGETSESSIONATTRS": "standby",
    "PYTEST_ADDOPTS": "--collect-only",
    "PYTEST_PLUGINS": "nothing",
    "PYTHONWARNINGS": "error",
    "PYTHONPATH": "/nowhere",
    "LC_ALL": "xx_YY.ISO-8859-1",
    "LANGUAGE": "de",
    "SSH_AUTH_SOCK": "/nowhere",
    "GNUPGHOME": "/nowhere",
    "GIT_DIR": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere",
    "TMPDIR": "/nowhere",
}
# What a lost store may cost: A5-6-1-durable, recovery_point_seconds.
LOSS_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class LiveStack:
    """The running stack, and the ways tests reach it."""

    stack: str
    paths: StackPaths
    endpoints: dict[str, dict[str, str]]

    @property
    def machines(self) -> list[str]:
        """The names of all machines."""
        return sorted(self.endpoints)

    def machine_of(self, service: str) -> str:
        """The machine that carries a service."""
        return Settings.of(self.paths).machines.machine_of(service)

    def port(self, host: str, endpoint: str = "ssh") -> int:
        """The port of 127.0.0.1 that leads to an endpoint of a host."""
        return int(self.endpoints[host][endpoint].rpartition(":")[2])

    def amanat(self, *arguments: str, **environment: str) -> Done:
        """Run the command line as a person would."""
        return amanat(*arguments, "--stack", self.stack, **environment)

    def audit(self, *only: str) -> Done:
        """Run the audit, of these requirements only if any are given."""
        return self.amanat("audit", "--json", *(word for one in only for word in ("--only", one)))

    def root(self, host: str, script: str) -> str:
        """Run a script at root's console of a host, past SSH and its firewall."""
        code, output = Stack(self.paths).target.run_as_root(host, script)
        assert code == 0, f"{script!r} on {host} ended with {code}: {output}"
        return output

    def query(self, statement: str) -> str:
        """What a statement without quotes of the shell's gives as superuser on the store, a line for each row."""
        return self.root(
            "store", f'cd / && runuser -u postgres -- psql -XAtq -d archive -c "{statement}"'
        ).strip()

    def database(self, role: str, **options: Any) -> psycopg.Connection[Any]:
        """Connect to the archive as a client of this role, over mutual TLS."""
        return psycopg.connect(**{**self.client(role), **options})

    def client(self, role: str) -> dict[str, Any]:
        """Connection parameters of a role."""
        clients = self.paths.clients
        return {
            "host": "127.0.0.1",
            "port": self.port("store", "store.postgresql"),
            "dbname": "archive",
            "user": role,
            "password": (clients / f"{role}.password").read_text("utf-8").strip(),
            "sslmode": "verify-full",
            "sslrootcert": str(clients / "ca.crt"),
            "sslcert": str(clients / f"{role}.crt"),
            "sslkey": str(clients / f"{role}.key"),
            "connect_timeout": 10,
        }


def settings_of(stack: str) -> Path:
    """The file with a stack's settings."""
    return PROJECT_ROOT / f"Pulumi.{stack}.yaml"


def amanat(*arguments: str, **environment: str) -> Done:
    """Run `amanat` and wait for it. What a stack has put into this process is not for another one."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    done = subprocess.run(
        [sys.executable, "-m", "amanat", *arguments],
        cwd=PROJECT_ROOT,
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_COMMAND_SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def audited(stack: str, directory: Path, *only: str) -> tuple[int, dict[str, Any]]:
    """Run the audit, or what pytest is told of it; its exit status and the verdicts by requirement."""
    verdicts = directory / "verdicts.json"
    command = [
        sys.executable,
        "-m",
        "pytest",
        *(only or ["policies"]),
        "--stack",
        stack,
        "--json",
        str(verdicts),
    ]
    ran = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert verdicts.exists(), ran.stdout[-3000:] + ran.stderr[-1000:]
    return ran.returncode, json.loads(verdicts.read_text("utf-8"))["requirements"]


def failing(requirements: dict[str, Any]) -> dict[str, str]:
    """The requirements that an audit did not find satisfied, and why."""
    return {
        one: v["reason"]
        for one, v in requirements.items()
        if v["verdict"] in ("not-satisfied", "not-checked")
    }


@dataclass(frozen=True)
class Kill:
    """Kill a run when it says `said`: the command alone (its children live on), Pulumi alone, or all of it."""

    said: str
    victim: str


# In this order: each run gets further than the one before.
KILLS = (
    Kill("store (Container) made", "command"),
    Kill("base: Install what is missing of tang", "everything"),
    Kill("postgresql: Make the cluster", "pulumi"),
)


def kill_up_at(stage: Kill) -> None:
    """Start `amanat up`, wait for a line, then SIGKILL."""
    command = [sys.executable, "-m", "amanat", "up", "--no-audit", "--stack", STACK]
    with subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stderr is not None
        heard = []
        for line in run.stderr:
            heard.append(line)
            if stage.said in line:
                break
        else:
            pytest.fail(f"the run never said {stage.said!r}: {''.join(heard)[-3000:]}")
        if stage.victim == "everything":
            os.killpg(run.pid, signal.SIGKILL)
        elif stage.victim == "command":
            run.kill()
        else:
            for pid in children_named(run.pid, "pulumi"):
                os.kill(pid, signal.SIGKILL)
        # What an orphan still writes must not stop it, so nobody holds its stream.
        run.stderr.close()
        run.kill()


def children_named(parent: int, name: str) -> list[int]:
    """Direct children of a process that run the program `name` (proc(5), children)."""
    pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == name]
