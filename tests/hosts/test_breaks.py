"""What a person could do to a live host against the law: the audit turns red on that very requirement."""

import json
from contextlib import ExitStack

import pytest

from amanat.secrets_socket import serve_secrets_to_children
from amanat.stack import Stack
from tests.breaks.reading import all_batches
from tests.hosts.live import audited, failing


@pytest.fixture(scope="module")
def healthy(live_stack, tmp_path_factory):
    """A red audit says nothing about a break unless it was green before. The secrets are asked for once."""
    secrets = Stack(live_stack.paths).secrets()
    with serve_secrets_to_children(json.dumps(secrets)):
        status, requirements = audited(live_stack.stack, tmp_path_factory.mktemp("before"))
        assert (status, failing(requirements)) == (0, {})
        yield


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize("batch", all_batches(), ids=lambda batch: batch.name)
def test_the_audit_turns_red_on_the_broken_requirement(live_stack, batch, tmp_path):
    machine = live_stack.machine_of(batch.host)
    with ExitStack() as undone:
        for broken in batch.breaks:
            undone.callback(live_stack.root, machine, broken.undo)
            live_stack.root(machine, broken.script)
        check = batch.check.replace(f"[{batch.host}]", f"[{machine}]")
        status, requirements = audited(live_stack.stack, tmp_path, check)
    assert status == 1
    found = requirements[batch.breaks[0].requirement]
    assert found["verdict"] == "not-satisfied", found
    told = {text: text in found["reason"] for broken in batch.breaks for text in broken.findings}
    assert [text for text, there in told.items() if not there] == [], found["reason"]


@pytest.mark.usefixtures("healthy")
def test_everything_was_put_back(live_stack, tmp_path):
    status, requirements = audited(live_stack.stack, tmp_path)
    assert (status, failing(requirements)) == (0, {})
