"""`amanat bench`: what the archive's guarantees and the encrypted volume cost, as ratios measured in one run."""

import json
from typing import Any

from amanat.cli.operations import Result
from amanat.errors import AmanatError
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.stack import Stack

BENCHES = {
    "archive": (
        "/usr/lib/amanat/bench-archive",
        "messages recorded, against plain inserts of the same row",
        0.7,
    ),
    "access": (
        "/usr/lib/amanat/bench-access",
        "the second that a question about an address may take, against the worst of a million access records",
        1.0,
    ),
    "volume": (
        "/usr/lib/amanat/bench-volume",
        "pgbench on the encrypted volume, against the plain disk",
        0.5,
    ),
    "backup": (
        "/usr/lib/amanat/bench-backup",
        "encrypted backup over TLS, against pg_basebackup over TLS",
        0.9,
    ),
}


class BenchFailed(AmanatError):
    """A measurement did not end."""


def measure(paths: StackPaths) -> Result:
    """Run each bench on the store, on scratch data beside the archive. Raises `BenchFailed`, `NoStack`."""
    stack = Stack(paths)
    stack.outputs()
    values = {name: _run(stack, command) for name, (command, _, _) in BENCHES.items()}
    lines = [_line(name, values[name]) for name in BENCHES]
    return Result(values, tuple(lines))


def _run(stack: Stack, command: str) -> dict[str, Any]:
    machine = Settings.of(stack.paths).machines.machine_of("store")
    code, output = stack.target.run_as_root(machine, f"{command} 2>/tmp/bench.err || cat /tmp/bench.err")
    try:
        result: dict[str, Any] = json.loads(output)
    except json.JSONDecodeError as error:
        raise BenchFailed(
            what=f"the bench ended with {code}: {output.strip()[-300:]}",
            where=f"{machine}:{command}",
            fix="Run it there by hand to see more.",
        ) from error
    return result


def _line(name: str, result: dict[str, Any]) -> str:
    _, what, goal = BENCHES[name]
    numbers = ", ".join(f"{key} {value}" for key, value in result.items() if key != "ratio")
    return f"{name:<8} ratio {result['ratio']:.2f} (goal {goal}): {what}; {numbers}"
