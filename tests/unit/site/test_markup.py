"""Microdata as a program reads it: values by element, items in items, and what a browser would load or run."""

import pytest

from amanat.site.markup import Page

ORGANIZATION = 'itemscope itemtype="https://schema.org/Organization"'


def only(html):
    (item,) = Page.read(html).items
    return item


@pytest.mark.parametrize(
    ("html", "value"),
    [
        ('<p itemprop="x">text</p>', "text"),
        ('<p itemprop="x">a <b>b</b>\n  c</p>', "a b c"),
        ('<p itemprop="x">&lt;b&gt; &amp; &#1575;</p>', "<b> & ا"),
        ('<meta itemprop="x" content="v">', "v"),
        ('<meta itemprop="x" content="">', ""),
        ('<data itemprop="x" value="7">seven</data>', "7"),
        ('<time itemprop="x" datetime="2026-11-22">1 Azar</time>', "2026-11-22"),
        ('<time itemprop="x">2026-11-22</time>', "2026-11-22"),
        ('<a itemprop="x" href="/y">z</a>', "/y"),
        ('<link itemprop="x" href="/y">', "/y"),
        ('<img itemprop="x" src="y.png" alt="z">', "y.png"),
        ('<p><span><i itemprop="x">deep</i></span></p>', "deep"),
        ('<p itemprop="x">not closed', "not closed"),
        ('<P ITEMPROP="x">text</P>', "text"),
    ],
)
def test_a_property_has_the_value_that_its_element_gives(html, value):
    assert only(f"<div {ORGANIZATION}>{html}</div>").texts("x") == (value,)


def test_items_are_properties_of_items():
    item = only(
        f'<div {ORGANIZATION}><b itemprop="name">A</b>'
        '<div itemprop="address place" itemscope itemtype="https://schema.org/PostalAddress">'
        '<i itemprop="streetAddress">S</i></div><b itemprop="name">B</b></div>'
    )
    assert item.is_a("Organization")
    assert not item.is_a("PostalAddress")
    assert item.texts("name") == ("A", "B")
    (address,) = item.items("address")
    assert item.items("place") == (address,)
    assert address.text("streetAddress") == "S"
    assert item.text("streetAddress") == ""


def test_an_items_text_does_not_hold_what_lies_behind_it():
    page = Page.read(
        f"<div {ORGANIZATION}><p itemprop=a>1</p></div><p itemprop=b>2</p><div {ORGANIZATION}></div>"
    )
    assert [item.properties for item in page.items] == [{"a": ["1"]}, {}]


def test_types_may_be_several_and_of_either_scheme():
    item = only('<p itemscope itemtype="http://schema.org/Permit https://example.org/Own"></p>')
    assert item.is_a("Permit")


def test_items_of_a_property_can_be_left_out():
    page = Page.read(
        f"<div {ORGANIZATION}><p itemprop=issuedBy {ORGANIZATION}></p><p itemprop=member {ORGANIZATION}></p></div>"
    )
    assert len(list(page.all_items())) == 3
    assert len(list(page.all_items(but=["issuedBy"]))) == 2


@pytest.mark.parametrize(
    ("html", "loads"),
    [
        ('<link rel="stylesheet" href="a.css">', ["a.css"]),
        ('<link rel="preload" href="a.woff2">', ["a.woff2"]),
        ('<link rel="alternate" href="en/">', []),
        ('<link rel="Alternate stylesheet" href="a.css">', ["a.css"]),
        ('<link itemprop="url" href="https://enamad.ir">', []),
        ('<a href="https://elsewhere.example">x</a>', []),
        ('<img src="a.png" srcset="b.png 1x, c.png 2x">', ["a.png", "b.png", "c.png"]),
        ('<form action="/support"></form>', ["/support"]),
        ('<iframe src="https://e.example"></iframe>', ["https://e.example"]),
        ('<video poster="p.png"><source src="v.mp4"></video>', ["p.png", "v.mp4"]),
        ('<button formaction="https://e.example">', ["https://e.example"]),
        ('<object data="o.svg"></object>', ["o.svg"]),
    ],
)
def test_what_a_browser_loads_is_known(html, loads):
    assert Page.read(html).loads == loads


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        '<script type="application/ld+json">{}</script>',
        '<p onclick="x()">',
        '<svg onload="x()">',
        '<a href="javascript:x()">',
        '<a href=" java\nscript:x()">',
        '<form action="JavaScript:x()">',
    ],
)
def test_a_script_is_seen(html):
    assert Page.read(html).scripted


@pytest.mark.parametrize(
    ("html", "seen"), [("<style>a{}</style>", True), ('<p style="a">', True), ("<p>", False)]
)
def test_a_style_in_the_page_is_seen(html, seen):
    assert bool(Page.read(html).styled) == seen


@pytest.mark.parametrize(
    "html", ["", "<", "</p></p>", "<div><p itemprop=x>", "<!doctype><<>>&#x110000;", "\0"]
)
def test_broken_pages_are_read_as_far_as_they_go(html):
    assert Page.read(html).items == []


def test_the_language_and_direction_are_those_of_the_page():
    page = Page.read('<html lang="fa" dir="rtl"><p lang="en" dir="ltr">')
    assert (page.language, page.direction) == ("fa", "rtl")
