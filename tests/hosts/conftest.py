"""Live tests: real stacks of this checkout, made once for the whole run, taken down at its end.

They need a Docker engine; a missing one is a failure. `make test` has three processes, each with a stack of its own: an
Ansible run keeps little more than one core busy. The third's is of other machines.
Without pytest's `-n` all tests share one stack.
`AMANAT_KEEP=1` leaves the stacks up for a look.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from amanat.paths import StackPaths
from amanat.secrets_socket import serve_secrets_to_children
from amanat.stack import Stack
from tests.declared import settings_file
from tests.hosts.live import DEAD_PROXY, FOREIGN, STACK, LiveStack, amanat, settings_of

PLACED = "placed"
# The order of a stack's life; each file leaves it whole, but for the last.
ORDER = (
    "test_killed_runs",
    "test_up",
    "test_stopped_runs",
    "test_bad_inputs",
    "test_other_checkouts",
    "test_disclosure",
    "test_recording",
    "test_guard",
    "test_side_by_side",
    "test_placement",
    "test_desk",
    "test_site",
    "test_purge",
    "test_crash",
    "test_vault_away",
    "test_logs",
    "test_logs_faults",
    "test_sealed_days",
    "test_recovery",
    "test_package_upgrade",
    "test_backup_faults",
    "test_breaks",
    "test_breaks_of_records",
    "test_auditor",
    "test_interrupted",
    "test_drift",
    "test_hardening",
    "test_restart",
    "test_network_unlock",
    "test_monitoring",
    "test_down",
    "test_site_pages",
    "test_cgroup_v2",
)
# What goes to a second stack where there are two: the first of them leaves the drill on record that whole audits want.
SECOND = ("test_recovery", "test_package_upgrade", "test_breaks", "test_auditor", "test_restart")
# What needs none of those stacks: one of its own, a browser, and a virtual machine, waited for most of the time; then a
# third of all breaks.
THIRD = ("test_placement", "test_desk", "test_site_pages", "test_cgroup_v2", "test_breaks_of_records")


@pytest.fixture(scope="session", autouse=True)
def _own_settings() -> Iterator[None]:
    """The settings of this process's stack: its site has no machine of its own, since two cores carry enough."""
    path = settings_of(STACK)
    if not (os.environ.get("AMANAT_KEEP") and path.exists()):
        path.write_text(settings_file({"store": "store edge", "vault": "vault", "logs": "logs"}), "utf-8")
    yield
    if not os.environ.get("AMANAT_KEEP"):
        path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def live_stack() -> Iterator[LiveStack]:
    """The stack of this process, made unless it is there."""
    up = amanat("up", "--no-audit", "--stack", STACK, **DEAD_PROXY, **FOREIGN)
    assert up.code == 0, up.err[-4000:]
    paths = StackPaths(STACK)
    yield LiveStack(STACK, paths, Stack(paths).outputs()["endpoints"])
    if not os.environ.get("AMANAT_KEEP"):
        down = amanat("down", "--yes", "--stack", STACK)
        assert down.code == 0, down.err[-4000:]


@pytest.fixture(scope="session")
def placed_stack() -> Iterator[LiveStack]:
    """A stack whose machines are not named after their services, made, drilled and audited in one go.

    The secrets are asked for once.
    """
    file, paths = settings_of(PLACED), StackPaths(PLACED)
    machines = {"alpha": "store edge desk", "beta": "vault logs"}
    agents = {"zahra": "زهرا کریمی <zahra@agents.invalid>"}
    file.write_text(settings_file(machines, desk_agents=agents), "utf-8")
    try:
        up = amanat("up", "--stack", PLACED)
        assert up.code == 0, (up.out + up.err)[-4000:]
        with serve_secrets_to_children(json.dumps(Stack(paths).secrets())):
            yield LiveStack(PLACED, paths, {})
    finally:
        down = amanat("down", "--yes", "--stack", PLACED)
        file.unlink(missing_ok=True)
        assert down.code == 0, down.err[-4000:]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests in the order of a stack's life. Raises ValueError for a file that has no place in it."""
    here = Path(__file__).parent
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.parent == here else -1)


class ByStack(LoadScopeScheduling):
    """Tests of one stack go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        stem = Path(nodeid.partition("::")[0]).stem
        return "second" if stem in SECOND else "third" if stem in THIRD else "first"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByStack:
    """Its own option for groups does nothing with pytest 9.2, which builds node ids otherwise."""
    return ByStack(config, log)
