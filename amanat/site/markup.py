"""A page as a program reads it: its microdata (WHATWG HTML, section 5), its language, and what it loads.

Enough of HTML for facts: elements that are closed by nothing end with their parent, and `itemref` is not followed.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
# Where the value of a property stands, by element; elsewhere it is the element's text.
VALUES = {
    "meta": "content",
    "link": "href",
    "a": "href",
    "area": "href",
    "img": "src",
    "data": "value",
    "meter": "value",
    "time": "datetime",
}
# What a browser fetches for a page, by element: its attributes. A form sends, which counts as well.
LOADS = {
    "audio": ("src",),
    "embed": ("src",),
    "form": ("action",),
    "iframe": ("src",),
    "img": ("src", "srcset"),
    "input": ("src", "formaction"),
    "button": ("formaction",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "video": ("src", "poster"),
}
LINKS_THAT_LOAD_NOTHING = frozenset({"alternate", "author", "canonical", "license", "next", "prev"})
SCHEMA = "https://schema.org/"


@dataclass
class Item:
    """A thing of some types with named properties: texts, addresses and other items, in the page's order."""

    types: tuple[str, ...]
    properties: dict[str, list["str | Item"]] = field(default_factory=dict)

    def is_a(self, kind: str) -> bool:
        """Whether schema.org's type of this name is among its types."""
        return any(one in (SCHEMA + kind, SCHEMA.replace("https", "http") + kind) for one in self.types)

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of a property that are no items."""
        return tuple(value for value in self.properties.get(name, ()) if isinstance(value, str))

    def text(self, name: str) -> str:
        """The first of them, or ""."""
        return next(iter(self.texts(name)), "")

    def items(self, name: str) -> tuple["Item", ...]:
        """The values of a property that are items."""
        return tuple(value for value in self.properties.get(name, ()) if isinstance(value, Item))


@dataclass
class Page:
    """What was read of one page; `loads` are the addresses that a browser fetches or a form sends to, `links` those
    that a visitor may follow.
    """

    language: str = ""
    direction: str = ""
    items: list[Item] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    scripted: list[str] = field(default_factory=list)
    styled: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, html: str) -> Self:
        """The page that `html` is, whatever is wrong with it."""
        page = cls()
        reader = _Reader(page)
        reader.feed(html)
        reader.close()
        reader.finish()
        return page

    def all_items(self, but: Collection[str] = ()) -> Iterator[Item]:
        """Every item, those inside others too, unless they are the value of a property in `but`."""
        yield from _deep(self.items, but)


def _deep(items: Iterable[Item], but: Collection[str]) -> Iterator[Item]:
    for item in items:
        yield item
        for name in item.properties:
            if name not in but:
                yield from _deep(item.items(name), but)


@dataclass
class _Open:
    """An element that is not closed yet: the item it began, and the properties whose text it gathers."""

    tag: str
    item: Item | None
    names: tuple[str, ...]
    owner: Item | None
    text: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Fills a page while the parser goes through its tags."""

    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self._open: list[_Open] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element, an item, a property."""
        given = {name: value or "" for name, value in attrs}
        self._note(tag, given)
        names = tuple(given.get("itemprop", "").split())
        owner = self._owner()
        item = Item(tuple(given.get("itemtype", "").split())) if "itemscope" in given else None
        if item is not None:
            self._put(owner if names else None, names, item)
        elif tag in VALUES and VALUES[tag] in given:
            self._put_text(owner, names, given[VALUES[tag]])
            names = ()
        if tag not in VOID:
            self._open.append(_Open(tag, item, names if item is None else (), owner))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTML knows no closed beginning but of elements that are void; of others the sign means nothing."""
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        """Text belongs to every property that is open around it."""
        for element in self._open:
            if element.names:
                element.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and what was left open inside it."""
        if any(element.tag == tag for element in self._open):
            while self._close().tag != tag:
                pass

    def finish(self) -> None:
        """Close what nobody closed."""
        while self._open:
            self._close()

    def _close(self) -> _Open:
        element = self._open.pop()
        self._put_text(element.owner, element.names, "".join(element.text))
        return element

    def _owner(self) -> Item | None:
        return next((element.item for element in reversed(self._open) if element.item is not None), None)

    def _put(self, owner: Item | None, names: tuple[str, ...], value: "str | Item") -> None:
        if owner is None:
            if isinstance(value, Item):
                self.page.items.append(value)
            return
        for name in names:
            owner.properties.setdefault(name, []).append(value)

    def _put_text(self, owner: Item | None, names: tuple[str, ...], value: str) -> None:
        self._put(owner, names, " ".join(value.split()))

    def _note(self, tag: str, given: dict[str, str]) -> None:
        if tag == "html":
            self.page.language, self.page.direction = given.get("lang", ""), given.get("dir", "")
        self.page.scripted += [f"<{tag} {name}>" for name in given if name.startswith("on")]
        self.page.scripted += [
            f"<{tag} {name}>"
            for name, value in given.items()
            if name in ("href", "src", "action", "formaction")
            and "".join(value.split()).lower().startswith("javascript:")
        ]
        if tag == "script":
            self.page.scripted.append("<script>")
        if tag == "style" or "style" in given:
            self.page.styled.append("<style>" if tag == "style" else f"<{tag} style>")
        if tag in ("a", "area") and "href" in given:
            self.page.links.append(given["href"].strip())
        if tag == "link" and set(given.get("rel", "").lower().split()) <= LINKS_THAT_LOAD_NOTHING:
            return
        for name in LOADS.get(tag, ()):
            parts = given.get(name, "").split(",") if name == "srcset" else [given.get(name, "")]
            self.page.loads += [part.split()[0] for part in parts if part.split()]
