"""One audit of a host with every way a check can end, and what the audit says of each."""

from pathlib import Path

import pytest

from amanat.evidence import verify
from tests.unit.audit.conftest import Result, make_auditor

POLICIES = '''
@requirement("A5-6-1-access")
def test_passes(store):
    """The host answers."""
    assert store.read("echo hello") == "hello\\n"

@requirement("A5-6-1-access", "A7-protection")
def test_fails(store):
    """Logins as root are refused."""
    assert store.read("echo yes").strip() == "no", "PermitRootLogin"

@requirement("A3-channels")
def test_fails_without_words(store):
    """Nobody is there."""
    assert not [store.read("echo someone").strip()]

@requirement("A5-6-1-durable")
@pytest.mark.skip(reason="too slow today")
def test_skipped(): ...

@requirement("A5-6-1-integrity")
@pytest.mark.xfail(reason="known")
def test_expected_failure():
    assert False

@requirement("A2-platform")
def test_broken(store):
    {}["missing"]

@requirement("A7-disclosure")
def test_cannot_read(store):
    store.read("echo no entry >&2; exit 3")

@pytest.fixture
def broken_fixture():
    raise OSError("disk on fire")

@requirement("U-currency")
def test_broken_fixture(broken_fixture): ...

@pytest.fixture
def unmet_fixture(store):
    assert store.read("echo up") == "down"

@requirement("A6-7-2-ip")
def test_unmet_fixture(unmet_fixture): ...

@pytest.fixture
def broken_teardown():
    yield
    raise OSError("can't clean up")

@requirement("A6-7-2-transactions")
def test_broken_teardown(broken_teardown): ...

@requirement("A5-6-1-trusted")
def test_leaks(store):
    """A secret in a failure stays hidden."""
    assert store.read("echo postgresql://writer:hunter22@store/archive").strip() == ""

@requirement("A5-6-1-trusted")
def test_hostile(store):
    """Hostile bytes are kept safely."""
    done = store.run("printf 'a\\\\033[2J\\\\377b'; exit 7")
    assert (done.rc, done.stdout) == (7, "a\\x1b[2J\\\\xffb")
'''


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return make_auditor(tmp_path_factory.mktemp("audit"))(POLICIES)


def test_the_audit_fails(result: Result) -> None:
    assert result.exit_status == 1
    assert result.summary["green"] is False


def test_every_requirement_of_the_register_is_reported(result: Result) -> None:
    from amanat.law import register

    assert list(result.summary["requirements"]) == list(register().requirements)
    assert all(one in result.text for one in register().requirements)


@pytest.mark.parametrize(
    ("one", "verdict", "reason"),
    [
        ("A5-6-1-access", "not-satisfied", "PermitRootLogin: expected 'no', actual 'yes'"),
        ("A7-protection", "not-satisfied", "PermitRootLogin"),
        ("A3-channels", "not-satisfied", "Nobody is there"),
        ("A5-6-1-durable", "not-checked", "skipped: too slow today"),
        ("A5-6-1-integrity", "not-checked", "marked as an expected failure: known"),
        ("A2-platform", "not-checked", "the check itself broke: KeyError: 'missing'"),
        ("A7-disclosure", "not-checked", "`echo no entry >&2; exit 3` ended with 3: no entry"),
        ("U-currency", "not-checked", "its fixture broke: OSError: disk on fire"),
        ("A6-7-2-ip", "not-satisfied", "expected 'down', actual 'up\\n'"),
        ("A6-7-2-transactions", "not-checked", "its clean-up broke: OSError: can't clean up"),
        ("A6-7-1-support", "not-built", "intake"),
        ("A7-laws", "declared", ""),
    ],
)
def test_each_ending_has_its_verdict_and_reason(result: Result, one: str, verdict: str, reason: str) -> None:
    said = result.verdict(one)
    assert said[0] == verdict
    assert reason in said[1]
    if verdict.startswith("not-") and verdict != "not-built":
        assert reason in result.text


def test_checks_are_counted(result: Result) -> None:
    access = result.summary["requirements"]["A5-6-1-access"]
    assert (access["passed"], access["checks"]) == (1, 2)


def test_each_probe_is_a_record_of_its_check(result: Result) -> None:
    hello = next(
        r for r in result.records() if r["kind"] == "command" and r["probe"]["command"] == "echo hello"
    )
    assert hello["probe"]["stdout"]["text"] == "hello\n"
    assert hello["probe"]["exit_status"] == 0
    assert hello["requirements"] == ["A5-6-1-access"]
    assert hello["test"].endswith("::test_passes")
    assert hello["host"]["name"] == "store"
    assert hello["host"]["machine_id"] == Path("/etc/machine-id").read_text().strip()
    assert len(hello["configuration_sha256"]) == 64
    names = [entry["sha256"] for entry in result.manifest["records"]]
    assert set(result.check("test_passes")["evidence"]) <= set(names)


def test_hostile_output_is_kept_readable(result: Result) -> None:
    assert result.check("test_hostile")["outcome"] == "passed"
    hostile = next(r for r in result.records() if r["kind"] == "command" and r["probe"]["exit_status"] == 7)
    assert hostile["probe"]["stdout"]["text"] == "a\x1b[2J\\xffb"
    assert hostile["probe"]["stdout"]["utf8"] is False


def test_secrets_are_in_no_file_and_not_on_the_terminal(result: Result) -> None:
    assert "hunter22" not in result.text
    assert result.run
    for path in result.run.rglob("*"):
        assert path.is_dir() or b"hunter22" not in path.read_bytes(), path


def test_the_run_is_whole_and_has_junit_and_summary(result: Result) -> None:
    assert result.run
    assert verify(result.run) == []
    assert set(result.manifest["attachments"]) == {"junit.xml", "summary.json"}
    assert "<testsuite" in (result.run / "junit.xml").read_text()
