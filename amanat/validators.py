"""What one value of a setting may look like: each function returns a pydantic validator of one kind of value.

It takes what Pulumi hands over (text, mostly) and returns the typed value, or raises InvalidValue.
"""

import difflib
import ipaddress
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, ValidationInfo

from amanat.digits import latin_digits
from amanat.errors import BadInput, listed, shown
from amanat.urls import BadUrl, checked_url, go_proxies, is_plain, split_url

PRIVATE_NETWORKS = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
IMAGE = re.compile(
    r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*"
    r"(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")
LONGEST_TEXT = 500
LONGEST_NAME = 80
NAME_SIGNS = " .,-()\u2013\u2019\u060c\u00ab\u00bb\u200c"  # no sign that a shell or a template knows
# Of what a bound of the register limits, by its unit: a century, a day, and what nobody has.
MOST_SENSIBLE = {"days": 36525, "hours": 876600, "seconds": 86400, "full backups": 1000, "Mbit/s": 1000000}
ARABIC_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})  # keyboards mix them; Persian has its own


class InvalidValue(ValueError):
    """A value that can't be taken: why, and what to set instead; or a whole complaint in `fault`."""

    def __init__(self, why: str, instead: str, fault: BadInput | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.instead = instead
        self.fault = fault


def closest_match(name: str, known: Iterable[str]) -> str:
    """The known name that `name` may have been meant to be, or ""."""
    return next(iter(difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)), "")


def integer(low: int, high: int, zero: str = "") -> BeforeValidator:
    """An integer from `low` to `high`; 0 as well if `zero` says what it means."""
    return BeforeValidator(lambda value: _checked_number(value, low, high, zero, _range(low, high, zero)))


def bounded(unit: str, least: int | None = None) -> BeforeValidator:
    """An integer in the unit of the bound of the same name: what the bound refuses is left for the law to say.

    `least` where the bound has no minimum and smaller numbers make no sense. The most is there against typing errors.
    """
    most = MOST_SENSIBLE[unit]
    low = -most if least is None else least
    instead = f"an integer number of {unit}{f' from {low}' if least is not None else f', at most {most}'}"
    return BeforeValidator(lambda value: _checked_number(value, low, most, "", instead))


def integers(low: int, high: int, zero: str, such_as: str) -> BeforeValidator:
    """Names with an integer each (see `integer`)."""
    instead = f"a mapping such as {such_as}, or leave it out"

    def check(value: object) -> dict[str, int]:
        numbers = {}
        for name, number in _mapping(value, instead).items():
            try:
                numbers[name] = _checked_number(number, low, high, zero, _range(low, high, zero))
            except InvalidValue as fault:
                raise InvalidValue(
                    f"has {shown(name)}: {shown(number)}, which {fault.why}", fault.instead
                ) from fault
        return numbers

    return BeforeValidator(check)


def _range(low: int, high: int, zero: str) -> str:
    return f"{f'0 ({zero}) or ' if zero else ''}an integer from {low} to {high}"


def _checked_number(value: object, low: int, high: int, zero: str, instead: str) -> int:
    number = _integer(value)
    if number is None:
        raise InvalidValue("is not an integer", instead)
    if not (low <= number <= high or (zero and number == 0)):
        raise InvalidValue(f"is too {'small' if number < low else 'large'}", instead)
    return number


def _mapping(value: object, instead: str) -> dict[str, object]:
    """A mapping from a stack's file, or the JSON that Pulumi makes of it."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError as fault:
            raise InvalidValue("is not a mapping", instead) from fault
    if not isinstance(value, dict):
        raise InvalidValue("is not a mapping", instead)
    return {checked_text(name, instead): each for name, each in value.items()}


def one_of(*names: str, unbuilt: str = "") -> BeforeValidator:
    """One of a closed list of names. `unbuilt` is a name that a later release knows."""

    def check(value: object) -> str:
        text = checked_text(value, listed(names, "or"))
        if text in names:
            return text
        if text == unbuilt:
            raise InvalidValue("is not built yet", f"{listed(names, 'or')} (this release has no other)")
        meant = closest_match(text, names)
        raise InvalidValue(
            "is unknown", f"{meant} (of {listed(names)})" if meant and names[1:] else listed(names, "or")
        )

    return BeforeValidator(check)


def address(*schemes: str, instead: str) -> BeforeValidator:
    """A URL of one of the schemes, or "" for none. It holds no password: settings are not secret."""
    return optional(lambda text: _checked_address(text, schemes, instead), instead)


def proxy(instead: str) -> BeforeValidator:
    """An HTTP proxy with its port, at an address that a host reaches; "" for none."""

    def check(text: str) -> str:
        plain = _checked_address(text, ("http",), instead)
        parts = urlsplit(plain)
        host = (parts.hostname or "").rstrip(".")
        if not parts.port or parts.path or parts.query or parts.fragment:
            raise InvalidValue("is not a proxy with its port", instead)
        if host == "localhost" or _is_own(host):
            raise InvalidValue(
                "is loopback, and each host would ask itself", "an address that the hosts can reach"
            )
        return plain

    return optional(check, instead)


def _is_own(host: str) -> bool:
    """Whether an address in any of its spellings (127.1, 0.0.0.0, ::ffff:127.0.0.1) leads to whoever uses it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"[0-9.]+", host) is not None  # an IPv4 address cut short: nobody needs one
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def ipv4_addresses(instead: str) -> BeforeValidator:
    """IPv4 addresses of other machines, parted by commas or blanks, as text parted by single commas; "" for none."""

    def check(text: str) -> str:
        addresses = []
        for part in re.split(r"[\s,]+", latin_digits(text).strip(" ,")):
            try:
                address = ipaddress.IPv4Address(part)
            except ValueError as fault:
                raise InvalidValue("is not a list of IPv4 addresses", instead) from fault
            if address.is_loopback or address.is_unspecified or address.is_multicast:
                raise InvalidValue(f"names {address}, which no host can ask", instead)
            addresses.append(str(address))
        return ",".join(dict.fromkeys(addresses))

    return optional(check, instead)


def go_proxy(instead: str) -> BeforeValidator:
    """Go's GOPROXY (go.dev/ref/mod): addresses, direct and off, parted by commas or bars; "" for Go's own."""

    def check(text: str) -> str:
        for part in go_proxies(text):
            _checked_address(part, ("https", "http", "file"), instead)
        return text

    return optional(check, instead)


def engine(instead: str) -> BeforeValidator:
    """A Docker engine: unix:///socket, ssh://user@host, or tcp:// on this machine, never elsewhere."""

    def check(text: str) -> str:
        parts = _parsed(text, instead)
        loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme == "tcp" and not loopback:
            raise InvalidValue("would control the engine without encryption", instead)
        well = parts.path if parts.scheme == "unix" else parts.hostname
        if parts.scheme not in ("unix", "ssh", "tcp") or not well or not is_plain(text):
            raise InvalidValue("is not an address of a Docker engine", instead)
        if parts.password is not None or (parts.hostname or "").startswith("-"):
            raise InvalidValue("holds a password or an option", instead)
        return text

    return optional(check, instead)


def pattern(regex: re.Pattern[str], why: str, instead: str) -> BeforeValidator:
    """Text that the expression matches as a whole, or ""."""

    def check(text: str) -> str:
        if not regex.fullmatch(text):
            raise InvalidValue(why, instead)
        return text

    return optional(check, instead)


def mapping(instead: str) -> BeforeValidator:
    """Names with a text each; a list of texts counts as one text. See `_mapping`."""

    def check(value: object) -> dict[str, str]:
        return {name: _joined(each, instead) for name, each in _mapping(value, instead).items()}

    return BeforeValidator(check)


def _joined(value: object, instead: str) -> str:
    parts = value if isinstance(value, list) else [value]
    return " ".join(checked_text(part, instead) for part in parts)


def tree(instead: str) -> BeforeValidator:
    """A mapping of whatever is in it, which is checked by its own model."""
    return BeforeValidator(lambda value: _mapping(value, instead))


def file_path(instead: str) -> BeforeValidator:
    """A path; whether the file is there is seen when it is read."""
    return optional(lambda text: text, instead)


def private_subnet(instead: str) -> BeforeValidator:
    """A private IPv4 network (RFC 1918) of /24 to /28, or ""."""

    def check(text: str) -> str:
        try:
            network = ipaddress.IPv4Network(latin_digits(text))
        except ValueError as fault:
            raise InvalidValue(f"is not an IPv4 network ({fault})", instead) from fault
        if not 24 <= network.prefixlen <= 28:
            raise InvalidValue("is too large or too small", instead)
        if not any(network.subnet_of(private) for private in PRIVATE_NETWORKS):
            raise InvalidValue("is a public network", instead)
        return str(network)

    return optional(check, instead)


def proper_name(persian: bool = False) -> BeforeValidator:
    """A name people read: letters, marks, digits, spaces, plain signs; safe in any file, shell or page."""
    script = "with Persian letters, " if persian else ""
    instead = f"a name of 1 to {LONGEST_NAME} letters, digits, spaces and . , - ( ), {script}on one line"

    def check(value: object) -> str:
        text = unicodedata.normalize("NFC", checked_text(value, instead)).translate(ARABIC_LETTERS)
        odd = next(
            (sign for sign in text if unicodedata.category(sign)[0] not in "LMN" and sign not in NAME_SIGNS),
            "",
        )
        if odd:
            raise InvalidValue(f"holds {shown(odd)} (U+{ord(odd):04X})", instead)
        if not any(sign.isalpha() for sign in text) or len(text) > LONGEST_NAME:
            raise InvalidValue("is not a name", instead)
        if persian and not any("\u0600" <= sign <= "\u06ff" for sign in text):
            raise InvalidValue("has no Persian letter", instead)
        return text

    return BeforeValidator(check)


def file_of(info: ValidationInfo) -> str:
    """The file that settings are read from, as messages name it."""
    return str((info.context or {}).get("file", "Pulumi.<stack>.yaml"))


def optional(check: Callable[[str], str], instead: str) -> BeforeValidator:
    """Text that `check` takes and returns in its one form, or ""."""

    def check_if_given(value: object) -> str:
        text = checked_text(value, instead)
        return check(text) if text else ""

    return BeforeValidator(check_if_given)


def required(check: Callable[[str], str], instead: str) -> BeforeValidator:
    """Text that `check` takes and returns in its one form."""
    return BeforeValidator(lambda value: check(checked_text(value, instead)))


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        text = latin_digits(value.strip())
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
    return value if isinstance(value, int) else None


def checked_text(value: object, instead: str) -> str:
    """One line of text without control characters. Raises InvalidValue."""
    if not isinstance(value, str):
        raise InvalidValue("is not text", instead)
    text = value.strip(" ")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for sign in text):
        raise InvalidValue("holds a control character", instead)
    if len(text) > LONGEST_TEXT:
        raise InvalidValue(f"is longer than {LONGEST_TEXT} characters", instead)
    return text


def _parsed(text: str, instead: str) -> SplitResult:
    try:
        return split_url(text)
    except BadUrl as fault:
        raise InvalidValue(str(fault), instead) from fault


def _checked_address(text: str, schemes: tuple[str, ...], instead: str) -> str:
    parts = _parsed(text, instead)
    if parts.username is not None or parts.password is not None:
        raise InvalidValue("holds a user name or password, and settings are not secret", instead)
    try:
        return checked_url(text, schemes)
    except BadUrl as fault:
        raise InvalidValue(str(fault), instead) from fault
