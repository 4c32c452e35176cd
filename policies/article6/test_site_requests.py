"""Article 6 clause 7-2: who asked for something of the public site is in the journal, with address and source port."""

import secrets

import pytest

from amanat.audit import requirement
from amanat.audit.host import Host
from amanat.audit.waiting import wait_until
from amanat.audit.website import Website
from amanat_host import questions
from amanat_host.answers.site import SiteRequest

FORGED = "203.0.113.7"
REQUESTS = {  # the way, the path, and what comes of it
    "page": ("https", "/en/prices.html", "200"),
    "nowhere": ("https", "/no-such-page?from=a", "404"),
    "without-tls": ("http", "/", "308"),
}


@requirement("A6-7-2-ip")
@pytest.mark.parametrize(("scheme", "path", "status"), REQUESTS.values(), ids=list(REQUESTS))
def test_a_request_is_logged_with_its_address_and_port(
    website: Website, edge: Host, scheme: str, path: str, status: str, bound
):
    """Where it came from is what the connection says, whatever address its headers claim."""
    agent = f"amanat-audit/{secrets.token_hex(16)}"
    claimed = dict.fromkeys(("X_Forwarded_For", "X_Real_IP", "Forwarded"), FORGED)
    answer = website.get(path, scheme=scheme, User_Agent=agent, **claimed)
    address, port = answer.caller

    assert wait_until(lambda: bool(logged(edge, agent)), bound("site_request_logged_seconds").max)
    assert logged(edge, agent) == [SiteRequest(agent, address, str(port), "GET", path, status)]


def logged(edge: Host, agent: str) -> list[SiteRequest]:
    """What the journal has of a user agent's requests."""
    return [one for one in edge.ask(questions.SITE_REQUESTS).requests if one.agent == agent]
