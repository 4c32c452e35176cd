"""Declarations: lawful ones are taken in one form; each bad one gives one message with its path, value and fix."""

import json
from datetime import date

import pytest
import yaml

from amanat.declarations import Declarations
from amanat.errors import BadInput, BadInputs
from amanat.law import OutsideTheLaw
from amanat.paths import PROJECT_ROOT
from amanat.setting_errors import BadSetting
from amanat.settings import Settings
from tests.declared import NAMES, declared, settings

RIGHT_TO_LEFT_OVERRIDE = "\u202e"
ZERO_WIDTH_SPACE = "\u200b"
FIRST = "price_list__items__0__"
TEXTS = [{"name_fa": "پیامک", "name_en": "SMS", "amount_rial": 1, "per": "message"}]

# name of the case: (path, value, what the message says of it)
BAD = {
    "mobile": ("landline", "09121234567", "landline = 09121234567 is a mobile number"),
    "number without quotes": ("landline", 2188880000, "landline = 2188880000 is not text"),
    "no landline": ("landline", "", "landline = '' is not a telephone number"),
    "no address of mail": ("email", "info at nemune", "email = info at nemune is not a mail address"),
    "empty mail": ("email", "", "email = '' is not a mail address"),
    "mail with markup": ("email", "a<b@c.example", "is not a mail address"),
    "short postal code": ("postal_code", "12345", "postal_code = 12345 is not 10 digits"),
    "postal code of letters": ("postal_code", "12345ABCDE", "is not 10 digits"),
    "name in English": ("registered_name_fa", "Nemune", "has no Persian letter"),
    "name with markup": ("registered_name_en", "<b>Nemune</b>", "holds < (U+003C)"),
    "name in two lines": ("registered_name_en", "Nemune\nMessaging", "holds a control character"),
    "no registration": ("registration_number", "", "is not a number of a document"),
    "registration of signs": ("registration_number", "--", "is not a number of a document"),
    "address that flips": (
        "address_en",
        f"No. 12{RIGHT_TO_LEFT_OVERRIDE}",
        "holds U+202E, which can't be seen",
    ),
    "address with a gap": ("address_fa", f"تهران{ZERO_WIDTH_SPACE}", "holds U+200B, which can't be seen"),
    "no address": ("address_fa", "", "address_fa = '' is not a text"),
    "address in signs": ("address_en", "...", "is not a text"),
    "endless address": ("address_en", "A" * 501, "is longer than 500 characters"),
    "address in English": ("address_fa", "Tehran", "has no Persian letter"),
    "month 13": ("price_list__date", "1405-13-01", "calendar has no 1405-13-01"),
    "30 Esfand of a common year": ("price_list__date", "1405-12-30", "calendar has no 1405-12-30"),
    "no calendar's year": ("price_list__date", "0405-01-01", "the year 405 is neither"),
    "two digits": ("price_list__date", "05/09/01", "is not a date"),
    "a time": ("price_list__date", "2026-11-22T10:00", "is not a date"),
    "a number": ("price_list__date", 20261122, "date = 20261122 is not text"),
    "no prices": ("price_list__items", [], "price_list.items = () is empty"),
    "prices in a text": ("price_list__items", "SMS", "price_list.items = SMS is not a list"),
    "price in a text": ("price_list__items", ["SMS"], "price_list.items[0] = SMS is not a mapping"),
    "list in a text": ("price_list", "1,890", "price_list = 1,890 is not a mapping"),
    "negative price": (f"{FIRST}amount_rial", -1, "items[0].amount_rial = -1 is too small"),
    "price in toman": (f"{FIRST}amount_rial", "189 toman", "amount_rial = 189 toman is not an integer"),
    "broken price": (f"{FIRST}amount_rial", 18.9, "amount_rial = 18.9 is not an integer"),
    "endless price": (f"{FIRST}amount_rial", 10**13, "is too large"),
    "unknown unit": (f"{FIRST}per", "messages", "items[0].per = messages is unknown"),
    "seal for two years": ("enamad__ends", "1407-06-01", "is 730 days after issued, above 366"),
    "seal for a day too long": ("enamad__ends", "2027-08-25", "is 367 days after issued, above 366"),
    "seal that ends first": ("enamad__ends", "1405-05-31", "is not after issued"),
    "seal for no day": ("enamad__ends", "1405-06-01", "is not after issued"),
    "seal's id as a number": ("enamad__id", 123456, "enamad.id = 123456 is not text"),
    "seal's id as a link": ("enamad__id", "1&Code=x", "is not an eNAMAD id"),
    "seal's code with a quote": ("enamad__code", 'Ab"><script>', "is not an eNAMAD code"),
    "licence that ends first": ("licence__ends", "1404-02-30", "is not after issued"),
    "licence's number": ("licence__number", "", "licence.number = '' is not a number of a document"),
    "approval over plain HTTP": (
        "committee_approvals__0__link",
        "http://committee.example/77",
        "committee_approvals[0].link = http://committee.example/77 is not a URL with https",
    ),
    "approval as a script": (
        "committee_approvals__0__link",
        "javascript:alert(1)",
        "is not a URL with https",
    ),
    "approval with a quote": (
        "committee_approvals__0__link",
        "https://c.example/'x",
        "holds a password, a quote",
    ),
    "approval with a password": (
        "committee_approvals__0__link",
        "https://u:p@c.example/",
        "holds a password",
    ),
    "approvals in a mapping": ("committee_approvals", {"a": 1}, "is not a list"),
    "a secret": ("email", {"secure": "v1:x"}, "email = "),
}


@pytest.mark.parametrize(("path", "value", "said"), BAD.values(), ids=BAD)
def test_a_bad_declaration_gives_one_message(path, value, said):
    with pytest.raises(BadInput) as refused:
        settings(declared(**{path: value}))
    what, _, fix = str(refused.value).partition("\n       ")
    assert isinstance(refused.value, BadSetting | OutsideTheLaw)
    assert what.startswith("declarations.")
    assert said in what
    assert "amanat:declarations." in fix
    assert "Pulumi.local.yaml" in fix
    assert str(refused.value).count("\n") == 1
    assert "pydantic" not in str(refused.value)
    assert max(map(len, str(refused.value).split("\n"))) < 240


def test_a_seal_for_too_long_names_its_source():
    with pytest.raises(OutsideTheLaw, match=r"the Virtual Business Union's statement allows \(U-enamad\)"):
        settings(declared(enamad__ends="1407-06-01"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"landline": None}, "declarations.landline is missing.\n       In Pulumi.local.yaml, set amanat"),
        ({f"{FIRST}per": None}, "declarations.price_list.items[0].per is missing"),
        ({"licence__number": None}, "declarations.licence.number is missing"),
        (
            {"landlin": "x"},
            "amanat:declarations.landlin is not a setting.\n       Did you mean amanat:declarations.landline?",
        ),
        ({"licence__nummer": "x"}, "Did you mean amanat:declarations.licence.number?"),
        ({f"{FIRST}perr": "x"}, "Did you mean amanat:declarations.price_list.items[0].per?"),
        ({"committee_approvals__0__colour": "x"}, "committee_approvals[0].colour is not a setting"),
    ],
)
def test_what_is_missing_or_unknown_is_named_by_its_path(changes, said):
    with pytest.raises(BadSetting) as refused:
        settings(declared(**changes))
    assert said in str(refused.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(BadInputs) as refused:
        settings(declared(landline="09121234567", enamad__ends="1407-06-01"), ip_retention_days=100)
    assert len(refused.value.faults) == 3
    assert str(refused.value).startswith("3 settings are refused (Pulumi.local.yaml)\n")


@pytest.mark.parametrize("value", ["text", ["a"], 7, '["a"]'])
def test_declarations_are_a_mapping(value):
    with pytest.raises(BadSetting, match=r"declarations = .* is not a mapping"):
        Settings.parse({**NAMES, "declarations": value}, "local")


def test_what_is_declared_is_of_somebody():
    with pytest.raises(BadInputs) as refused:
        Settings.parse({"declarations": declared()}, "local")
    assert "declarations is set, and operator_name_fa is not" in str(refused.value)
    assert "declarations is set, and operator_name_en is not" in str(refused.value)


def test_a_stack_without_declarations_stays_as_it_is():
    assert Settings.parse({}, "local").declared is None
    assert Settings.parse({"declarations": ""}, "local").declared is None


def test_declarations_are_read_as_pulumi_hands_them_over():
    given = settings(json.dumps(declared())).declared
    assert given == settings().declared
    assert given.registration_number == "543210"
    assert given.postal_code == "1417614418"
    assert given.landline == "+982188880000"
    assert given.price_list.items[0].amount_rial == 1890
    assert given.price_list.date == date(2026, 11, 22)
    assert given.licence.issued == date(2025, 5, 21)
    assert given.enamad.link == "https://trustseal.enamad.ir/?id=123456&Code=AbCdEf0123456789"


@pytest.mark.parametrize(
    "written",
    ["2026-11-22", "1405-09-01", "۱۴۰۵/۹/۱", "14050901", "2026-11-22 00:00:00 +0000 UTC", date(2026, 11, 22)],
)
def test_a_date_is_of_either_calendar_and_may_have_gone_through_pulumi(written):
    assert settings(declared(price_list__date=written)).declared.price_list.date == date(2026, 11, 22)


def test_a_year_of_the_seal_may_be_a_leap_year():
    given = declared(enamad__issued="1403-12-30", enamad__ends="1404-12-29")  # 1403 is a leap year
    assert settings(given).declared.enamad.ends == date(2026, 3, 20)
    assert settings(declared(enamad__ends="2027-08-24")).declared.enamad.ends == date(2027, 8, 24)


def test_the_guides_example_is_lawful_and_names_every_part():
    guide = (PROJECT_ROOT / "docs/guide.md").read_text("utf-8")
    section = guide.partition("\n## The operator's site\n")[2]
    example = yaml.safe_load(section.partition("```yaml\n")[2].partition("```")[0])["config"]
    given = Settings.parse({name.removeprefix("amanat:"): value for name, value in example.items()}, "local")
    assert set(example["amanat:declarations"]) == set(Declarations.model_fields)
    assert given.declared.committee_approvals[0].link


def test_a_link_may_have_a_query():
    link = "https://committee.example/show?year=1405&number=77#text"
    given = settings(declared(committee_approvals__0__link=link)).declared
    assert given.committee_approvals[0].link == link


def test_what_need_not_be_declared_is_left_out():
    given = declared(
        enamad=None, licence=None, committee_approvals=None, postal_code=None, about_fa=None, about_en=None
    )
    found = settings(given).declared
    assert (found.enamad, found.licence, found.committee_approvals) == (None, None, ())
    assert (found.postal_code, found.about_fa) == ("", "")


def test_arabic_letters_become_persian_ones():
    assert settings(declared(address_fa="كوچه ياس")).declared.address_fa == "کوچه یاس"
