"""The one way into a host's program: an answer on standard output, or one message and an exit status."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from amanat_host import processes
from amanat_host.anchors.history import UnknownAnchor
from amanat_host.entry import failed, probe, program
from amanat_host.errors import Exit, HostError


@dataclass(frozen=True)
class Part:
    name: str


@dataclass(frozen=True)
class Whole:
    parts: Sequence[Part]
    count: int


class Away(HostError):
    status = Exit.NO_ANSWER


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (
            HostError("the disk is full", "/srv", "make room"),
            1,
            "error: the disk is full (/srv)\n       make room\n",
        ),
        (Away("the store doesn't answer"), 75, "error: the store doesn't answer\n"),
        (FileNotFoundError(2, "No such file or directory", "/x"), 1, "No such file or directory: '/x'"),
        (ValueError("not a number"), 1, "error: not a number\n"),
        (subprocess.CalledProcessError(3, ["find"]), 1, "returned non-zero exit status 3"),
    ],
)
def test_what_went_wrong_is_one_message_and_a_status(capsys, error, status, message):
    @program
    def main():
        raise error

    assert main() == status
    out, said = capsys.readouterr()
    assert out == ""
    assert message in said
    assert "Traceback" not in said


def test_a_fault_of_the_program_is_not_hidden():
    @program
    def main():
        raise AttributeError("no such name")

    with pytest.raises(AttributeError):
        main()


def test_a_job_ends_with_its_own_status():
    assert program(lambda: None)() == Exit.DONE
    assert program(lambda: Exit.NOTHING_TO_TRY)() == 3


def test_a_failure_in_the_middle_is_said_and_remembered(capsys):
    assert failed("one host") == Exit.FAILED
    assert capsys.readouterr().err == "error: one host\n"


def test_an_answer_is_one_line_of_json(call):
    main = probe("about", {"": lambda: Whole([Part("a"), Part("b")], 2), "more": lambda: {"b": 1, "a": None}})
    assert call(main) == (0, '{"count": 2, "parts": [{"name": "a"}, {"name": "b"}]}\n')
    assert json.loads(call(main, "more")[1]) == {"b": 1, "a": None}


@pytest.mark.parametrize("words", [[], ["other"], ["known", "known"], ["known", ""], [""], ["--help"]])
def test_a_word_that_is_no_question_answers_nothing(call, words):
    asked = []
    assert call(probe("about", {"known": lambda: asked.append(1)}), *words) == (2, "")
    assert asked == []


def test_what_is_no_answer_is_a_fault(call):
    with pytest.raises(TypeError):
        call(probe("about", {"": lambda: {"path": object()}}))


def test_what_a_probe_starts_has_to_end_and_is_named(capsys, monkeypatch):
    monkeypatch.setattr("amanat_host.processes._longest_seconds", [])
    monkeypatch.setattr("sys.argv", ["probe-x", "hang"])
    assert probe("", {"hang": lambda: processes.run(["cat", "/dev/zero"], stdout=-3)}, {"hang": 0.1})() == 1
    out, said = capsys.readouterr()
    assert out == ""
    assert "cat" in said
    assert "timed out after" in said


@pytest.mark.parametrize(
    "read",
    [
        lambda secret: int(secret),
        lambda secret: [].index(secret),
        lambda secret: json.loads(secret),
        lambda secret: b"\xff".decode(),
    ],
)
def test_a_probe_quotes_nothing_of_what_it_could_not_read(monkeypatch, capsys, read):
    """An auditor would read it: of a broken /etc/shadow, say, a password's hash."""
    monkeypatch.setattr("sys.argv", ["probe"])
    assert probe("", {"": lambda: read("$y$j9T$secret")})() == Exit.FAILED
    said = capsys.readouterr().err
    assert "secret" not in said
    assert "another form than expected" in said


def test_what_a_probe_says_itself_is_told(monkeypatch, capsys):
    def wrong():
        raise UnknownAnchor("line 2: no known kind of anchor")

    monkeypatch.setattr("sys.argv", ["probe"])
    assert probe("", {"": wrong})() == Exit.FAILED
    assert capsys.readouterr().err == "error: line 2: no known kind of anchor\n"
