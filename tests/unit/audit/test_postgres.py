"""What evidence shows of the parameters of a statement."""

import hashlib

import pytest

from amanat.audit.postgres import _LONGEST_PARAMETER, _shown


@pytest.mark.parametrize("value", ["sms", 7, None, "x" * _LONGEST_PARAMETER])
def test_a_short_parameter_is_shown_whole(value):
    assert _shown(value) == str(value)


def test_of_a_long_one_there_is_the_beginning_length_and_digest():
    content = "پ" * (1 << 20)
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert _shown(content) == f"{content[:64]}… (1048576 characters, SHA-256 {digest})"
