"""Digits and signs of what people type or paste: one rule for parties, numbers and dates, also in the archive."""

import unicodedata

from amanat.errors import BadInput, shown

INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})  # Unicode's general categories
ZERO_WIDTH_NON_JOINER = "\u200c"  # Persian writing needs it: علی‌رضا


def latin_digits(text: str) -> str:
    """The text with every script's decimal digits (Persian, Arabic, fullwidth, …) turned into 0-9."""
    return "".join(
        str(unicodedata.decimal(sign)) if unicodedata.category(sign) == "Nd" else sign for sign in text
    )


def party(text: str, where: str) -> str:
    """The one form of an origin, a destination, a user or a reference: NFC, digits 0-9, nothing invisible.

    Raises BadInput, naming `where`, for control and format signs (bidirectional ones, zero width), line
    separators, and code points that are private, unassigned or half a pair. The archive applies the same rule.
    """
    return _visible(latin_digits(unicodedata.normalize("NFC", text)), where, "")


def written(text: str, where: str) -> str:
    """A person's words on one line: in a party's form, but digits stay, and so does the zero width non-joiner."""
    return _visible(unicodedata.normalize("NFC", text), where, ZERO_WIDTH_NON_JOINER)


def _visible(text: str, where: str, allowed: str) -> str:
    for sign in text:
        if unicodedata.category(sign) in INVISIBLE and sign not in allowed:
            name = f"U+{ord(sign):04X}"
            raise BadInput(
                f"{shown(text)} holds {name}, which can't be seen",
                where,
                "Type it anew, without what was pasted.",
            )
    return text
