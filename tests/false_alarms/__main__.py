"""`make test-audits`: a stack of its own is brought into each of many states and audited; it takes an hour or more.

`python -m tests.false_alarms 14 15` tries those two, by their numbers, on the stack that was kept.
Exit status: 0 every audit was green; 1 one was not, and the stack is kept for a look.
"""

import sys
from collections.abc import Sequence
from time import monotonic

from rich.console import Console

from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.setup.progress import elapsed
from amanat.stack import Stack
from tests.false_alarms.states import STATES, State, StateFailed
from tests.hosts.live import LiveStack, amanat, failing

STACK = "audits"
screen = Console(highlight=False, soft_wrap=True)


def stack() -> LiveStack:
    """The stack, made or converged. Raises StateFailed."""
    up = amanat("up", "--no-audit", "--stack", STACK)
    if up.code != 0:
        raise StateFailed(up.err[-3000:] + up.out[-3000:])
    paths = StackPaths(STACK)
    return LiveStack(STACK, paths, Stack(paths).outputs()["endpoints"])


def false_alarms(live: LiveStack, state: State) -> list[str]:
    """What an audit finds wrong in a state: nothing, if it is as it should be."""
    try:
        state.reach(live)
    except (StateFailed, AssertionError) as error:
        return [f"the state was not reached: {error}"]
    audit = live.audit()
    if audit.code == 0:
        return []
    try:
        verdicts = audit.json["requirements"]
    except (ValueError, KeyError):
        return [audit.err[-1500:] or f"the audit ended with {audit.code}"]
    return [f"{one}: {reason}" for one, reason in failing(verdicts).items()]


def main(chosen: Sequence[int]) -> int:
    """Go through the states, or those chosen; the exit status."""
    began = monotonic()
    screen.print(f"making the stack {STACK}")
    live = stack()
    red = 0
    tried = [(number, state) for number, state in enumerate(STATES, 1) if not chosen or number in chosen]
    for number, state in tried:
        found = false_alarms(live, state)
        red += bool(found)
        verdict = "red" if found else "green"
        screen.print(
            f"{elapsed(monotonic() - began):>12}  {number:2} of {len(STATES)}  {verdict:5}  {state.name}"
        )
        for line in found:
            screen.print(f"{'':16}{line}")
    if red:
        screen.print(
            f"{red} of {len(tried)} audits were not green; the stack is kept: amanat status --stack {STACK}"
        )
        return 1
    down = amanat("down", "--yes", "--stack", STACK)
    (PROJECT_ROOT / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)
    screen.print(f"{len(tried)} audits, all green; the stack is " + ("gone" if down.code == 0 else "kept"))
    return 0


if __name__ == "__main__":
    sys.exit(main([int(number) for number in sys.argv[1:]]))
