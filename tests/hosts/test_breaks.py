"""Breaks of access, of durable media and of the machines' protection: the audit turns red on each."""

import pytest

from tests.hosts.breaking import batches_of_protection, green_before, require_green, require_red


@pytest.fixture(scope="module")
def healthy(live_stack, tmp_path_factory):
    with green_before(live_stack, tmp_path_factory.mktemp("before")):
        yield


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize("batch", batches_of_protection(), ids=lambda batch: batch.name)
def test_the_audit_turns_red_on_the_broken_requirement(live_stack, batch, tmp_path):
    require_red(live_stack, batch, tmp_path)


@pytest.mark.usefixtures("healthy")
def test_everything_was_put_back(live_stack, tmp_path):
    require_green(live_stack, tmp_path)
