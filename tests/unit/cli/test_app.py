"""The command as a person meets it: help, exit status, one message for a failure, JSON when asked."""

import errno
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from amanat import __version__
from amanat.cli import app as module
from amanat.cli import audit as auditing
from amanat.cli import operations, recover
from amanat.cli.app import app, main
from amanat.cli.operations import Result
from amanat.errors import AmanatError, BadInput
from amanat.paths import PROJECT_ROOT
from amanat.secrets_socket import receive_secrets


def commands(command, path=()):
    """Every command below this one, groups included, by the words a person types."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.fixture
def ready(monkeypatch):
    """Nothing is set up; what was asked of set-up is kept."""
    asked = []

    def setup(source=None, target=None, check_target=None):
        asked.append((source, target is not None))
        return SimpleNamespace(environment={"AMANAT_TEST_READY": "1"})

    monkeypatch.setattr(module, "run_setup", setup)
    monkeypatch.setattr(operations, "adopt_mirrors", lambda paths: None)
    monkeypatch.setenv("AMANAT_TEST_READY", "")
    monkeypatch.delenv("AMANAT_STACK", raising=False)
    return asked


@pytest.fixture
def run(monkeypatch, capsys):
    """run(*words) types the command; gives exit status, standard output, error stream."""

    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["amanat", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return typed


def answer(**values):
    return lambda *given, **options: Result(values, ("line one", "line two"))


def failing(error):
    def fail(*given, **options):
        raise error

    return fail


@pytest.mark.parametrize("path", list(COMMANDS), ids=" ".join)
def test_every_command_and_option_says_what_it_is_for(path):
    command = COMMANDS[path]
    assert command.help
    assert command.help.strip().endswith(".")
    for option in command.params:
        assert getattr(option, "help", None) or option.name in ("help", "disclosure"), option.name
    assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0


def test_the_version_is_said(run):
    assert run("--version") == (0, f"amanat {__version__}\n", "")


@pytest.fixture
def shell(tmp_path):
    """Type a line into a bash of a person with a new home; gives what it printed."""
    program = shutil.copy(
        shutil.which("bash"), tmp_path / "bash"
    )  # found by its name, whatever runs these tests

    def typed(line, **more):
        known = {"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more}
        done = subprocess.run(
            [program, "--norc", "-c", f"{line}; true"], env=known, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    return typed


@pytest.mark.parametrize(
    ("line", "follows"),
    [
        ("amanat dis", "disclosure"),
        ("amanat ev", "evidence"),
        ("amanat evidence v", "verify"),
        ("amanat disclosure make --ord", "--order-date"),
        ("amanat drill --target", "--target-time"),
    ],
)
def test_a_shell_learns_what_may_follow(shell, line, follows):
    asked = {"_AMANAT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    assert follows in shell("amanat", **asked).split()


def test_completion_installs_itself(shell, tmp_path):
    said = shell("amanat --install-completion")
    assert "bash completion installed" in said
    assert "_AMANAT_COMPLETE=complete_bash" in (tmp_path / ".bash_completions/amanat.sh").read_text("utf-8")


def test_the_help_lists_every_command_of_the_makefile():
    names = {path[0] for path in COMMANDS if path}
    assert names >= {"setup", "up", "preview", "audit", "drift", "status", "bench", "down", "env", "evidence"}


@pytest.mark.parametrize("words", [["up"], ["preview"], ["status"], ["drift"], ["down", "--yes"], ["bench"]])
@pytest.mark.parametrize("as_json", [False, True])
def test_an_answer_is_lines_or_json_alone_on_standard_output(run, ready, monkeypatch, words, as_json):
    for name in ("preview", "status", "drift", "down"):
        monkeypatch.setattr(operations, name, answer(stack="local-1", drift=[]))
    monkeypatch.setattr(module.bench, "measure", answer(stack="local-1"))
    monkeypatch.setattr(operations, "up", lambda *given, **options: (answer(stack="local-1")(), {}))
    monkeypatch.setattr(auditing, "run_audit", lambda *given, **options: 0)
    monkeypatch.setattr(recover, "is_due", lambda paths: False)
    code, out, _ = run(*words, *(["--json"] if as_json else []))
    assert code == 0
    assert ready
    if as_json:
        assert json.loads(out)["stack"] == "local-1"
    else:
        assert out == "line one\nline two\n"


@pytest.mark.parametrize(("error", "status"), [(AmanatError, 1), (BadInput, 2)])
def test_a_failure_is_one_message_with_its_status(run, ready, monkeypatch, error, status):
    monkeypatch.setattr(operations, "status", failing(error("It broke", "store", "Mend it.")))
    code, out, err = run("status")
    assert (code, out, err) == (status, "", "error: It broke (store)\n       Mend it.\n")


def test_a_failure_as_json_is_json(run, ready, monkeypatch):
    monkeypatch.setattr(operations, "status", failing(BadInput("شکست", "store", "Mend it.")))
    code, out, err = run("status", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out) == {"error": {"what": "شکست", "where": "store", "fix": "Mend it."}}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("number", "help_"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "AMANAT_HOME"),
        (errno.EACCES, "AMANAT_HOME"),
        (errno.ENOTDIR, "Correct what it names"),
        (errno.EIO, "Correct what it names"),
        (errno.EMFILE, "ulimit"),
    ],
)
def test_what_the_system_refuses_is_one_message(run, ready, monkeypatch, number, help_, as_json):
    refused = OSError(number, os.strerror(number), "/a/file")
    monkeypatch.setattr(operations, "status", failing(refused))
    code, out, err = run("status", *(["--json"] if as_json else []))
    assert code == 1
    said = json.loads(out)["error"] if as_json else {"what": err, "where": err, "fix": err}
    assert os.strerror(number) in said["what"]
    assert "/a/file" in said["where"]
    assert help_ in said["fix"]
    assert "Traceback" not in out + err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_user_without_a_home_is_told(run, monkeypatch, as_json):
    def nobody(number):
        raise KeyError(number)

    for name in ("HOME", "AMANAT_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    code, out, err = run("status", *(["--json"] if as_json else []))
    assert code == 2
    assert "no home directory" in (json.loads(out)["error"]["what"] if as_json else err)


@pytest.mark.parametrize("words", [["up", "--stack", "No Stack"], ["down", "--yes", "--stack", "../x"]])
def test_a_bad_stack_name_is_refused_before_anything_is_done(run, ready, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "can't name a stack" in err
    assert ready == []


def test_a_misspelt_option_is_refused(run, ready):
    code, _, err = run("up", "--stak", "local")
    assert code == 2
    assert "--stak" in err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--watch", "--json"], "--watch, --json"),
        (["--every", "3"], "--every"),
        (["--watch", "--every", "0"], "--every"),
        (["--watch", "--every", "3601"], "--every"),
    ],
)
def test_status_refuses_what_makes_no_sense_together(run, ready, words, what):
    code, out, err = run("status", *words)
    assert (code, ready) == (2, [])
    assert what in (json.loads(out)["error"]["where"] if "--json" in words else err)
    assert bool(out) != bool(err), "it is told twice"


def test_status_watches_as_often_as_it_is_asked_to(run, ready, monkeypatch):
    asked = []
    monkeypatch.setattr(operations, "status", answer())
    monkeypatch.setattr(module.watch, "watch", lambda look, every: asked.append((look(), every)))
    assert run("status", "--watch")[0] == 0
    assert run("status", "--watch", "--every", "60")[0] == 0
    assert asked == [(("line one", "line two"), 5), (("line one", "line two"), 60)]


def test_an_interrupt_ends_with_130_and_a_word(run, ready, monkeypatch):
    monkeypatch.setattr(operations, "preview", failing(KeyboardInterrupt()))
    code, out, err = run("preview")
    assert (code, out) == (130, "")
    assert "the same command goes on from here" in err


def test_an_interrupt_is_told_as_json_too(run, ready, monkeypatch):
    monkeypatch.setattr(operations, "preview", failing(KeyboardInterrupt()))
    code, out, _ = run("preview", "--json")
    assert code == 130
    assert json.loads(out)["error"]["what"] == "stopped"


def test_another_failure_is_no_silent_one(run, ready, monkeypatch):
    monkeypatch.setattr(operations, "preview", failing(ZeroDivisionError("a bug")))
    monkeypatch.setattr(sys, "argv", ["amanat", "preview"])
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize(("drift", "status"), [([], 0), (["store: x"], 1)])
def test_a_drift_is_in_the_exit_status(run, ready, monkeypatch, drift, status):
    monkeypatch.setattr(operations, "drift", answer(drift=drift))
    assert run("drift")[0] == status


def test_down_asks_first_and_no_means_no(ready, monkeypatch):
    monkeypatch.setattr(operations, "down", failing(AssertionError("removed without being asked to")))
    result = CliRunner().invoke(app, ["down"], input="n\n")
    assert result.exit_code == 1
    assert f"Delete stack local of {PROJECT_ROOT} with every message" in result.output
    assert ready == []


def test_down_without_anybody_to_answer_is_refused(run, ready, monkeypatch):
    monkeypatch.setattr(operations, "down", failing(AssertionError("removed without being asked to")))
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    code, _, err = run("down")
    assert code == 2
    assert "error: nobody is there to answer (standard input)" in err.splitlines()
    assert "--yes" in err
    assert ready == []


ORDER = ["--order=1", "--order-date=2026-11-20", "--since=2026-11-01", "--until=2026-11-02"]


@pytest.mark.parametrize(
    "words",
    [
        ["disclosure", "make", *ORDER, "--approver", "A. \udcff\udcfe"],
        ["disclosure", "make", *ORDER, "--approver=A", "--party", "\udce9"],
        ["disclosure", "make", *ORDER, "--approver=A", "--order=\udc80/7"],
        ["restore", "--yes", "--reason", "caf\udce9"],
        ["audit", "--only", "A7\udcff"],
        ["status", "--stack", "st\udcff"],
        ["status", "--json", "--stack=st\udcff"],
        ["evidence", "verify", "evid\udcffence"],
        ["nothing\udcff"],
    ],
)
def test_an_argument_that_is_no_text_is_refused_in_one_message(run, ready, words):
    code, out, err = run(*words)
    assert code == 2
    assert "an argument is not UTF-8" in out + err
    assert (out + err).count("not UTF-8") == 1
    assert ready == []


def test_the_stack_is_named_by_option_or_environment(run, ready, monkeypatch):
    named = []
    monkeypatch.setattr(operations, "status", lambda paths: named.append(paths.stack) or Result({}, ()))
    run("status", "--stack", "one")
    monkeypatch.setenv("AMANAT_STACK", "two")
    run("status")
    assert named == ["one", "two"]
    assert ready == [(None, False)] * 2


@pytest.fixture
def pytests(monkeypatch, paths):
    """Audits that were started, instead of audits; each ends with the last status put in."""
    started = []

    def start(command, cwd, own, seconds, stdout=None):
        started.append(command[1:])
        assert (cwd, own, seconds) == (PROJECT_ROOT, True, None)
        (run,) = [word.removeprefix("--run=") for word in command if word.startswith("--run=")]
        if measured[-1]:
            (paths.evidence / run).mkdir(parents=True)
            result = {"requirements": {"U-currency": {}}}
            (paths.evidence / run / "manifest.json").write_text(json.dumps({"result": result}), "utf-8")
        streams.append(stdout)
        told.append(receive_secrets())
        return SimpleNamespace(returncode=statuses[-1], stdout="words\n" if stdout == -1 else None)

    started, statuses, streams, told, measured = [], [0], [], [], [True]
    monkeypatch.setattr(module, "StackPaths", lambda name: paths)
    monkeypatch.setattr(auditing.processes, "run", start)
    return SimpleNamespace(started=started, statuses=statuses, stdout=streams, told=told, measured=measured)


@pytest.mark.parametrize(("ended", "status"), [(0, 0), (1, 1), (2, 2), (4, 2), (5, 2), (-9, 2)])
def test_an_audit_ends_as_it_was_found(run, pytests, ended, status):
    pytests.statuses.append(ended)
    code, out, err = run("audit", "--stack", "t", "--only", "U-currency", "--only", "A7-laws")
    assert code == status
    (words,) = pytests.started
    assert words[:4] == ["-m", "pytest", "policies", "--stack=unit"]
    assert words[-2:] == ["--only=U-currency", "--only=A7-laws"]
    assert ("next: `make status`" in err) is (ended == 0)
    assert out == ""


@pytest.mark.parametrize(("ended", "as_json"), [(0, False), (0, True), (1, True), (4, True), (-9, True)])
def test_an_audit_that_measured_nothing_is_red(run, pytests, ended, as_json):
    """An exit status of 0 proves nothing: pytest may only have listed the checks. And JSON is JSON then, too."""
    pytests.measured.append(False)
    pytests.statuses.append(ended)
    code, out, err = run("audit", *(["--json"] if as_json else []))
    assert code == (1 if ended in (0, 1) else 2)
    said = json.loads(out)["error"]["what"] if as_json else err
    assert f"measured nothing (pytest ended {ended})" in said


def test_an_audit_as_json_has_standard_output_for_itself(run, pytests):
    assert run("audit", "--json")[:2] == (0, "words\n")
    assert pytests.started[0][-1] == "--json=-"


def test_up_ends_as_its_audit_does(run, ready, pytests, monkeypatch):
    monkeypatch.setattr(
        operations, "up", lambda *given, **options: (Result({"stack": "x"}, ()), {"key": "k"})
    )
    pytests.statuses.append(1)
    monkeypatch.setattr(recover, "is_due", lambda paths: False)
    code, out, _ = run("up", "--json")
    assert (code, json.loads(out)) == (1, {"stack": "x"})
    assert [stream._stream for stream in pytests.stdout] == [sys.stderr]  # the answer's JSON stays alone
    assert [json.loads(one) for one in pytests.told] == [{"key": "k"}]
    assert run("up", "--no-audit")[0] == 0
    assert len(pytests.started) == 1


def test_exports_are_what_a_shell_reads(run, ready, monkeypatch, paths):
    monkeypatch.setattr(
        operations.Stack, "environment", lambda self: {"AMANAT_HOME": "/a b", "PATH": "/p:/q"}
    )
    monkeypatch.setenv("DOCKER_HOST", "unix:///an/engine.sock")
    code, out, _ = run("env")
    assert code == 0
    monkeypatch.delenv("DOCKER_HOST")
    script = f'{out}printf %s "$AMANAT_HOME|$PATH|$DOCKER_HOST"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == "/a b|/p:/q|unix:///an/engine.sock"


@pytest.mark.parametrize(("words", "stack"), [((), "local"), (("--stack", "office"), "office")])
def test_setup_sees_to_the_target_that_the_stacks_settings_choose(run, ready, monkeypatch, words, stack):
    chosen = SimpleNamespace(target="chosen")
    asked = []
    monkeypatch.setattr(
        module.Settings, "of", classmethod(lambda _cls, paths: asked.append(paths.stack) or chosen)
    )
    monkeypatch.setattr(module, "target_operations", lambda settings, paths: (settings, paths.stack))
    assert run("setup", *words)[0] == 0
    assert (asked, ready) == ([stack], [(None, True)])


def test_setup_of_tools_alone_reads_no_settings(run, ready, monkeypatch):
    monkeypatch.setattr(
        module.Settings, "of", classmethod(lambda _cls, _paths: pytest.fail("settings are read"))
    )
    assert run("setup", "--tools-only")[0] == 0
    assert ready == [(None, False)]
