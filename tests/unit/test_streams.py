"""Standard streams that are closed, full, or read by nobody: one message where there is room for it, no traceback."""

import os
import subprocess
import sys

import pytest

COMMAND = """
import sys, typer
from amanat.cli import app as module

app = typer.Typer()

@app.command()
def work():
    for number in range(int(sys.argv[1])):
        typer.echo("progress", err=True)
        typer.echo(f"answer {number}")
    with open(sys.argv[2], "w") as done:
        done.write(repr(sys.stdin.read() if len(sys.argv) > 3 else ""))

module.app = lambda: app(args=[])
module.require_own_checkout = lambda program: None
module.main()
"""
FULL = "/dev/full"


@pytest.fixture
def run(tmp_path):
    """run(lines, redirection): the command in a shell; how it ended, and whether it came to its end."""

    def typed(lines, redirection, *more):
        (tmp_path / "command.py").write_text(COMMAND, "utf-8")
        done = tmp_path / "done"
        script = f'exec "$0" "$@" {redirection}'
        words = [sys.executable, str(tmp_path / "command.py"), str(lines), str(done), *more]
        ended = subprocess.run(["sh", "-c", script, *words], capture_output=True, text=True, check=False)
        return ended, done.exists()

    return typed


@pytest.mark.parametrize("lines", [1, 5000], ids=["buffered", "more than a buffer"])
def test_a_full_device_is_one_message(run, lines):
    ended, _ = run(lines, f">{FULL}")
    said = [line for line in ended.stderr.splitlines() if line != "progress"]
    assert said == [
        "error: the answer can't be written: No space left on device (standard output)",
        "       What the command did is done; send its output elsewhere.",
    ]
    assert ended.returncode == 1


def test_a_full_device_as_json_says_so_where_it_can(run):
    ended, _ = run(1, f"--json >{FULL}")
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert ended.returncode == 1


@pytest.mark.parametrize(
    "redirection", [f"2>{FULL}", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-", f"2>{FULL} <&-", ">&-"]
)
def test_what_was_asked_for_is_done_whatever_the_streams_are(run, redirection):
    ended, done = run(100, redirection)
    assert done
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout in ("", "".join(f"answer {number}\n" for number in range(100)))
    assert set(ended.stderr.splitlines()) <= {"progress"}


def test_a_closed_input_reads_as_empty(run):
    ended, done = run(1, "<&-", "read")
    assert (ended.returncode, done) == (0, True)


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_child_has_streams_too(tmp_path, redirection):
    child = 'import subprocess\n    subprocess.run(["sh", "-c", "echo x; echo x >&2; read y || true"], check=True)'
    script = COMMAND.replace("with open(sys.argv[2]", f"{child}\n    with open(sys.argv[2]")
    (tmp_path / "command.py").write_text(script, "utf-8")
    words = [sys.executable, str(tmp_path / "command.py"), "1", os.devnull]
    shell = ["sh", "-c", f'exec "$0" "$@" {redirection}', *words]
    ended = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_reader_that_went_away_is_no_traceback(run, stream):
    ended, _ = run(5000, f"{stream}>&1 | true" if stream == "2" else "| true")
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Exception ignored" not in ended.stdout + ended.stderr


def test_a_file_that_cannot_be_written_is_not_taken_for_the_output(tmp_path):
    script = COMMAND.replace("typer.echo(f", "print(file=open('/dev/full', 'w'), flush=True, *f")
    (tmp_path / "command.py").write_text(script, "utf-8")
    words = [sys.executable, str(tmp_path / "command.py"), "1", os.devnull]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "standard output" not in ended.stderr
    assert ended.returncode == 1
