"""What the site has to publish, as facts: those that the settings declare, and those that pages publish by microdata.

Both are sets of the same kind, so that whatever is missing or nobody declared shows by taking one from the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from amanat.declarations import Declarations
from amanat.site.content import RETENTION_PREFIX, Content, Retention
from amanat.site.markup import Item, Page

Language = Literal["fa", "en"]
SEAL = "https://enamad.ir"  # who gives the seal, as its markup says


@dataclass(frozen=True, order=True)
class Fact:
    """One thing that is published: what it is, and its value in words of the markup."""

    what: str
    value: str

    def __str__(self) -> str:
        """For messages: "the landline +982188880000"."""
        return f"{self.what} {self.value}"


def declared(content: Content, language: Language) -> frozenset[Fact]:
    """What the pages of a language have to publish."""
    return frozenset(_declared(content, language))


def published(pages: Iterable[Page]) -> frozenset[Fact]:
    """What pages publish of all that is looked for; who issued something is another organization, and no such fact."""
    return frozenset(
        fact for page in pages for item in page.all_items(but=["issuedBy"]) for fact in _of_item(item)
    )


def _declared(content: Content, language: Language) -> Iterator[Fact]:
    own = content.declared
    yield Fact("the operator's name", content.name(language))
    yield Fact("the registered name", _said(own, "registered_name", language))
    yield Fact("the registration number", own.registration_number)
    yield Fact("the address", _said(own, "address", language))
    if own.postal_code:
        yield Fact("the postal code", own.postal_code)
    yield Fact("the landline", own.landline)
    yield Fact("the mail address", own.email)
    yield Fact("the price list of", own.price_list.date.isoformat())
    for price in own.price_list.items:
        yield _price(_said(price, "name", language), str(price.amount_rial), "IRR", price.per)
    if own.enamad:
        yield _term("the eNAMAD seal", own.enamad.link, str(own.enamad.issued), str(own.enamad.ends))
    if own.licence:
        issuer = _said(own.licence, "issuer", language)
        dates = (str(own.licence.issued), str(own.licence.ends))
        yield _term("the licence", f"{own.licence.number} by {issuer}", *dates)
    for approval in own.committee_approvals:
        yield _approval(_said(approval, "committee", language), approval.number, str(approval.date))
    yield from (_kept(row) for row in content.retention)


def _of_item(item: Item) -> Iterator[Fact]:
    if item.is_a("Organization"):
        yield from _named(item, "the operator's name", "name")
        yield from _named(item, "the registered name", "legalName")
        yield from _named(item, "the landline", "telephone")
        yield from _named(item, "the mail address", "email")
        for register in item.items("identifier"):
            yield from _named(register, "the registration number", "value")
    elif item.is_a("PostalAddress"):
        yield from _named(item, "the address", "streetAddress")
        yield from _named(item, "the postal code", "postalCode")
    elif item.is_a("OfferCatalog"):
        for offer in item.items("itemListElement"):
            yield from _offered(offer)
    elif item.is_a("Certification"):
        yield from _certified(item)
    elif item.is_a("Permit"):
        number = f"{item.text('identifier')} by {_issuer(item)}"
        yield _term("the licence", number, item.text("validFrom"), item.text("validUntil"))
    elif item.is_a("PropertyValue") and item.text("propertyID").startswith(RETENTION_PREFIX):
        yield Fact(item.text("propertyID").removeprefix(RETENTION_PREFIX), item.text("value"))


def _named(item: Item, what: str, name: str) -> Iterator[Fact]:
    return (Fact(what, value) for value in item.texts(name))


def _offered(offer: Item) -> Iterator[Fact]:
    for service in offer.items("itemOffered"):
        for price in offer.items("priceSpecification"):
            yield _price(
                service.text("name"), price.text("price"), price.text("priceCurrency"), price.text("unitText")
            )
    yield from _named(offer, "the price list of", "validFrom")


def _certified(item: Item) -> Iterator[Fact]:
    if any(SEAL in by.texts("url") for by in item.items("issuedBy")):
        yield _term("the eNAMAD seal", item.text("url"), item.text("validFrom"), item.text("expires"))
    else:
        yield _approval(_issuer(item), item.text("certificationIdentification"), item.text("datePublished"))


def _issuer(item: Item) -> str:
    return next((by.text("name") for by in item.items("issuedBy")), "")


def _price(service: str, amount: str, currency: str, per: str) -> Fact:
    return Fact("the price of", f"{service}: {amount} {currency} ({per})")


def _term(what: str, number: str, begins: str, ends: str) -> Fact:
    return Fact(what, f"{number} from {begins} to {ends}")


def _approval(committee: str, number: str, day: str) -> Fact:
    return Fact("the approval", f"{number} of {day} by {committee}")


def _kept(row: Retention) -> Fact:
    return Fact(row.setting, str(row.value))


def _said(thing: Declarations | object, name: str, language: Language) -> str:
    return str(getattr(thing, f"{name}_{language}"))
