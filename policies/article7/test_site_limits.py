"""Article 7, our reading of the laws in force: one caller doesn't take the public site from all others."""

import secrets
import shlex

import pytest

from amanat.audit import requirement
from amanat.audit.errors import NotChecked
from amanat.audit.expectations import expectations
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat.audit.waiting import wait_until
from amanat.audit.website import NAME, DeclaredSite, Website
from amanat_host import questions

BEYOND = 1.25  # of what the bound allows at once
SECONDS = 60
WAIT_SECONDS = 60
WRITTEN_SECONDS = 15
MOST_REFUSALS_WRITTEN = 0.1  # a flood fills no journal
LONG = 9_000  # beyond what a line of a request may have, and within what is read of it at once
# So many requests over eight connections, as fast as they go; prints how often each status came, and the last 429.
_SCRIPT = """
import collections, concurrent.futures, http.client, json, ssl, sys
scheme, name, count, agent = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
context = ssl.create_default_context(cafile="/etc/amanat/pki/ca.crt")
refused = {}
def some(number):
    statuses = collections.Counter()
    if scheme == "https":
        connection = http.client.HTTPSConnection(name, context=context, timeout=20)
    else:
        connection = http.client.HTTPConnection(name, timeout=20)
    for _ in range(number):
        connection.request("GET", "/icon.svg", headers={"User-Agent": agent})
        answer = connection.getresponse()
        body = answer.read()
        statuses[answer.status] += 1
        if answer.status == 429:
            refused.update(retry=answer.headers.get("Retry-After", ""), body=body.decode())
    connection.close()
    return statuses
total = collections.Counter()
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for statuses in pool.map(some, [count // 8] * 8):
        total += statuses
json.dump({"statuses": total, **refused}, sys.stdout)
"""
# Opens so many connections that say nothing, holds them all, and prints how many there are.
_HOLD = """
import socket, sys
name, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
held = []
for _ in range(count):
    try:
        held.append(socket.create_connection((name, port), timeout=2))
    except OSError:
        pass
print(len(held))
"""


@requirement("A7-protection")
@pytest.mark.parametrize(("scheme", "served"), [("https", "200"), ("http", "308")], ids=["https", "http"])
def test_who_asks_too_much_is_refused_and_nobody_else(
    hosts: Hosts, edge: Host, website: Website, declared_site: DeclaredSite, scheme, served, bound
):
    """A machine that asks for far more than a visitor needs gets 429 with a time to wait and a page in both languages,
    while another one is served as ever. All that it was served is in the journal, and few of the refusals.
    """
    other = another(hosts, edge)
    count = int(bound("site_requests_at_once").max * BEYOND)
    agent = f"amanat-audit/{secrets.token_hex(16)}"
    command = shlex.join(["python3", "-I", "-c", _SCRIPT, scheme, NAME, str(count), agent])
    other.start_background(command, seconds=SECONDS)
    meanwhile = [website.get("/en/index.html").status for _ in range(3)]
    burst = other.json(command)
    statuses = burst["statuses"]
    assert set(statuses) == {served, "429"}, statuses
    assert bound("site_requests_at_once").allows(statuses[served])
    assert burst["retry"] in {str(seconds) for seconds in range(1, WAIT_SECONDS + 1)}, "Retry-After"
    assert burst["body"].encode() == declared_site.files["errors/429.html"]
    assert meanwhile == [200] * 3
    written = wait_until(lambda: lines_of(edge, agent, served) == statuses[served], WRITTEN_SECONDS)
    assert written, (lines_of(edge, agent, served), statuses[served])
    assert lines_of(edge, agent, "429") <= statuses["429"] * MOST_REFUSALS_WRITTEN


def lines_of(edge: Host, agent: str, status: str) -> int:
    """How many requests of a user agent that ended so are in the journal."""
    found = edge.ask(questions.SITE_REQUESTS).requests
    return [(one.agent, one.status) for one in found].count((agent, status))


@requirement("A7-protection")
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_nobody_holds_every_connection(hosts: Hosts, edge: Host, website: Website, scheme, bound):
    """A machine that opens connections and says nothing gets some, and no more: nobody takes them from all others."""
    most = bound("site_connections_per_address")
    port = expectations().of(["edge"]).listening(scheme).port
    words = ["python3", "-I", "-c", _HOLD, NAME, str(port), str(int(most.max * BEYOND))]
    held = int(another(hosts, edge).read(shlex.join(words)))
    assert held > 0
    assert most.allows(held), held
    assert website.get("/en/index.html", scheme=scheme).status in (200, 308)


def another(hosts: Hosts, edge: Host) -> Host:
    """A machine that isn't the site's. Raises `NotChecked` where there is none."""
    for one in hosts.values():
        if one.name != edge.name:
            return one
    raise NotChecked("there is no other machine that could ask too much", f"host {edge.name}")


@requirement("A7-protection")
def test_oversized_requests_are_refused(website: Website):
    """Headers that no browser sends, and addresses that no page has, are refused before they cost anything."""
    assert website.get("/" + "a" * LONG).status in (400, 414)
    assert website.get("/", X_Long="a" * LONG).status in (400, 431, 494)
