"""A URL that a person writes is taken when every program reads it alike."""

import pytest

from amanat.urls import BadUrl, checked_url, go_proxies

WEB = ("https", "http")


@pytest.mark.parametrize(
    ("text", "schemes", "taken"),
    [
        ("https://mirror.example/debian/", WEB, "https://mirror.example/debian"),
        ("http://10.0.0.1:3142", WEB, "http://10.0.0.1:3142"),
        ("file:///srv/modules", ("file",), "file:///srv/modules"),
    ],
)
def test_a_plain_url_is_taken_without_its_last_slash(text, schemes, taken):
    assert checked_url(text, schemes) == taken


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mirror.example", "is not a URL with https or http"),
        ("ftp://mirror.example", "is not a URL with https or http"),
        ("https://", "is not a URL with https or http"),
        ("file:///srv", "is not a URL with https or http"),
        ("https://mirror.example:port", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://mirror.example/$(id)", "sign of the shell"),
        ("https://mirror.example/{{ x }}", "sign of the shell"),
        ("https://mirror.example/a b", "a blank"),
        ("https://آینه.example", "beyond ASCII"),
    ],
)
def test_another_text_is_refused_with_the_reason(text, why):
    with pytest.raises(BadUrl, match=why):
        checked_url(text, WEB)


def test_a_list_of_go_proxies_is_taken_apart():
    assert go_proxies("https://a.example,https://b.example|direct,off,") == [
        "https://a.example",
        "https://b.example",
    ]
