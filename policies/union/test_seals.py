"""Virtual Business Union: the eNAMAD seal, the licence and committees' approvals are shown, and have not ended."""

import re
from collections.abc import Collection
from datetime import date
from urllib.parse import urlsplit

import pytest

from amanat.audit import requirement
from amanat.audit.website import DeclaredSite, Website, require_declared
from amanat.calendars import today
from amanat.site.facts import Fact, Language

SEAL, LICENCE, APPROVAL = "the eNAMAD seal", "the licence", "the approval"
SEALS_ARE_SHOWN_BY = "trustseal.enamad.ir"
TERM = re.compile(r"(?P<number>.+) from (?P<begins>\d{4}-\d\d-\d\d) to (?P<ends>\d{4}-\d\d-\d\d)")
languages = pytest.mark.parametrize("language", ["fa", "en"])


def shown(website: Website, declared_site: DeclaredSite, language: Language, what: str) -> set[Fact]:
    """What of a kind the pages of a language publish; it has to be what is declared."""
    published = {fact for fact in website.facts(declared_site.pages(language)) if fact.what == what}
    assert published == {fact for fact in declared_site.facts(language) if fact.what == what}
    return published


def days_of(facts: Collection[Fact]) -> tuple[str, date, date]:
    """Of the one fact with a term: its number, its first and its last day."""
    (fact,) = facts
    found = TERM.fullmatch(fact.value)
    assert found, fact
    return found["number"], date.fromisoformat(found["begins"]), date.fromisoformat(found["ends"])


@requirement("U-enamad")
@languages
def test_the_seal_is_shown_and_valid(website: Website, declared_site: DeclaredSite, language, bound):
    """The pages of each language show the declared seal; it leads to eNAMAD, is for a year at most, has not ended."""
    require_declared(declared_site.declarations.enamad, SEAL)
    link, begins, ends = days_of(shown(website, declared_site, language, SEAL))
    assert urlsplit(link)[:2] == ("https", SEALS_ARE_SHOWN_BY)
    assert bound("enamad_validity_days").allows((ends - begins).days)
    assert begins <= today() <= ends


@requirement("U-licence")
@languages
def test_the_licence_is_shown_and_valid(website: Website, declared_site: DeclaredSite, language):
    """The pages of each language show the declared licence with its number and who issued it, not ended."""
    require_declared(declared_site.declarations.licence, LICENCE)
    _, begins, ends = days_of(shown(website, declared_site, language, LICENCE))
    assert begins <= today() <= ends


@requirement("U-committee")
@languages
def test_approvals_are_shown(website: Website, declared_site: DeclaredSite, language):
    """The pages of each language show each declared approval of a committee, and no other."""
    require_declared(declared_site.declarations.committee_approvals, "an approval of a committee")
    assert shown(website, declared_site, language, APPROVAL)
