"""Every failure a person sees has one shape: what, where, and the fix on its own line."""

import errno

import pytest
import requests

from amanat.errors import AmanatError, BadInput, BadInputs, listed, of_os, refuse, shown


def test_what_where_and_fix():
    assert str(AmanatError("It broke", "store", "Mend it.")) == "It broke (store)\n       Mend it."
    assert str(AmanatError("It broke.", "store")) == "It broke (store)"
    assert str(AmanatError("It broke.")) == "It broke."
    assert (AmanatError("x").exit_code, BadInput("x").exit_code) == (1, 2)


def test_refusing_nothing_one_or_several():
    refuse([], "Nothing.")
    only = BadInput("One.")
    with pytest.raises(BadInput) as one:
        refuse([only], "Faults.")
    assert one.value is only
    with pytest.raises(BadInputs) as several:
        refuse([only, BadInput("Two", "there", "Mend it.")], "Faults", "file")
    assert str(several.value) == ("Faults (file)\n       1. One.\n       2. Two (there)\n          Mend it.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        ("plain", "plain"),
        ("امانت", "امانت"),
        ("", "''"),
        ("a\nb", r"'a\nb'"),
        (" edge", "' edge'"),
        ("\u202ex", r"'\u202ex'"),
        ("x" * 99, "x" * 59 + "…"),
    ],
)
def test_values_are_shown_on_one_short_line(value, text):
    assert shown(value) == text


def test_lists_read_as_sentences():
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("error", "what", "where"),
    [
        (
            OSError(errno.EROFS, "Read-only file system", "/a", None, "/b"),
            "Read-only file system",
            "/a and /b",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device", "the cache"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "gpg"),
            "No such file or directory",
            "gpg",
        ),
        (requests.ConnectionError("no route\nand more"), "it failed: no route", ""),
        (OSError(), "it failed: OSError", ""),
    ],
)
def test_what_the_system_refused_is_said_with_where(error, what, where):
    told = of_os(error)
    assert what in told.what
    assert where in told.where
    assert "\n" not in told.what
