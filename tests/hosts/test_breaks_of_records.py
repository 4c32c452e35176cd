"""Breaks of what is recorded, kept and given out, and of the site: the audit turns red on each.

They are done to the stack of `test_placement`, which its first run left green.
"""

import pytest

from tests.hosts.breaking import batches_of_records, require_green, require_red


@pytest.mark.parametrize("batch", batches_of_records(), ids=lambda batch: batch.name)
def test_the_audit_turns_red_on_the_broken_requirement(placed_stack, batch, tmp_path):
    require_red(placed_stack, batch, tmp_path)


def test_everything_was_put_back(placed_stack, tmp_path):
    require_green(placed_stack, tmp_path)
