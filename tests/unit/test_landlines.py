"""Fixed lines of Iran: every way to write one gives its E.164, and whatever is none is refused with the reason."""

import pytest

from amanat.landlines import AREA_CODES, international, national, to_e164


@pytest.mark.parametrize(
    "written",
    [
        "02188880000",
        "021-88880000",
        "021 8888 0000",
        "(021) 8888-0000",
        "021/88880000",
        "021\u201388880000",
        "021.8888.0000",
        "+982188880000",
        "+98 21 8888 0000",
        "+98 (0)21 88880000",
        "00982188880000",
        "0098 021 88880000",
        "۰۲۱-۸۸۸۸۰۰۰۰",
        "٠٢١٨٨٨٨٠٠٠٠",
        "+۹۸ ۲۱ ۸۸۸۸ ۰۰۰۰",
    ],
)
def test_a_fixed_line_has_one_form(written):
    assert to_e164(written) == "+982188880000"


def test_every_province_has_its_area_code():
    assert len(AREA_CODES) == len(set(AREA_CODES.values())) == 31
    for code in AREA_CODES:
        assert to_e164(f"0{code}32345678") == f"+98{code}32345678"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("09121234567", "is a mobile number"),
        ("+989121234567", "is a mobile number"),
        ("09921234567", "is a mobile number"),
        ("88880000", "has no area code that begins with 0"),
        ("2188880000", "has no area code that begins with 0"),
        ("982188880000", "has no area code that begins with 0"),
        ("0221-8888000", "begins with 022, which is no area code"),
        ("01234567890", "begins with 012, which is no area code"),
        ("02012345678", "begins with 020, which is no area code"),
        ("07001234567", "begins with 070, which is no area code"),
        ("021-8888000", "has 7 digits behind the area code 021"),
        ("021-888800001", "has 9 digits behind the area code 021"),
        ("021-1540", "has 4 digits behind the area code 021"),
        ("021", "has 0 digits behind the area code 021"),
        ("021-08880000", "has a 0 behind the area code 021"),
        ("+442071234567", "is not a number of Iran, +98"),
        ("0044 20 7123 4567", "is not a number of Iran, +98"),
        ("+98", "is not a number of Iran, +98"),
        ("+98 021 abc", "is not a number of Iran, +98"),
        ("021-8888-OOOO", "is not a telephone number"),
        ("021-88880000;ext=1", "is not a telephone number"),
        ("021-88880000 داخلی ۱۲", "is not a telephone number"),
        ("", "is not a telephone number"),
        ("tel:02188880000", "is not a telephone number"),
        ("0²188880000", "is not a telephone number"),
    ],
)
def test_what_is_no_fixed_line_is_refused_with_the_reason(written, why):
    with pytest.raises(ValueError, match="^(is|has|begins)") as refused:
        to_e164(written)
    assert why in str(refused.value)


def test_people_read_a_line_as_they_dial_it():
    assert national("+982188880000") == "021-88880000"
    assert international("+982188880000") == "+98 21 8888 0000"
    assert to_e164(national("+983132345678")) == to_e164(international("+983132345678")) == "+983132345678"
