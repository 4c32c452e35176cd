"""Article 5 clause 6-2: a fixed telephone line, published where customers look for it."""

import pytest

from amanat import landlines
from amanat.audit import requirement
from amanat.audit.website import DeclaredSite, Website
from amanat.site.check import telephone_link
from amanat.site.markup import Page


@requirement("A5-6-2-landline")
@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_landline_is_published(website: Website, declared_site: DeclaredSite, language, bound):
    """The pages of each language publish the declared line and no other, as a number of the country's fixed network."""
    declared_site.require_own()
    facts = website.facts(declared_site.pages(language))
    published = {fact.value for fact in facts if fact.what == "the landline"}
    assert bound("published_landlines").allows(len(published))
    assert published == {declared_site.declarations.landline}
    assert {landlines.to_e164(number) for number in published} == published


@requirement("A5-6-2-landline")
def test_a_telephone_dials_it_from_every_page(website: Website, declared_site: DeclaredSite):
    """Whoever reads any page on a phone reaches the line by touching it."""
    link = telephone_link(declared_site.declarations.landline)
    pages = [*declared_site.pages("fa"), *declared_site.pages("en")]
    assert [name for name in pages if link not in Page.read(website.page(name).text).links] == []
