"""A requirement is judged by all its checks, in whatever way pytest was told to run only some of them."""

from pathlib import Path

import pytest

from amanat.audit.known import BrokenPolicies, known_checks
from amanat.evidence import verify
from amanat.paths import PROJECT_ROOT
from tests.unit.audit.conftest import Auditor

PASSES = """
@requirement("U-currency")
def test_one(): assert True

@requirement("U-currency")
@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_two(number): assert number
"""
ELSEWHERE = """
import pytest
from amanat.audit import requirement

class TestElsewhere:
    @requirement("U-currency", "A3-channels")
    def test_three(self): assert True
"""
LEFT_OUT = "it was not chosen for this audit, so it did not run"
HERE = ("policies/test_sample.py",)


@pytest.fixture
def elsewhere(tmp_path: Path, audit: Auditor) -> Path:
    """A second file with a check of the same requirement, in a directory of its own."""
    path = tmp_path / "policies/union/test_elsewhere.py"
    path.parent.mkdir()
    path.write_text(ELSEWHERE)
    return path


WAYS = {
    "a file": ((), HERE),
    "a directory": ((), ("policies/union",)),
    "a node id": ((), ("policies/test_sample.py::test_one", "policies/union")),
    "one parameter": ((), ("policies/test_sample.py::test_two[1]", "policies/union")),
    "-k": (("-k", "not three"), ("policies",)),
    "-m": (("-m", "not slow"), ("policies",)),
    "--deselect": (("--deselect", "policies/test_sample.py::test_one"), ("policies",)),
    "--ignore": (("--ignore", "policies/union"), ("policies",)),
    "--ignore-glob": (("--ignore-glob", "*/union/*"), ("policies",)),
    "norecursedirs": (("-o", "norecursedirs=union"), ("policies",)),
    "python_files": (("-o", "python_files=test_sample.py"), ("policies",)),
    "python_functions": (("-o", "python_functions=test_t*"), ("policies",)),
    "python_classes": (("-o", "python_classes=Nothing"), ("policies",)),
    "another root": (("--rootdir=policies/union",), HERE),
    "another configuration": (("-c", "other.ini"), ("policies",)),
}


@pytest.mark.parametrize(
    ("way", "only"),
    [(way, ("--only", "U-currency")) for way in WAYS] + [("a file", ()), ("-k", ())],
)
@pytest.mark.usefixtures("elsewhere")
def test_checks_that_were_not_chosen_leave_a_requirement_unchecked(
    audit: Auditor, way: str, only: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "other.ini").write_text(
        "[pytest]\naddopts = --import-mode=importlib\npython_files = test_sample.py\n"
    )
    arguments, chosen = WAYS[way]
    result = audit(PASSES, *arguments, *only, chosen=chosen)
    assert result.exit_status == 1, result.text
    assert result.verdict("U-currency") == ("not-checked", LEFT_OUT)
    assert result.summary["requirements"]["U-currency"]["checks"] == 4
    assert result.run
    assert verify(result.run) == []


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("way", ["--setup-only", "--setup-plan", "--exitfirst"])
def test_checks_that_were_chosen_and_did_not_run_are_not_checked(audit: Auditor, way: str) -> None:
    stops = '@requirement("A3-channels")\ndef test_it():\n    assert False\n'
    result = audit(stops + PASSES, way, chosen=(*HERE, "policies/union"))
    assert result.exit_status == 1, result.text
    assert result.verdict("U-currency") == ("not-checked", "it was collected but did not run")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("chosen", [("policies",), ("policies/union", *HERE), ("policies", *HERE)])
def test_all_checks_chosen_are_all_that_is_asked(audit: Auditor, chosen: tuple[str, ...]) -> None:
    result = audit(PASSES, "--only", "U-currency", chosen=chosen)
    assert result.exit_status == 0, result.text
    assert result.verdict("U-currency") == ("satisfied", "")
    assert result.summary["requirements"]["U-currency"]["checks"] == 4


@pytest.mark.usefixtures("elsewhere")
def test_what_fails_is_still_told_before_what_was_not_chosen(audit: Auditor) -> None:
    failing = '@requirement("U-currency")\ndef test_it():\n    assert 1 == 2\n'
    result = audit(failing, chosen=HERE)
    assert result.verdict("U-currency")[0] == "not-satisfied"


def test_an_audit_of_policies_that_are_broken_elsewhere_is_refused(audit: Auditor, elsewhere: Path) -> None:
    elsewhere.write_text("import nothing_of_this_name\n")
    result = audit(PASSES, chosen=HERE)
    assert result.exit_status == 4
    assert "can't all be collected" in result.text
    assert "nothing_of_this_name" in result.text
    assert result.run is None


def test_broken_policies_name_where(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/test_it.py").write_text("x = (\n")
    with pytest.raises(BrokenPolicies) as raised:
        known_checks(tmp_path / "policies")
    assert "test_it.py" in raised.value.what
    assert raised.value.where == str(tmp_path / "policies")


def test_our_own_policies_are_known_alike_on_any_day(tmp_path: Path) -> None:
    """A check that is named by the clock would be missed by an audit which goes past midnight."""
    first = known_checks(PROJECT_ROOT / "policies")
    assert len(first) > 300
    assert not [one for one in first if "=20" in one or "-20" in one]
    assert all(check.requirements and check.proves for check in first.values())
