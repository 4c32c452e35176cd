"""`amanat bench`: what the kit's guarantees cost, as ratios measured in one run."""

import json
from dataclasses import dataclass
from typing import Any

from amanat.cli.operations import Result
from amanat.errors import AmanatError
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.stack import Stack


@dataclass(frozen=True)
class Bench:
    """A measurement: the service whose machine runs it, its program, what its ratio compares, and the goal."""

    service: str
    program: str
    what: str
    goal: float


BENCHES = {
    "archive": Bench(
        "store",
        "/usr/lib/amanat/bench-archive",
        "messages recorded, against plain inserts of the same row",
        0.7,
    ),
    "access": Bench(
        "store",
        "/usr/lib/amanat/bench-access",
        "the second that a question about an address may take, against the worst of a million access records",
        1.0,
    ),
    "volume": Bench(
        "store",
        "/usr/lib/amanat/bench-volume",
        "pgbench on the encrypted volume, against the plain disk",
        0.5,
    ),
    "backup": Bench(
        "store",
        "/usr/lib/amanat/bench-backup",
        "encrypted backup over TLS, against pg_basebackup over TLS",
        0.9,
    ),
    "logs": Bench(
        "logs",
        "/usr/lib/amanat/bench-logs",
        "lines of the journal stored over TLS and sealed, against rsyslog over plain TCP",
        0.7,
    ),
}


class BenchFailed(AmanatError):
    """A measurement did not end."""


def measure(paths: StackPaths) -> Result:
    """Run each bench whose service the stack has, one after the other. Raises `BenchFailed`, `NoStack`."""
    stack = Stack(paths)
    stack.outputs()
    machines = Settings.of(paths).machines
    chosen = {name: bench for name, bench in BENCHES.items() if machines.carries(bench.service)}
    values = {
        name: _run(stack, machines.machine_of(bench.service), bench.program) for name, bench in chosen.items()
    }
    lines = [_line(name, bench, values[name]) for name, bench in chosen.items()]
    return Result(values, tuple(lines))


def _run(stack: Stack, machine: str, program: str) -> dict[str, Any]:
    code, output = stack.target.run_as_root(machine, f"{program} 2>/tmp/bench.err || cat /tmp/bench.err")
    try:
        result: dict[str, Any] = json.loads(output)
    except json.JSONDecodeError as error:
        raise BenchFailed(
            what=f"the bench ended with {code}: {output.strip()[-300:]}",
            where=f"{machine}:{program}",
            fix="Run it there by hand to see more.",
        ) from error
    return result


def _line(name: str, bench: Bench, result: dict[str, Any]) -> str:
    numbers = ", ".join(f"{key} {value}" for key, value in result.items() if key != "ratio")
    return f"{name:<8} ratio {result['ratio']:.2f} (goal {bench.goal}): {bench.what}; {numbers}"
