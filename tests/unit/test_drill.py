"""What a drill says when it proves nothing."""

import pytest

from amanat.recovery import what_differs

GOOD = {"missing_heads": [], "strange_heads": [], "copies": {"store": {"same": 3, "different": []}}}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"missing_heads": [[7, "ab"]]}, "the restored archive lacks 1 anchored heads"),
        (
            {"strange_heads": [[7, "ab"], [8, "cd"]]},
            "the restored archive has 2 heads that the store never had",
        ),
        ({"copies": {"vault": {"same": 3, "different": ["/etc/a"]}}}, "1 files of the copy of vault are not"),
        ({"copies": {"vault": {"same": 0, "different": []}}}, "the copy of vault has no file to compare"),
        ({}, "the restored archive doesn't verify"),
    ],
)
def test_what_differs_is_named(found, said):
    assert what_differs({**GOOD, **found}).startswith(said)
