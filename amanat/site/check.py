"""Whether rendered pages may be published: they tell all that is declared, nothing else of its kind, and load nothing.

The kit's own templates do by construction; an operator's may not.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from amanat.errors import BadInput, refuse
from amanat.site.content import Content
from amanat.site.facts import Language, declared, published
from amanat.site.markup import Page

DIRECTIONS: Mapping[Language, str] = {"fa": "rtl", "en": "ltr"}
NAMES: Mapping[Language, str] = {"fa": "Persian", "en": "English"}
STYLE_LOADS = re.compile(r"""(?:url\(\s*|@import\s+)['"]?\s*(?P<address>[^'")\s]+)""", re.IGNORECASE)


class NotPublishable(BadInput):
    """A page lacks what has to be on the site, or does what its content security policy will forbid."""


def require_publishable(content: Content, pages: Mapping[str, str], static: Mapping[str, bytes]) -> None:
    """Raise NotPublishable (BadInputs with all of them) for what is wrong with pages and files, by path."""
    read = {name: Page.read(text) for name, text in pages.items()}
    faults = [
        *_unpublished(content, read),
        *(fault for name, page in read.items() for fault in _of_page(name, page)),
        *_without_telephone(content, read),
        *(fault for name, body in static.items() for fault in _of_style(name, body)),
    ]
    refuse(faults, f"the site can't be published for {len(faults)} reasons", "site_templates_directory")


def _unpublished(content: Content, pages: Mapping[str, Page]) -> Iterator[NotPublishable]:
    for language in DIRECTIONS:
        told = [page for name, page in pages.items() if language_of(name) == language]
        wanted, found = declared(content, language), published(told)
        for fact in sorted(wanted - found):
            yield NotPublishable(
                f"the {NAMES[language]} pages don't publish {fact}",
                fix="Put its markup back, as the kit's template of that page has it.",
            )
        for fact in sorted(found - wanted):
            yield NotPublishable(
                f"the {NAMES[language]} pages publish {fact}, which nobody declared",
                fix="Remove it from the template, or declare it.",
            )


def _without_telephone(content: Content, pages: Mapping[str, Page]) -> Iterator[NotPublishable]:
    wanted = telephone_link(content.declared.landline)
    for name, page in pages.items():
        if language_of(name) and wanted not in page.links:
            yield NotPublishable(
                "no link of it dials the landline", name, f'Write <a href="{wanted}"> as the kit has it.'
            )


def telephone_link(landline: str) -> str:
    """The address that has a telephone dial a number in E.164 (RFC 3966)."""
    return f"tel:{landline}"


def language_of(name: str) -> Language | None:
    """The language of a page by its path; None for an error's, which is in both."""
    if name.startswith("errors/"):
        return None
    return "en" if name.startswith("en/") else "fa"


def _of_page(name: str, page: Page) -> Iterator[NotPublishable]:
    language = language_of(name) or "fa"
    wanted = (language, DIRECTIONS[language])
    if (page.language, page.direction) != wanted:
        yield NotPublishable(
            f'<html> says lang="{page.language}" dir="{page.direction}"',
            name,
            f'Write lang="{wanted[0]}" dir="{wanted[1]}".',
        )
    for what in dict.fromkeys(page.scripted):
        yield NotPublishable(f"it has {what}: the site runs no script", name, "Remove it.")
    for what in dict.fromkeys(page.styled):
        yield NotPublishable(f"it has {what}: styles come from files only", name, "Move it to site.css.")
    for address in dict.fromkeys(page.loads):
        if not _is_own(address):
            yield NotPublishable(f"it loads {address} from elsewhere", name, "Put the file into static/.")


def _of_style(name: str, body: bytes) -> Iterator[NotPublishable]:
    if name.endswith(".css"):
        for found in STYLE_LOADS.finditer(body.decode("utf-8", "replace")):
            if not _is_own(found["address"]):
                yield NotPublishable(
                    f"it loads {found['address']} from elsewhere", name, "Put the file into static/."
                )


def _is_own(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not address.startswith(("//", "\\"))
