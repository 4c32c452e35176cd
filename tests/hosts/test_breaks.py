"""What a person could do to a live host against the law: the audit turns red on that very requirement."""

import json

import pytest

from amanat.secrets_socket import serve_secrets_to_children
from amanat.stack import Stack
from tests.breaks.reading import all_breaks
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
@pytest.mark.parametrize("broken", all_breaks(), ids=lambda broken: broken.name)
def test_the_audit_turns_red_on_the_broken_requirement(live_stack, broken, tmp_path):
    live_stack.root(broken.host, broken.script)
    try:
        status, requirements = audited(live_stack.stack, tmp_path, broken.check)
    finally:
        live_stack.root(broken.host, broken.undo)
    assert status == 1
    assert requirements[broken.requirement]["verdict"] == "not-satisfied", requirements[broken.requirement]


@pytest.mark.usefixtures("healthy")
def test_everything_was_put_back(live_stack, tmp_path):
    status, requirements = audited(live_stack.stack, tmp_path)
    assert (status, failing(requirements)) == (0, {})
