"""`amanat bench`: what the kit's guarantees cost, as ratios measured in one run."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amanat.cli.operations import Result
from amanat.errors import AmanatError, BadInput
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


# What a program complains of takes the place of its result; nothing stays on the machine.
SCRIPT = """said=$(mktemp) && trap 'rm -f "$said"' EXIT && {{ {program} 2>"$said" || cat "$said"; }}"""


class BenchFailed(AmanatError):
    """A measurement did not end."""


def measure(paths: StackPaths, only: Sequence[str], say: Callable[[str], None]) -> Result:
    """Run each bench whose service the stack has, or `only` these, one after the other; `say` what is measured.

    Raises `BadInput` for a name that there is not or whose service the stack leaves out, `BenchFailed`, `NoStack`.
    """
    stack = Stack(paths)
    stack.outputs()
    machines = Settings.of(paths).machines
    chosen = _chosen(only, {name for name, bench in BENCHES.items() if machines.carries(bench.service)})
    values: dict[str, Any] = {}
    for number, (name, bench) in enumerate(chosen.items(), 1):
        machine = machines.machine_of(bench.service)
        say(f"{number} of {len(chosen)}, on {machine}: {bench.what}")
        values[name] = _run(stack, machine, bench.program)
    return Result(values, tuple(_line(name, bench, values[name]) for name, bench in chosen.items()))


def _chosen(only: Sequence[str], carried: set[str]) -> dict[str, Bench]:
    for name in only:
        if name not in BENCHES:
            raise BadInput("no such bench", name, f"There are {', '.join(BENCHES)}.")
        if name not in carried:
            raise BadInput(
                f"no machine carries {BENCHES[name].service}", name, "Leave it out, or place the service."
            )
    return {name: bench for name, bench in BENCHES.items() if name in (only or carried)}


def _run(stack: Stack, machine: str, program: str) -> dict[str, Any]:
    code, output = stack.target.run_as_root(machine, SCRIPT.format(program=program))
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
