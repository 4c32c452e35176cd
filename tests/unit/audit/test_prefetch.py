"""Commands that take long begin with the audit, run once, and are evidence of each check that runs them."""

from pathlib import Path
from typing import Any

from amanat.evidence import verify
from tests.unit.audit.conftest import Auditor, Result

HEADER = "from amanat.audit import prefetch\n\nCOUNT = 'echo begun >> {log}; wc -l < {log}'\n\n"


def policies(log: Path, *tests: str) -> str:
    return HEADER.format(log=log) + "\n\n".join(tests)


def commands(result: Result) -> list[dict[str, Any]]:
    return [one for one in result.records() if one["kind"] == "command"]


def test_it_began_before_the_first_check_and_ran_once(audit: Auditor, tmp_path: Path) -> None:
    result = audit(
        policies(
            tmp_path / "log",
            '@requirement("U-currency")\ndef test_before(store):\n'
            f'    assert store.read("until test -e {tmp_path}/log; do :; done; echo there") == "there\\n"',
            '@prefetch(COUNT)\n@requirement("U-currency")\ndef test_it(store):\n    assert store.read(COUNT) == "1\\n"',
            '@requirement("U-currency")\ndef test_again(store):\n    assert store.read(COUNT) == "1\\n"',
        ),
        "--only",
        "U-currency",
    )
    assert result.exit_status == 0, result.text
    by_test = [one["test"].rpartition("::")[2] for one in commands(result)]
    assert by_test == ["test_before", "test_again", "test_it"]


def test_what_no_check_takes_up_is_no_evidence(audit: Auditor, tmp_path: Path) -> None:
    result = audit(
        policies(
            tmp_path / "log",
            '@prefetch(COUNT)\n@requirement("U-currency")\ndef test_it(store):\n    assert store.read("id -un")',
        ),
        "--only",
        "U-currency",
    )
    assert result.exit_status == 0, result.text
    assert [one["probe"]["command"] for one in commands(result)] == ["id -un"]


def test_nothing_begins_early_when_the_first_failure_ends_it(audit: Auditor, tmp_path: Path) -> None:
    result = audit(
        policies(
            tmp_path / "log",
            '@requirement("U-currency")\ndef test_before(store):\n    assert store.read("id -un") == ""',
            '@prefetch(COUNT)\n@requirement("U-currency")\ndef test_it(store):\n    assert store.read(COUNT)',
        ),
        "--only",
        "U-currency",
        "-x",
    )
    assert result.exit_status == 1
    assert not (tmp_path / "log").exists()


def test_one_that_takes_too_long_is_not_checked(audit: Auditor) -> None:
    result = audit(
        "from amanat.audit import prefetch\n"
        '@prefetch("sleep 20", seconds=0.2)\n@requirement("U-currency")\n'
        'def test_it(store):\n    assert store.read("sleep 20") == ""\n',
        "--only",
        "U-currency",
    )
    assert result.exit_status == 1
    assert result.verdict("U-currency")[0] == "not-checked"
    assert "no end after 0.2 s" in result.verdict("U-currency")[1]


def test_a_host_that_is_down_is_told_by_its_checks_alone(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "bin/ssh.down").write_text("192.0.2.10")
    result = audit(
        policies(
            tmp_path / "log",
            '@prefetch(COUNT)\n@requirement("U-currency")\ndef test_it(store):\n    assert store.read(COUNT) == "1\\n"',
        ),
        "--only",
        "U-currency",
    )
    assert result.verdict("U-currency")[0] == "not-checked"
    assert "Connection refused" in result.verdict("U-currency")[1]
    assert not (tmp_path / "log").exists()


def test_an_interrupted_audit_waits_for_none_of_them(audit: Auditor, tmp_path: Path) -> None:
    """Also where Ctrl-C is pressed again while it puts its evidence in order."""
    result = audit(
        "import os, signal\nfrom amanat.audit import prefetch\n"
        f'WAIT = "touch {tmp_path}/begun; exec sleep 300"\n'
        '@prefetch(WAIT, seconds=600)\n@requirement("U-currency")\ndef test_it(store):\n    store.read(WAIT)\n'
        '@requirement("U-currency")\ndef test_before(store):\n'
        f'    store.read("until test -e {tmp_path}/begun; do :; done")\n'
        "    os.kill(os.getpid(), signal.SIGINT)\n",
        "--only",
        "U-currency",
    )
    assert result.exit_status == 2
    assert result.verdict("U-currency")[0] == "not-checked"
    assert result.run
    assert verify(result.run) == []
