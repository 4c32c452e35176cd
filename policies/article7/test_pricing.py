"""Article 7: the prices of all services are published, with the day on which they were last confirmed."""

from datetime import date

import pytest

from amanat.audit import requirement
from amanat.audit.website import DeclaredSite, Website
from amanat.calendars import today

PRICES = ("the price of", "the price list of")


@requirement("A7-pricing")
@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_price_list_is_published(website: Website, declared_site: DeclaredSite, language):
    """The pages of each language publish the declared price of every service, and no other."""
    declared_site.require_own()
    published = {fact for fact in website.facts(declared_site.pages(language)) if fact.what in PRICES}
    assert published == {fact for fact in declared_site.facts(language) if fact.what in PRICES}


@requirement("A7-pricing")
def test_the_price_list_was_confirmed_lately(website: Website, declared_site: DeclaredSite, bound):
    """Its published date is not older than the bound, and not to come."""
    facts = website.facts(declared_site.pages("fa"))
    (day,) = (fact.value for fact in facts if fact.what == "the price list of")
    age = (today() - date.fromisoformat(day)).days
    assert age >= 0, f"{day} is yet to come"
    assert bound("price_list_age_days").allows(age)
