"""Live tests: a real stack of this checkout, made once for the whole run, taken down at its end.

They need a Docker engine; a missing one is a failure. `AMANAT_KEEP=1` leaves the stack up for a look.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from amanat.places import PROJECT_ROOT, Places
from amanat.stack import Stack
from tests.hosts.live import KILLS, STACK, LiveStack, amanat, kill_up_at

# The order of a host's life; files not named here come before the host is broken.
LAST = (
    "test_crash",
    "test_recovery",
    "test_backup_faults",
    "test_breaks",
    "test_drift",
    "test_restart",
    "test_network_unlock",
    "test_down",
)


@pytest.fixture(scope="session")
def live_stack() -> Iterator[LiveStack]:
    """The stack `test`, made although its first runs were killed at three stages in three ways."""
    places = Places(STACK)
    if not Stack(places).exists():
        for stage in KILLS:
            kill_up_at(stage)
    up = amanat("up", "--no-audit", "--stack", STACK)
    assert up.code == 0, up.err[-4000:]
    yield LiveStack(
        STACK, places, {name: int(port) for name, port in Stack(places).outputs()["ports"].items()}
    )
    if not os.environ.get("AMANAT_KEEP"):
        down = amanat("down", "--yes", "--stack", STACK)
        assert down.code == 0, down.err[-4000:]
        (PROJECT_ROOT / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests in the order of a host's life."""

    def place(item: pytest.Item) -> int:
        name = Path(item.path).stem
        return LAST.index(name) + 1 if name in LAST else 0

    items.sort(key=place)
