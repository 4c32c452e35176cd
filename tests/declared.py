"""An operator's declarations as tests take them: whole, lawful, and of nobody."""

import copy
from datetime import UTC, datetime, timedelta

import yaml

from amanat.settings import Settings

NAMES = {"operator_name_fa": "پیام‌رسان نمونه", "operator_name_en": "Nemune Messaging"}
DECLARED = {
    "registered_name_fa": "شرکت پیام‌رسانی نمونه (سهامی خاص)",
    "registered_name_en": "Nemune Messaging (private joint-stock company)",
    "registration_number": "۵۴۳۲۱۰",
    "about_fa": "پیام شما را به مشتریانتان می‌رسانیم.",
    "about_en": "We carry your messages to your customers.",
    "address_fa": "تهران، خیابان نمونه، پلاک ۱۲",
    "address_en": "No. 12, Nemune St. & Sons, Tehran",
    "postal_code": "۱۴۱۷۶-۱۴۴۱۸",
    "landline": "۰۲۱-۸۸۸۸۰۰۰۰",
    "email": "info@nemune.example",
    "price_list": {
        "date": "۱۴۰۵/۰۹/۰۱",
        "items": [
            {"name_fa": "پیامک", "name_en": "SMS", "amount_rial": "۱۸۹۰", "per": "message"},
            {"name_fa": "پنل سازمانی", "name_en": "Subscription", "amount_rial": 12500000, "per": "month"},
            {"name_fa": "اعلان", "name_en": "Push notification", "amount_rial": 0, "per": "once"},
        ],
    },
    "enamad": {
        "id": "123456",
        "code": "AbCdEf0123456789",
        "issued": "1405-06-01",
        "ends": "1406-06-01",
    },
    "licence": {
        "number": "0412-97/33",
        "issuer_fa": "اتحادیهٔ کشوری کسب‌وکارهای مجازی",
        "issuer_en": "Nationwide Union of Virtual Businesses",
        "issued": "1404-02-31",
        "ends": "1409-02-31",
    },
    "committee_approvals": [
        {
            "committee_fa": "کمیتهٔ سلامت",
            "committee_en": "Health Committee",
            "number": "77/1405",
            "date": "1405-03-10",
            "link": "https://committee.example/77",
        }
    ],
}


def of_today():
    """The same with what ends begun today, for stacks that are audited."""
    today = datetime.now(UTC).date()
    year = today + timedelta(days=365)
    return declared(price_list__date=f"{today}", enamad__issued=f"{today}", enamad__ends=f"{year}")


def settings_file(placement, **others):
    """The text of a stack's settings that declare this, with machines placed so, and other settings."""
    config = {f"amanat:{name}": value for name, value in {**NAMES, **others}.items()}
    config |= {"amanat:declarations": of_today(), "amanat:placement": placement}
    return yaml.safe_dump({"config": config}, allow_unicode=True, sort_keys=False)


def declared(**changes):
    """The declarations as a setting holds them; `changes` by path with __ between its steps, None removes."""
    given = copy.deepcopy(DECLARED)
    for path, value in changes.items():
        *outer, last = path.split("__")
        inner = given
        for step in outer:
            inner = inner[int(step) if step.isdecimal() else step]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return given


def settings(declarations=None, **others):
    """The settings of a stack that declares this."""
    return Settings.parse({**NAMES, "declarations": declarations or declared(), **others}, "local")
