"""Article 4: the operator's site is reached over TLS, in Persian and English, and is the one that was declared."""

import hashlib
import re

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from amanat.audit import requirement
from amanat.audit.host import Host
from amanat.audit.website import NAME, DeclaredSite, Website
from amanat.site.markup import Page

ERRORS = "errors/"
PAGES = "/run/amanat-site"
NOWHERE = "/no-such-page"
# What no site of ours has, and others were found to give away.
HIDDEN = (
    *("/errors/404.html", "/SHA256SUMS", "/digest", "/site.tar", "/.git/config", "/.env", "/nginx_status"),
    *("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/en/../../../etc/passwd", "/en//../..//etc/passwd"),
    *("/index.html~", "/index.html.bak", "/index.html/", "/cgi-bin/", "/server-status", "/phpinfo.php"),
)
METHODS = ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "MKCOL")
OLD, NEW = ("1.0", "1.1"), ("1.2", "1.3")
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "upgrade-insecure-requests": "",
}
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "server": "nginx",
}
# Beside those: what a file is, how it may be kept, and how it came.
OF_THE_FILE = {
    *("accept-ranges", "cache-control", "connection", "content-length", "content-type", "date", "etag"),
    *("content-encoding", "last-modified", "content-security-policy", "strict-transport-security"),
    *("transfer-encoding", "vary"),
}
DAY_SECONDS = 24 * 3600


@requirement("A4-medium")
def test_every_file_of_the_site_is_the_declared_one(website: Website, declared_site: DeclaredSite):
    """Each page, style and picture is served, and holds byte for byte what the operator's declarations make of it."""
    names = [name for name in declared_site.files if not name.startswith(ERRORS)]
    # As people's browsers ask, and as programs do.
    for ask in (website.page, lambda name: website.get(f"/{name}")):
        served = {name: ask(name) for name in names}
        assert {name: one.status for name, one in served.items() if one.status != 200} == {}
        assert [name for name, one in served.items() if one.body != declared_site.files[name]] == []


@requirement("A4-medium")
def test_no_other_file_lies_beside_them(edge: Host, declared_site: DeclaredSite):
    """What nginx serves from holds the declared files, and none for those who were told its address."""
    found = edge.read(f"cd {PAGES}/current/ && find . ! -type d -exec sha256sum {{}} +")
    digests = {
        name.removeprefix("./"): digest
        for digest, _, name in (line.partition("  ") for line in found.splitlines())
    }
    assert digests == {name: hashlib.sha256(body).hexdigest() for name, body in declared_site.files.items()}


@requirement("A4-medium")
def test_the_certificate_is_the_site_s_own(edge: Host, website: Website):
    """What the public reaches has a key of its own, whose certificate is for servers alone and names no other service:
    with the machine's it could call other machines in its name, or answer as the database.
    """
    shown = website.certificate()
    use = shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(use) == [ExtendedKeyUsageOID.SERVER_AUTH]
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {one.partition(".")[0] for one in names.get_values_for_type(x509.DNSName)} == {"edge", "localhost"}
    machine = x509.load_pem_x509_certificate(edge.read("cat /etc/amanat/pki/host.crt").encode())
    assert shown.public_key() != machine.public_key()


@requirement("A4-medium")
@pytest.mark.parametrize(
    ("path", "language", "direction"), [("/", "fa", "rtl"), ("/en/", "en", "ltr")], ids=["persian", "english"]
)
def test_the_site_opens_in_its_language(website: Website, path, language, direction):
    """The address alone opens the Persian pages, right to left; below /en/ are the English ones."""
    answer = website.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page.read(answer.text)
    assert (page.language, page.direction) == (language, direction)


@requirement("A4-medium")
def test_what_is_not_there_has_a_page_that_says_so(website: Website, declared_site: DeclaredSite):
    """In both languages, with the status that programs understand."""
    answer = website.get(NOWHERE)
    assert answer.status == 404
    assert answer.body == declared_site.files["errors/404.html"]


@requirement("A4-medium")
def test_nothing_but_the_site_is_handed_out(website: Website):
    """Neither the server's own files, nor what is around the site, nor a copy that somebody left."""
    statuses = {path: website.get(path).status for path in HIDDEN}
    assert {path: status for path, status in statuses.items() if status not in (400, 404)} == {}


@requirement("A4-medium")
def test_the_site_is_read_and_nothing_else(website: Website):
    """No method but those that read is taken."""
    statuses = {method: website.get("/", method=method).status for method in METHODS}
    assert {method: status for method, status in statuses.items() if status not in (400, 403, 405)} == {}


@requirement("A4-medium")
def test_plain_http_only_leads_to_https(website: Website):
    """Without TLS there is a redirection to the same page over TLS, for good, and nothing of the site."""
    for path in ("/", "/en/prices.html?from=a", NOWHERE):
        answer = website.get(path, scheme="http")
        assert answer.status in (301, 308)
        assert answer.headers["location"] == f"https://{NAME}{path}"
        assert "itemprop" not in answer.text


@requirement("A4-medium")
@pytest.mark.parametrize("version", OLD)
def test_old_versions_of_tls_are_refused(website: Website, version, bound):
    """A client that speaks nothing newer gets no connection."""
    assert not bound("site_tls_min_version").allows(float(version))
    assert website.handshake(version) == ""


@requirement("A4-medium")
@pytest.mark.parametrize("version", NEW)
def test_current_versions_of_tls_are_spoken(website: Website, version, bound):
    """The certificate is valid for the site's name, and verified."""
    assert bound("site_tls_min_version").allows(float(version))
    assert website.handshake(version) == f"TLSv{version}"


@requirement("A4-medium")
def test_http_2_is_spoken(website: Website):
    """Over one connection a phone gets all files of a page."""
    assert website.protocols(["h2", "http/1.1"]) == "h2"
    assert website.protocols(["http/1.1"]) == "http/1.1"


@requirement("A4-medium")
def test_browsers_are_told_how_to_treat_the_pages(website: Website, declared_site: DeclaredSite, bound):
    """TLS alone for half a year, own files alone, no frame, no guessing; and no header that nobody expects."""
    answers = {name: website.page(name) for name in declared_site.files if not name.startswith(ERRORS)}
    answers |= {path: website.get(path) for path in ("/", NOWHERE)}
    for path, answer in answers.items():
        headers = dict(answer.headers)
        said = headers.get("content-security-policy", "")
        assert dict(part.strip().partition(" ")[::2] for part in said.split(";")) == POLICY, path
        found = re.fullmatch(
            r"max-age=(\d+)(; includeSubDomains)?", headers.get("strict-transport-security", "")
        )
        assert found, path
        assert bound("site_https_only_days").allows(int(found[1]) // DAY_SECONDS), path
        assert {name: said for name, said in headers.items() if name not in OF_THE_FILE} == HEADERS, path
