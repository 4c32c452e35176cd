"""A server of time stamps outside the stack, by HTTPS: stamps the newest record of a chain, which are verified."""

import ssl
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from amanat.certificates import new_authority
from amanat_host.logs import outside_stamps, sealed_file, stamps, verify_seals
from amanat_host.logs.chain import Chain
from amanat_host.logs.outside_stamps import OutsideServer, newest_stamped, path_of, stamp_newest, waits_since
from amanat_host.logs.sealing import seal_ended_days
from amanat_host.logs.stamps import MOST_BYTES, BadStamp, NoStamp
from amanat_host.logs.verify_seals import turn_of
from tests.hosts.receivers import make_certificate
from tests.unit.host.stamping import StampServer
from tests.unit.host.test_logs_sealing import place, rewrite, server, store_days  # noqa: F401 - fixtures

DIGEST = "ab" * 32


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says: `server.reply(query)` gives the type and the body."""

    def do_POST(self):  # noqa: N802 - the library's name
        query = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.headers["Content-Type"], self.path))
        kind, body = self.server.reply(query)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing on the tests' output."""


@contextmanager
def serving(directory, reply):
    """An HTTPS server on loopback that answers with `reply`; its address and what it was asked."""
    certificate, key = directory / "receivers.pem", directory / "receivers.key"
    http = HTTPServer(("127.0.0.1", 0), Handler)
    http.reply, http.asked = reply, []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    http.socket = tls.wrap_socket(http.socket, server_side=True)
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{http.server_port}/tsr", http.asked
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@pytest.fixture
def outside(tmp_path):
    """Who stamps outside: another authority than the stack's."""
    return StampServer(tmp_path / "outside")


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """The directory of the HTTPS server's pair, whose authority this machine trusts."""
    directory = tmp_path / "https"
    directory.mkdir()
    authority, _, _ = make_certificate("127.0.0.1", directory)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    return directory


def test_a_stamp_comes_over_https(trusted, outside):
    reply = lambda query: (outside_stamps.REPLY, outside.reply(query))  # noqa: E731
    with serving(trusted, reply) as (url, asked):
        data = OutsideServer(url).stamp(DIGEST)
    assert stamps.verify(data, outside.authority).imprint == DIGEST
    assert asked == [("application/timestamp-query", "/tsr")]


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<p>busy</p>"), (outside_stamps.REPLY, b"x" * (MOST_BYTES + 1))],
    ids=["another type", "too long"],
)
def test_what_is_no_reply_is_no_stamp(trusted, kind, body):
    with (
        serving(trusted, lambda _: (kind, body)) as (url, _),
        pytest.raises(NoStamp, match="gives no time stamp"),
    ):
        OutsideServer(url).stamp(DIGEST)


def test_a_server_that_nobody_vouches_for_is_not_asked(trusted, outside, monkeypatch, tmp_path):
    other = tmp_path / "other.crt"
    other.write_text(new_authority("other", 30).certificate_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    reply = lambda query: (outside_stamps.REPLY, outside.reply(query))  # noqa: E731
    with serving(trusted, reply) as (url, asked), pytest.raises(NoStamp, match="CERTIFICATE_VERIFY_FAILED"):
        OutsideServer(url).stamp(DIGEST)
    assert asked == []


def test_nothing_is_asked_without_tls(trusted):
    with pytest.raises(NoStamp, match="not https"):
        OutsideServer("http://localhost:9/tsr").stamp(DIGEST)


@pytest.fixture
def sealed(place, server):  # noqa: F811
    seal_ended_days(place, server)
    return place


def faults(place, outside):  # noqa: F811
    return verify_seals.verify_seals(
        place.sealed, place.machine, place.authority, outside_authority=outside.authority
    ).faults


def test_the_newest_record_is_stamped_once(sealed, outside):
    assert waits_since(Chain.read(sealed.sealed)) is not None
    assert stamp_newest(sealed.sealed, outside, outside.authority)
    assert newest_stamped(sealed.sealed) == 3
    assert waits_since(Chain.read(sealed.sealed)) is None
    assert faults(sealed, outside) == []
    outside.is_away = True
    assert not stamp_newest(sealed.sealed, outside, outside.authority)


def test_nothing_sealed_needs_no_stamp(tmp_path, outside):
    assert not stamp_newest(tmp_path / "none", outside, outside.authority)
    (tmp_path / "empty").mkdir()
    assert not stamp_newest(tmp_path / "empty", outside, outside.authority)
    assert waits_since(Chain.read(tmp_path / "empty")) is None


def test_a_server_that_is_away_leaves_nothing_behind(sealed, outside):
    outside.is_away = True
    with pytest.raises(NoStamp):
        stamp_newest(sealed.sealed, outside, outside.authority)
    assert newest_stamped(sealed.sealed) == 0
    assert waits_since(Chain.read(sealed.sealed)) is not None


def test_a_stamp_of_another_authority_is_not_kept(sealed, outside):
    with pytest.raises(BadStamp):
        stamp_newest(sealed.sealed, outside, sealed.authority)
    assert newest_stamped(sealed.sealed) == 0


def test_a_record_written_anew_with_the_vaults_stamp_is_named(sealed, outside, server):  # noqa: F811
    """Who has the vault as well can stamp what they like; the outside stamp is of what was there."""
    stamp_newest(sealed.sealed, outside, outside.authority)
    rewrite(sealed, 3, content_sha256="0" * 64)
    digest = Chain.read(sealed.sealed).record_digest(3)
    (sealed.sealed / "00000003.tsr").write_bytes(server.stamp(digest))
    assert [one for one in faults(sealed, outside) if one.startswith("the outside stamp of record 3")]


def test_an_outside_stamp_of_a_record_that_is_gone_is_named(sealed, outside):
    stamp_newest(sealed.sealed, outside, outside.authority)
    path_of(sealed.sealed, 3).rename(path_of(sealed.sealed, 7))
    assert "an outside stamp of record 7 is there, and no such record" in faults(sealed, outside)


def test_days_are_read_while_they_are_new_and_once_in_thirty_days_after():
    day = "2026-05-01"
    ages = [age for age in range(200) if turn_of(date.fromordinal(date(2026, 5, 1).toordinal() + age))(day)]
    assert ages == [*range(9), 30, 60, 90, 120, 150, 180]


def test_a_day_that_is_not_read_is_compared_all_the_same(sealed):
    path = sealed_file.sealed_path(sealed.sealed, next(iter(sealed_file.sealed_days(sealed.sealed))))
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    found = verify_seals.verify_seals(sealed.sealed, sealed.machine, sealed.authority, lambda _: False)
    assert [one for one in found.faults if "are not those that were sealed" in one]
