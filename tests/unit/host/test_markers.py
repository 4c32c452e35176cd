"""What an audit may ask a host to look for: what the host drew itself, never what the caller would like to know."""

import json
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import astuple
from types import SimpleNamespace

import pytest

from amanat.audit.waiting import wait_until
from amanat_host import markers
from amanat_host.answers.archive import ServerLog
from amanat_host.archive import cluster
from amanat_host.errors import HostError
from amanat_host.postgresql import probe_log
from amanat_host.volume import probe_marker

PARTY = "+989121234567"
SECRET = bytes(range(32)).hex()


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """The volume's probe, over an encrypted directory of the test's own."""
    encrypted_dir = tmp_path / "encrypted"
    encrypted_dir.mkdir()
    (encrypted_dir / "16391").write_bytes(b"rows: " + PARTY.encode() + b" " + SECRET.encode())
    image = tmp_path / "image"
    image.write_bytes(bytes(4096))
    layout = SimpleNamespace(method="fscrypt", mount=tmp_path, encrypted_dir=encrypted_dir, backing=image)

    def on_disk(path, *searches):
        """The image, and what lies on it beside the encrypted directory."""
        for file in (path, *tmp_path.glob(".amanat-planted-*/text")):
            for search in searches:
                search.add(file.read_bytes())

    monkeypatch.setattr(probe_marker, "Layout", SimpleNamespace(load=lambda: layout))
    monkeypatch.setattr(probe_marker, "on_disk", on_disk)
    return probe_marker.main


def test_markers_are_random_and_of_a_kind_that_no_record_has():
    random.seed(1)
    first = markers.draw()
    random.seed(1)
    second = markers.draw()
    assert not set(astuple(first)) & set(astuple(second))
    for text in (*astuple(first), *astuple(second)):
        assert re.fullmatch(r"amanat-audit-drawn-(content|origin)-[0-9a-f]{32}", text)


def test_what_was_drawn_is_remembered_for_its_account_only(own_place):
    made = markers.draw()
    assert markers.drawn() == [text.encode() for text in astuple(made)]
    assert (own_place / markers.FILE).stat().st_mode & 0o777 == 0o600


def test_audits_side_by_side_have_markers_of_their_own():
    draws = [markers.draw() for _ in range(3)]
    assert markers.drawn() == [text.encode() for made in draws for text in astuple(made)]


def test_old_draws_make_room():
    draws = [markers.draw() for _ in range(markers.MOST_DRAWS + 3)]
    assert markers.drawn() == [text.encode() for made in draws[3:] for text in astuple(made)]


@pytest.mark.parametrize("hours", [2, 24, 1000, -1])
def test_a_draw_of_another_time_is_forgotten(monkeypatch, hours):
    markers.draw()
    now = time.time()
    monkeypatch.setattr(markers.time, "time", lambda: now + hours * 3600)
    with pytest.raises(markers.NoneDrawn, match="ask for one first"):
        markers.drawn()


def test_a_draft_that_a_killed_run_left_is_in_nobodys_way(own_place):
    (own_place / f"{markers.FILE}.new").write_text("[")
    assert markers.drawn() if markers.draw() else None


def test_a_note_that_is_a_link_is_replaced_and_not_followed(own_place, tmp_path):
    (own_place / f"{markers.FILE}.new").symlink_to(tmp_path / "elsewhere")
    markers.draw()
    assert not (tmp_path / "elsewhere").exists()


def test_the_disk_is_searched_for_what_was_drawn(probe, call, tmp_path):
    status, out = call(probe, "draw")
    drawn = json.loads(out)["markers"]
    (tmp_path / "encrypted" / "wal").write_bytes(drawn["origin"].encode())
    (tmp_path / "image").write_bytes(drawn["content"].encode())
    status, out = call(probe, "look")
    found = json.loads(out)
    assert status == 0
    assert found["markers"] == {
        drawn["origin"]: {"in_image": False, "in_files": True},
        drawn["content"]: {"in_image": True, "in_files": False},
    }


def test_the_answer_is_yes_or_no(probe, call, tmp_path):
    """Not how often, and not where: neither grows with what lies there."""
    drawn = json.loads(call(probe, "draw")[1])["markers"]
    answers = []
    for number in (1, 2, 50):
        (tmp_path / "encrypted" / "wal").write_bytes(drawn["origin"].encode() * number)
        answers.append(json.loads(call(probe, "look")[1])["markers"])
    assert answers[0] == answers[1] == answers[2]


SEEN = {"plain_in_image": True, "sealed_in_files": True, "sealed_in_image": False}


def test_the_search_finds_what_it_laid_in_its_own_way(probe, call, tmp_path):
    call(probe, "draw")
    status, out = call(probe, "look")
    assert json.loads(out)["planted"] == SEEN
    assert "planted-" not in out
    assert list(tmp_path.rglob(".amanat-planted-*")) == []


@pytest.mark.parametrize(
    ("module", "name", "blind", "unseen"),
    [
        (probe_marker, "on_disk", lambda path, *searches: None, "plain_in_image"),
        (probe_marker, "in_files", lambda paths, search: (0, {}), "sealed_in_files"),
    ],
)
def test_a_blind_search_is_told(probe, call, monkeypatch, module, name, blind, unseen):
    monkeypatch.setattr(module, name, blind)
    call(probe, "draw")
    assert json.loads(call(probe, "look")[1])["planted"] == {**SEEN, unseen: False}


def test_a_directory_that_is_not_encrypted_is_told(probe, call, monkeypatch, tmp_path):
    def on_disk(path, *searches):
        for file in tmp_path.rglob(".amanat-planted-*/text"):
            for search in searches:
                search.add(file.read_bytes())

    monkeypatch.setattr(probe_marker, "on_disk", on_disk)
    call(probe, "draw")
    assert json.loads(call(probe, "look")[1])["planted"] == {**SEEN, "sealed_in_image": True}


def test_of_a_luks_volume_the_header_is_to_be_seen(monkeypatch, tmp_path):
    monkeypatch.setattr(probe_marker.ext4, "identity", lambda backing: "0123456789abcdef" * 2)
    with probe_marker.readable(SimpleNamespace(method="luks", backing=tmp_path)) as plain:
        assert plain == b"01234567-89ab-cdef-0123-456789abcdef"


def test_what_is_planted_is_its_accounts_own_and_goes_with_it(tmp_path):
    with markers.planted(tmp_path, "plain") as (file, text):
        assert file.read_bytes().count(text) == markers.PLANTED_TIMES
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from amanat_host import markers, scratch
scratch.PLACES[__import__("pwd").getpwuid(os.geteuid()).pw_name] = sys.argv[2]
with markers.planted(Path(sys.argv[1]), "plain"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_is_planted_goes_also_when_the_probe_is_killed(tmp_path, own_place):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, own_place], check=False)
    assert done.returncode == -signal.SIGKILL
    assert wait_until(lambda: not list(tmp_path.iterdir()), 10)


@pytest.mark.parametrize(
    "words",
    [
        [],
        [PARTY],
        ["look", PARTY],
        ["look", "--marker", PARTY],
        ["draw", PARTY],
        ["draw", "draw"],
        ["look", "/etc/shadow"],
        ["LOOK"],
        ["--help"],
        ["look", ""],
    ],
)
def test_words_of_the_callers_are_refused(probe, call, words):
    call(probe, "draw")
    assert call(probe, *words) == (2, "")


@pytest.mark.parametrize("text", [PARTY, PARTY[:5], SECRET, SECRET[:10], "rows: "])
def test_texts_on_standard_input_are_not_looked_for(probe, call, monkeypatch, text):
    """Each of them lies in the files: the answer must not depend on it, nor name it."""
    call(probe, "draw")
    before = call(probe, "look")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read=lambda *_: text.encode())))
    assert call(probe, "look") == before
    assert text not in before[1]


def test_without_a_draw_there_is_nothing_to_ask(probe, call, capsys):
    assert call(probe, "look") == (1, "")


def test_the_log_is_told_in_facts_and_not_in_lines():
    drawn = markers.draw()
    lines = (
        b"2026-11-26 07:11:32 [41] archive_auditor@archive LOG:  connection authorized: user=archive_auditor\n"
        b'2026-11-26 07:11:33 [42] LOG:  FATAL:  password authentication failed for user "archive_discloser"\n'
        b'2026-11-26 07:11:34 [43] LOG:  FATAL:  password authentication failed for user "my-secret"\n'
        b"2026-11-26 07:11:35 [44] LOG:  statement: SELECT archive.record_message('+989121234567', 'the secret')\n"
        + drawn.content.encode()
    )
    told = probe_log.facts(lines)
    assert told == ServerLog(
        authorized={41: "archive_auditor"},
        refused={42: "archive_discloser"},
        markers={drawn.content: True, drawn.origin: False},
    )
    assert not any(word in str(told) for word in (PARTY, "secret", "SELECT"))


@pytest.mark.parametrize("width", [40, 78, 200, 9999])
def test_a_marker_in_a_parse_tree_is_seen_wherever_its_lines_break(width):
    drawn = markers.draw()
    bytes_of = " ".join(str(byte) for byte in b"\x80\x02\x00\x00" + drawn.content.encode())
    tree = "\n".join(textwrap.wrap(f"[43] {{CONST :consttype 25 :constvalue 64 [ {bytes_of} ]}}", width))
    told = probe_log.facts(f"LOG:  parse tree:\n{tree}\n".encode())
    assert told.markers == {drawn.content: True, drawn.origin: False}


def test_only_what_the_servers_account_wrote_is_its_log(call, monkeypatch):
    """Any account can write to the journal under the server's name."""
    asked = []

    def run(command, **_options):
        asked.extend(command)
        return SimpleNamespace(stdout=b"")

    monkeypatch.setattr(probe_log, "ACCOUNT", "root")
    monkeypatch.setattr(probe_log.processes, "run", run)
    assert call(probe_log.main)[0] == 0
    assert {"--identifier=postgresql", "_UID=0"} <= set(asked)


@pytest.mark.parametrize("words", [["--since=-1h"], [PARTY], [""], ["look"], ["--help"]])
def test_the_log_takes_no_words(call, words):
    assert call(probe_log.main, *words) == (2, "")


def test_what_psql_complains_of_holds_no_record():
    """As it is when the scratch copy of the newest records can't be written: the row stands in the context."""
    said = f'ERROR:  53100\nCONTEXT:  COPY message, line 1: "7 {PARTY} the content"\n'
    assert cluster.complaint(said.encode()) == "ERROR:  53100"
    with pytest.raises(HostError) as problem:
        cluster.run(["/bin/sh", "-c", f"cat >&2 <<'END'\n{said}\nEND\nexit 3"])
    assert PARTY not in str(problem.value)
    assert {"--set=VERBOSITY=sqlstate", "--set=SHOW_CONTEXT=never"} <= set(cluster.PSQL)
