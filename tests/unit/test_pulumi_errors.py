"""What Pulumi says when it fails becomes one message: ours untouched, known ones with a fix, never a traceback."""

import pytest

from amanat.errors import AmanatError
from amanat.pulumi_errors import PulumiFailed, explain
from amanat.targets.docker.allocation import NothingFree

TRACEBACK = (
    "Exception calling application: Traceback (most recent call last):\n"
    '  File "amanat/keys.py", line 3, in create\n    raise TypeError("no")\n'
    "TypeError: the authority has no key\n"
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("error: getting stack: incorrect passphrase", "the passphrase does not open"),
        ("error: could not load checkpoint: x", "the state file is damaged"),
        ("error: could not deserialize deployment: x", "the state file is damaged"),
        ("error: could not unmarshal stack: x", "the state file is damaged"),
        ("error: unexpected end of JSON input", "the state file is damaged"),
        ("error: invalid character 'x' after top-level value", "the state file is damaged"),
        ("error: failed to load checkpoint: x", "the state file is damaged"),
        ("error: the stack is currently locked by 1 lock(s).", "another Pulumi run holds"),
        ("error: listen tcp 127.0.0.1:80: bind: address already in use", "a port is taken"),
        ("Bind for 127.0.0.1:22 failed: port is already allocated", "a port is taken"),
        ("Cannot connect to the Docker daemon at unix:///x", "no Docker engine answers"),
    ],
)
def test_a_known_failure_has_its_fix(text, what):
    before_anything_ran = explain(f"code: 255\nstderr: \n{text}\nmore")
    while_it_ran = explain("error: update failed", [text])
    for told in (before_anything_ran, while_it_ran):
        assert isinstance(told, PulumiFailed)
        assert what in told.what
        assert told.where == text.removeprefix("error: ")
        assert told.fix


def test_our_own_message_comes_through_whole_with_every_line_of_its_fix():
    ours = NothingFree(
        "network_subnet = 10.0.0.0/24 overlaps 10.0.0.0/16", "amanat:network_subnet", "One.\nTwo."
    )
    told = explain("code: 255", [f"Exception calling application: {ours}", "update failed"])
    assert told.what == "network_subnet = 10.0.0.0/24 overlaps 10.0.0.0/16 (amanat:network_subnet)"
    assert told.fix == "One.\nTwo."
    assert str(told) == str(ours)


def test_a_message_told_twice_is_told_once():
    told = explain("", ["It broke", "Exception calling application: It broke", "preview failed"])
    assert str(told) == "It broke"


def test_of_a_traceback_only_the_last_line_is_told():
    told = str(explain("error: update failed", [TRACEBACK, "update failed"]))
    assert told.startswith("TypeError: the authority has no key (pulumi)\n")
    assert "Traceback" not in told
    assert "keys.py" not in told


def test_the_last_line_of_a_traceback_may_be_a_known_failure_of_the_command():
    told = explain("error: Cannot connect to the Docker daemon at unix:///x", [TRACEBACK])
    assert told.what == "no Docker engine answers"


def test_what_pulumi_printed_is_told_without_its_noise():
    told = explain(
        "code: 255\nstdout: Updating\nstderr: error: update failed\n    error: no resource plugin found\n"
        "    error: no resource plugin found\n    error: preview failed\n"
    )
    assert told.what == "no resource plugin found"


@pytest.mark.parametrize(
    ("text", "diagnostics"), [("", []), ("error: update failed", ["update failed", " "])]
)
def test_a_silent_failure_says_so(text, diagnostics):
    told = explain(text, diagnostics)
    assert isinstance(told, AmanatError)
    assert told.what == "Pulumi failed without saying why"
    assert "run the same command again" in told.fix


def test_a_very_long_text_is_cut():
    assert len(str(explain("error: " + "x" * 5000))) < 1200


GRPC = """Traceback (most recent call last):
  File "x.py", line 1, in y
grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:
\tstatus = StatusCode.UNAVAILABLE
\tdetails = "failed to connect to all addresses; ipv4:127.0.0.1:9: Connection refused"
>"""


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ([GRPC], "ipv4:127.0.0.1:9: Connection refused"),
        (["Traceback:\n  File y\nmodule.OddError: it is odd\n", ""], "module.OddError: it is odd"),
        (["Killed"], "Killed"),
    ],
)
def test_a_program_that_ended_without_a_reason_is_told_by_what_it_printed(printed, cause):
    silent = "an unhandled error occurred: program exited with non-zero exit code: 1"
    told = explain("code: 255", [silent], printed)
    assert silent in told.what
    assert cause in told.what
    assert "Traceback" not in str(told)
    assert explain("code: 255", [silent]).what == silent


def ended(said, code=255):
    """How the automation API tells that a command failed."""
    return f"\n code: {code}\n stdout: \n stderr: {said}"


@pytest.mark.parametrize(
    "said",
    [
        "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
        'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation error S3: GetObject',
        "error: unable to open bucket azblob://x: azureblob: Options.AccountName is required",
        "error: missing google credentials: unable to find gcp credentials: google: could not find default",
        "error: unable to open bucket postgres://x@127.0.0.1:9/x: failed to ping PostgreSQL: connection refused",
        "error: unable to open bucket mem://x: no such driver",
    ],
)
def test_a_backend_that_lets_nobody_in_is_told_with_what_to_do(said):
    told = explain(ended(said))
    assert told.what.startswith("the backend of the state")
    assert told.where == said.removeprefix("error: ")[:160]
    assert "PULUMI_BACKEND_URL" in told.fix


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("error: something nobody has met", "something nobody has met"),
        ("panic: runtime error", "panic: runtime error"),
        ("warning: one\nit ended, and this is why", "warning: one; it ended, and this is why"),
        ("", "Pulumi failed without saying why"),
    ],
)
def test_whatever_was_printed_is_told(said, what):
    assert explain(ended(said)).what == what


@pytest.mark.parametrize("place", ["text", "diagnostics", "printed"])
def test_a_password_in_an_address_is_not_told(place):
    said = "error: unable to open bucket postgres://me:hush-hush@db.example/x: refused"
    texts = {"text": ended("error: update failed"), "diagnostics": [], "printed": []}
    texts[place] = ended(said) if place == "text" else [said]
    if place == "printed":
        texts["diagnostics"] = ["program exited with non-zero exit code"]
    told = explain(**texts)
    assert "me:***@db.example" in str(told)
    assert "hush" not in str(told)
