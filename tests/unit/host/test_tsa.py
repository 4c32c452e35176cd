"""The server of time stamps: one request, one stamp, and a record of it before it is handed out."""

import json
import os
import sys
from types import SimpleNamespace

import pytest

from amanat_host.logs import stamps
from amanat_host.logs.stamps import BadStamp, NoStamp
from amanat_host.tsa import answer, probe
from amanat_host.tsa.stamp_record import ForgottenStamps, StampRecord
from tests.unit.host.stamping import StampServer

DIGEST = "ab" * 32


@pytest.fixture
def server(tmp_path):
    return StampServer(tmp_path / "tsa")


@pytest.fixture
def file(server):
    return server.directory / "stamps.jsonl"


def query(digest=DIGEST, kind="-sha256"):
    return stamps.openssl("ts", "-query", "-digest", digest, kind, "-cert")


def test_a_stamp_is_given_and_on_record(server, file):
    first = stamps.verify(server.stamp(DIGEST), server.authority)
    second = stamps.verify(server.stamp(DIGEST), server.authority)
    assert (first.imprint, first.serial, second.serial) == (DIGEST, 1, 2)
    lines = StampRecord.read(file).lines
    assert [(line["serial"], line["imprint"], line["at"]) for line in lines] == [
        (1, DIGEST, first.at.isoformat()),
        (2, DIGEST, second.at.isoformat()),
    ]


def test_many_stamps_keep_their_numbers(server, file):
    serials = [stamps.read(server.stamp(DIGEST)).serial for _ in range(18)]
    assert serials == list(range(1, 19))


@pytest.mark.parametrize("serial", [0xFFFF, 0x10000, 0x100000])
def test_numbers_of_any_length_are_given(server, monkeypatch, serial):
    monkeypatch.setattr(StampRecord, "next_serial", serial)
    monkeypatch.setattr(StampRecord, "add", lambda _record, _stamp: None)
    assert stamps.read(server.stamp(DIGEST)).serial == serial


def test_a_file_of_numbers_that_was_cut_off_stops_nothing(server):
    server.stamp(DIGEST)
    (server.directory / "serial").write_text("")
    assert stamps.read(server.stamp(DIGEST)).serial == 2


def test_a_line_that_was_cut_off_is_no_stamp(server, file):
    server.stamp(DIGEST)
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"serial": 2, "at"')
    assert len(StampRecord.read(file).lines) == 1
    assert stamps.read(server.stamp(DIGEST)).serial == 2
    assert [line["serial"] for line in StampRecord.read(file).lines] == [1, 2]
    assert StampRecord.read(file).misfits == ()


def test_nothing_is_stamped_on_a_record_that_was_changed(server, file):
    server.stamp(DIGEST)
    server.stamp(DIGEST)
    file.write_bytes(file.read_bytes().replace(b'"serial": 1', b'"serial": 7'))
    assert StampRecord.read(file).misfits == (2,)
    with pytest.raises(ForgottenStamps):
        server.stamp(DIGEST)


@pytest.mark.parametrize("made", [bytes, lambda: b"nothing", lambda: query(DIGEST[:40], "-sha1")])
def test_what_is_no_request_for_a_sha256_gets_no_stamp(server, file, made):
    with pytest.raises(BadStamp):
        answer.reply(made(), server.directory, server.directory / "openssl.cnf")
    assert not file.exists()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "before a message"),
        (b"\0\0\0", "before a message"),
        (b"\0\0\0\1\0", "of type 0 and 1 bytes"),
        (b"\xff\0\0\0\0", "of type 0"),
        (b"\0\0\0\5\5", "of type 5"),
    ],
)
def test_another_head_is_refused(head, said):
    with pytest.raises(NoStamp, match=said):
        stamps.unframed(head, stamps.REQUEST_TYPE)


@pytest.fixture
def asked(monkeypatch, server, call):
    """`asked(data)`: what a caller gets who sends this and ends; exit status and bytes."""

    def ask(data):
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        given = answer.request
        monkeypatch.setattr(answer, "request", lambda _: given(reading))
        own = (server.directory, server.directory / "openssl.cnf")
        made = answer.reply
        monkeypatch.setattr(answer, "reply", lambda asked: made(asked, *own))
        out = []
        stream = SimpleNamespace(write=out.append, flush=lambda: None)
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=stream, flush=lambda: None))
        status = answer.main()
        os.close(reading)
        return status, b"".join(out)

    return ask


def test_the_program_answers_one_request(asked, server):
    status, reply = asked(stamps.framed(stamps.REQUEST_TYPE, query()))
    assert status == 0
    assert stamps.unframed(reply[:5], stamps.REPLY_TYPE) == len(reply) - 5
    assert stamps.verify(reply[5:], server.authority).imprint == DIGEST


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\n\r\n", stamps.framed(0, b"x" * 50)[:20]])
def test_the_program_gives_nothing_for_anything_else(asked, file, data):
    status, reply = asked(data)
    assert (status != 0, reply, file.exists()) == (True, b"", False)


def test_the_probe_tells_what_was_stamped(monkeypatch, server, file, call):
    monkeypatch.setattr(probe, "FILE", file)
    assert json.loads(call(probe.main)[1]) == {"imprints": [], "misfits": []}
    server.stamp(DIGEST)
    server.stamp(DIGEST)
    assert json.loads(call(probe.main)[1]) == {"imprints": [DIGEST], "misfits": []}
