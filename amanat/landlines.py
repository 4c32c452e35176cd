"""Iranian fixed telephone lines: a number as people write it, as E.164, and as both languages show it."""

import re
from collections.abc import Mapping

from amanat.digits import latin_digits

COUNTRY_CODE = "+98"
SUBSCRIBER_DIGITS = 8
# Area code -> its province: the numbering plan since 2015; libphonenumber's metadata of IR has the same.
AREA_CODES: Mapping[str, str] = {
    "11": "Mazandaran",
    "13": "Gilan",
    "17": "Golestan",
    "21": "Tehran",
    "23": "Semnan",
    "24": "Zanjan",
    "25": "Qom",
    "26": "Alborz",
    "28": "Qazvin",
    "31": "Isfahan",
    "34": "Kerman",
    "35": "Yazd",
    "38": "Chaharmahal and Bakhtiari",
    "41": "East Azerbaijan",
    "44": "West Azerbaijan",
    "45": "Ardabil",
    "51": "Razavi Khorasan",
    "54": "Sistan and Baluchestan",
    "56": "South Khorasan",
    "58": "North Khorasan",
    "61": "Khuzestan",
    "66": "Lorestan",
    "71": "Fars",
    "74": "Kohgiluyeh and Boyer-Ahmad",
    "76": "Hormozgan",
    "77": "Bushehr",
    "81": "Hamadan",
    "83": "Kermanshah",
    "84": "Ilam",
    "86": "Markazi",
    "87": "Kurdistan",
}
_BETWEEN = re.compile(r"[\s()./\u2010-\u2013-]+")  # what people put between the digits
_INTERNATIONAL = re.compile(r"(?:\+|00)98(?P<national>0?[0-9]+)")


def to_e164(written: str) -> str:
    """A fixed line's number as ITU-T E.164 has it: +982188880000.

    `written` is international (+98 or 0098) or national (021 …), with any script's digits. Raises ValueError that
    says in words why it is no fixed line of Iran.
    """
    digits = _BETWEEN.sub("", latin_digits(written))
    abroad = _INTERNATIONAL.fullmatch(digits)
    national = "0" + abroad["national"].removeprefix("0") if abroad else digits
    if digits.startswith(("+", "00")) and not abroad:
        raise ValueError("is not a number of Iran, +98")
    if not re.fullmatch(r"[0-9]+", national):
        raise ValueError("is not a telephone number")
    if not national.startswith("0"):
        raise ValueError("has no area code that begins with 0")
    if national.startswith("09"):
        raise ValueError("is a mobile number")
    area, subscriber = national[1:3], national[3:]
    if area not in AREA_CODES:
        raise ValueError(f"begins with 0{area}, which is no area code")
    if len(subscriber) != SUBSCRIBER_DIGITS or subscriber.startswith("0"):
        raise ValueError(
            f"has {len(subscriber)} digits behind the area code 0{area}"
            if len(subscriber) != SUBSCRIBER_DIGITS
            else f"has a 0 behind the area code 0{area}, where no number of a subscriber begins"
        )
    return f"{COUNTRY_CODE}{area}{subscriber}"


def national(e164: str) -> str:
    """How a number is dialled within Iran: 021-88880000."""
    digits = e164.removeprefix(COUNTRY_CODE)
    return f"0{digits[:2]}-{digits[2:]}"


def international(e164: str) -> str:
    """How a number is written for those abroad (ITU-T E.123): +98 21 8888 0000."""
    digits = e164.removeprefix(COUNTRY_CODE)
    return f"{COUNTRY_CODE} {digits[:2]} {digits[2:6]} {digits[6:]}"
