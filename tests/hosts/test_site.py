"""The public door: what hostile or unlucky callers get, what is written down of them, and what a crash leaves."""

import http.client
import json
import re
import secrets
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from amanat.audit.waiting import wait_until

CONNECTIONS, EACH = 8, 100
BACK_SECONDS = 20
CUT_SECONDS = 10  # nginx gives a request that long to arrive
LARGE = 30 * 1024 * 1024
HOSTILE = (
    *(
        "/<script>alert(1)</script>",
        "/%00",
        "/%ff%fe",
        "/\u202e".encode().decode("latin-1"),
        "/" + "../" * 20,
    ),
    *("/?q=" + "A" * 2000, "/index.html%0d%0aX-Injected:%20yes", "//example.org/%2e%2e"),
)


@pytest.fixture(scope="module")
def site(live_stack):
    """site(): a connection to the site as the public makes it, verified."""
    machine = live_stack.machine_of("edge")
    port = live_stack.port(machine, "edge.https")
    context = ssl.create_default_context(cafile=str(live_stack.paths.clients / "ca.crt"))

    def connect(timeout=20):
        return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=timeout)

    connect.port, connect.context = port, context
    return connect


@contextmanager
def tls(site, seconds):
    """A connection over TLS on which anything can be said."""
    with (
        socket.create_connection(("127.0.0.1", site.port), seconds) as plain,
        site.context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        yield wrapped


def ask(connection, path, **headers):
    """The status of a request over a connection that stays open."""
    connection.putrequest("GET", path, skip_accept_encoding=True)
    for name, said in headers.items():
        connection.putheader(name.replace("_", "-"), said)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_address_gets_a_plain_refusal(site, path):
    with tls(site, 10) as wrapped:
        wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: wrapped.recv(65536), b"")).decode("utf-8", "replace")
    assert re.match(r"HTTP/1\.1 (200|400|404|308) ", answer), answer[:200]
    head = answer.partition("\r\n\r\n")[0].lower()
    assert "x-injected" not in head
    assert "<script" not in answer.lower()


def test_a_large_body_is_refused_before_it_is_read(site):
    with closing(site()) as connection:
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(LARGE))
        connection.endheaders()
        assert connection.getresponse().status in (405, 413)


def test_a_caller_who_sends_too_slowly_is_cut_off(site):
    with tls(site, 3 * CUT_SECONDS) as wrapped:  # which the server's own limit doesn't outlast
        wrapped.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            answer = wrapped.recv(4096)
        except ConnectionError:
            answer = b""
    assert answer == b"" or b" 408 " in answer


def test_a_server_that_is_killed_comes_back_by_itself(live_stack, site):
    live_stack.root(live_stack.machine_of("edge"), "systemctl kill --signal=KILL amanat-nginx")

    assert wait_until(lambda: answers(site), BACK_SECONDS)


def answers(site):
    """Whether the first page is served."""
    try:
        with closing(site()) as connection:
            return ask(connection, "/") == 200
    except OSError:
        return False


def test_the_site_is_back_after_its_pages_were_lost(live_stack, site):
    """What lies in memory is unpacked anew at each start."""
    machine = live_stack.machine_of("edge")
    live_stack.root(machine, "rm -r /run/amanat-site/* && systemctl restart amanat-site")
    assert answers(site)


def test_all_that_was_served_is_written_down_once_and_few_of_the_refusals(live_stack, site):
    """The last of all: this address is refused for a while then."""
    marks = [f"{secrets.token_hex(8)}" for _ in range(CONNECTIONS)]

    def some(mark):
        with closing(site()) as connection:
            paths = [f"/icon.svg?{mark}-{number}" for number in range(EACH)]
            return [(path, ask(connection, path)) for path in paths]

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        asked = [one for found in pool.map(some, marks) for one in found]
    assert {status for _, status in asked} == {200, 429}
    served = sorted(path for path, status in asked if status == 200)
    refused = {path for path, status in asked if status == 429}
    assert wait_until(
        lambda: sorted(path for path in logged(live_stack, marks) if path not in refused) == served,
        BACK_SECONDS,
    )
    assert len([path for path in logged(live_stack, marks) if path in refused]) < len(refused) / 10


def logged(live_stack, marks):
    """The paths with one of these marks that the journal has."""
    found = live_stack.root(
        live_stack.machine_of("edge"),
        f"journalctl --unit=amanat-access-log --output=cat --grep='{'|'.join(marks)}' || true",
    )
    return [json.loads(line)["path"] for line in found.splitlines() if line.startswith("{")]
