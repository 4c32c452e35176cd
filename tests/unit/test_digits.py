"""One form for what people type: digits of every script are 0-9, and nothing invisible passes."""

import pytest

from amanat.digits import latin_digits, party, written
from amanat.errors import BadInput


@pytest.mark.parametrize(
    "text",
    ["+۹۸۹۱۲۳", "+٩٨٩١٢٣", "+９８９１２３", "+९८९१२३", "+៩៨៩១២៣", "+𝟗𝟖𝟗𝟏𝟐𝟑", "+98۹۱٢३", "+989123"],
)
def test_digits_of_every_script_are_the_same_party(text):
    assert party(text, "--party") == "+989123"
    assert latin_digits(text) == "+989123"


def test_what_is_no_decimal_digit_stays():
    assert latin_digits("x²Ⅷ½۰") == "x²Ⅷ½0"


def test_composed_and_decomposed_letters_are_one():
    assert party("cafe\u0301", "--party") == "caf\u00e9"


@pytest.mark.parametrize(
    "sign",
    [
        "\u202a",
        "\u202e",
        "\u2066",
        "\u2069",
        "\u200b",
        "\u200d",
        "\u200e",
        "\ufeff",
        "\u00ad",
        "\x00",
        "\n",
        "\x7f",
    ]
    + ["\u2028", "\u2029", "\ue000", "\udcff", "\u0378", "\U000e0041"],
)
def test_what_nobody_can_see_is_refused_and_named(sign):
    for read in (party, written):
        with pytest.raises(BadInput, match=f"U\\+{ord(sign):04X}, which can't be seen") as refused:
            read(f"+98{sign}912", "--party")
        assert str(refused.value).isprintable() or "\n" in str(refused.value)
        assert sign == "\n" or sign not in str(refused.value)


def test_a_name_may_have_the_non_joiner_that_persian_needs_and_a_party_not():
    assert written("علی‌رضا احمدی ۲", "--approver") == "علی‌رضا احمدی ۲"
    with pytest.raises(BadInput, match=r"U\+200C"):
        party("علی‌رضا", "--party")
