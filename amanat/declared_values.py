"""What one value of a declaration may look like: dates, telephone and postal numbers, and what people read."""

import re
import unicodedata
from datetime import date

from pydantic import BeforeValidator

from amanat import landlines, validators
from amanat.calendars import DATE_EXAMPLES, NoDate, day_of
from amanat.digits import INVISIBLE, ZERO_WIDTH_NON_JOINER, latin_digits
from amanat.errors import shown
from amanat.urls import BadUrl, split_url
from amanat.validators import InvalidValue, checked_text, optional, required

# What Pulumi makes of a date without quotes, and writes into the stack's file: Go's own form of a time.
AS_GO_WRITES_A_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}) 00:00:00 \+0000 UTC")
DOCUMENT_NUMBER = re.compile(r"[^\W_](?:[\w ./-]{0,38}[^\W_])?")
LINK = re.compile(r"[!#-&(-;=?-_a-z~]{1,500}")  # printable ASCII without quotes, < and >
ENAMAD_ID = re.compile(r"[0-9]{1,12}")
ENAMAD_CODE = re.compile(r"[A-Za-z0-9]{4,64}")


def matching(regex: re.Pattern[str], why: str, instead: str) -> BeforeValidator:
    """Text that the expression matches as a whole, digits of any script taken as 0-9; "" isn't left out but refused."""

    def check(text: str) -> str:
        plain = latin_digits(text)
        if not regex.fullmatch(plain):
            raise InvalidValue(why, instead)
        return plain

    return required(check, instead)


def document_number() -> BeforeValidator:
    """The number of a document or a register: up to 40 letters and digits, with . / - and blanks between them."""
    return matching(DOCUMENT_NUMBER, "is not a number of a document", "its number in quotes")


def mail_address() -> BeforeValidator:
    """A mail address."""
    return matching(validators.MAIL_ADDRESS, "is not a mail address", "an address such as info@example.org")


def link(instead: str) -> BeforeValidator:
    """An address over https that a page may link to, in ASCII and without a password; or ""."""

    def check(text: str) -> str:
        try:
            parts = split_url(text)
        except BadUrl as fault:
            raise InvalidValue(str(fault), instead) from fault
        if parts.scheme != "https" or not parts.hostname:
            raise InvalidValue("is not a URL with https", instead)
        if parts.username is not None or not LINK.fullmatch(text):
            raise InvalidValue("holds a password, a quote or a letter beyond ASCII", instead)
        return text

    return optional(check, instead)


def enamad_id() -> BeforeValidator:
    """What stands behind id= in the link of an eNAMAD seal."""
    return matching(ENAMAD_ID, "is not an eNAMAD id", "the digits behind id= in quotes")


def enamad_code() -> BeforeValidator:
    """What stands behind Code= in the link of an eNAMAD seal."""
    return matching(ENAMAD_CODE, "is not an eNAMAD code", "what stands behind Code= in quotes")


def day() -> BeforeValidator:
    """A date of either calendar, with any script's digits. See `calendars.day_of`."""
    instead = f"a date such as {DATE_EXAMPLES}"

    def check(value: object) -> date:
        if isinstance(value, date):
            return value
        text = checked_text(value, f"{instead}, in quotes")
        found = AS_GO_WRITES_A_DATE.fullmatch(text)
        try:
            return day_of(found[1] if found else text, "")
        except NoDate as fault:
            raise InvalidValue(fault.what.removeprefix(f"{shown(text)} "), instead) from fault

    return BeforeValidator(check)


def landline() -> BeforeValidator:
    """A fixed telephone line of Iran, as E.164. See `landlines.to_e164`."""
    instead = "a fixed line with its area code such as 021-88880000 or +982188880000, in quotes"

    def check(value: object) -> str:
        try:
            return landlines.to_e164(checked_text(value, instead))
        except InvalidValue:
            raise
        except ValueError as fault:
            raise InvalidValue(str(fault), instead) from fault

    return BeforeValidator(check)


def digits(count: int, instead: str) -> BeforeValidator:
    """So many digits of any script, as 0-9, or ""; hyphens and blanks between them go."""

    def check(text: str) -> str:
        plain = re.sub(r"[ -]", "", latin_digits(text))
        if not re.fullmatch(rf"[0-9]{{{count}}}", plain):
            raise InvalidValue(f"is not {count} digits", instead)
        return plain

    return optional(check, instead)


def prose(persian: bool = False, may_be_empty: bool = False) -> BeforeValidator:
    """A sentence or more on one line, with whatever signs; a page escapes them."""
    script = " in Persian" if persian else ""
    instead = f"a text{script} of at most {validators.LONGEST_TEXT} characters on one line"

    def check(value: object) -> str:
        text = unicodedata.normalize("NFC", checked_text(value, instead)).translate(validators.ARABIC_LETTERS)
        if not text and may_be_empty:
            return ""
        hidden = next((sign for sign in text if _is_hidden(sign)), "")
        if hidden:
            raise InvalidValue(f"holds U+{ord(hidden):04X}, which can't be seen", instead)
        if not any(sign.isalpha() for sign in text):
            raise InvalidValue("is not a text", instead)
        if persian and not any("\u0600" <= sign <= "\u06ff" for sign in text):
            raise InvalidValue("has no Persian letter", instead)
        return text

    return BeforeValidator(check)


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in INVISIBLE and sign != ZERO_WIDTH_NON_JOINER
