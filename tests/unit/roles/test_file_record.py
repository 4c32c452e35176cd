"""The record of a machine's files: a run takes what it changed, and what another hand did before stays out."""

import json

import pytest
from ansible_collections.amanat.host.plugins.plugin_utils import file_record

from amanat.audit.errors import NotChecked
from amanat.audit.file_record import RECORDS, changed, kept_otherwise
from amanat_host.answers.state import State
from amanat_host.system.kept import baselines
from tests.unit.conftest import mode

BEGAN = 1_800_000_000.25  # 2027-01-15T08:00:00Z
BEFORE, AFTER = "2027-01-15T07:59:59Z", "2027-01-15T08:00:00Z"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "files" / "store.json"


def state(machine="m" * 64, since=AFTER, **digests):
    items = {f"content of /{name}": digest for name, digest in digests.items()}
    return {"items": {"machine": machine, "/one": "file", **items}, "since": dict.fromkeys(items, since)}


def content(path):
    return {
        item.removeprefix("content of /"): value
        for item, value in json.loads(path.read_text())["content"].items()
    }


def test_the_first_run_takes_all_that_is_there(path):
    file_record.begin(path, BEGAN)
    outcome = file_record.take(path, state(since=BEFORE, one="1", two="2"))
    assert content(path) == {"one": "1", "two": "2"}
    assert outcome == file_record.Outcome(2, ())
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_what_changed_since_the_run_began_is_taken_and_what_changed_before_is_not(path):
    file_record.take(path, state(one="1", two="2"))
    file_record.begin(path, BEGAN)
    before = state(since=BEFORE, one="changed", two="2", three="3")
    before["since"]["content of /two"] = AFTER
    before["items"]["content of /two"] = "converged"
    outcome = file_record.take(path, before)
    assert content(path) == {"one": "1", "two": "converged"}
    assert outcome.unexplained == ("content of /one", "content of /three")


def test_the_beginning_of_a_run_that_was_cut_off_stands(path):
    file_record.take(path, state(one="1"))
    file_record.begin(path, BEGAN)
    file_record.begin(path, BEGAN + 1000)
    file_record.take(path, state(one="2"))
    assert content(path) == {"one": "2"}
    assert not file_record.started_file(path).exists()


def test_a_run_that_nobody_noted_takes_nothing(path):
    file_record.take(path, state(one="1"))
    file_record.take(path, state(one="2"))
    assert content(path) == {"one": "1"}


def test_what_is_gone_is_gone_from_the_record(path):
    file_record.take(path, state(one="1", two="2"))
    file_record.take(path, state(one="1"))
    assert content(path) == {"one": "1"}


def test_a_run_without_a_change_leaves_the_file_alone(path):
    file_record.take(path, state(one="1"))
    before = path.stat().st_mtime_ns, path.stat().st_ino
    file_record.begin(path, BEGAN)
    file_record.take(path, state(one="1"))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_a_machine_that_was_made_anew_has_a_new_record(path):
    file_record.take(path, state(one="1"))
    file_record.take(path, state(machine="n" * 64, since=BEFORE, one="2"))
    assert content(path) == {"one": "2"}


def test_a_machine_that_tells_nothing_leaves_no_record(path):
    with pytest.raises(ValueError, match="which one"):
        file_record.take(path, {"items": {}, "since": {}})
    assert not path.exists()


def findings(path, answer):
    return [str(one) for one in changed(State(**answer), RECORDS.load(path))]


def test_the_audit_reads_what_a_run_wrote(path):
    file_record.take(path, state(one="1", two="2"))
    assert findings(path, state(one="1", two="2")) == []
    (found,) = findings(path, state(one="9", two="2"))
    assert found == f"content of /one is 9 (since {AFTER}), not as the converge left it: 1"
    (found,) = findings(path, state(one="1", two="2", three="3"))
    assert "content of /three is 3" in found
    assert "not there" in found


def test_a_package_of_another_version_is_no_change_and_another_list_of_the_same_is(path):
    answer = state(one="1")
    answer["items"]["content of package tool 1.0"] = "p"
    file_record.take(path, answer)
    answer["items"]["content of package tool 1.0"] = "q"
    assert len(findings(path, answer)) == 1
    answer["items"]["content of package tool 1.1"] = answer["items"].pop("content of package tool 1.0")
    assert findings(path, answer) == []


@pytest.mark.parametrize(
    "text",
    [None, "", "{}", '{"machine": "mmmm", "taken_at": "x", "content": {}}'],
    ids=["none", "empty", "{}", "bare"],
)
def test_without_a_record_nothing_is_checked(path, text):
    if text is not None:
        file_record.write_private(path, text)
    with pytest.raises(NotChecked, match="record"):
        RECORDS.load(path)


def test_the_record_of_another_machine_tells_nothing(path):
    file_record.take(path, state(one="1"))
    with pytest.raises(NotChecked, match="another machine"):
        findings(path, state(machine="n" * 64, one="1"))


def kept(since=AFTER, **items):
    named = {f"kept {name}": value for name, value in items.items()}
    return {"items": named, "since": dict.fromkeys(named, since)}


def kept_findings(path, answer):
    return [(one.kind, one.item) for one in kept_otherwise(State(**answer), RECORDS.load(path))]


def test_keys_that_come_go_or_change_are_findings(path):
    file_record.take(path, state(one="1"), kept(first="is there", second="is there"))
    assert kept_findings(path, kept(first="is there", second="is there")) == []
    assert kept_findings(path, kept(first="is there", second="is there", third="is there")) == [
        ("unexpected", "kept third")
    ]
    assert kept_findings(path, kept(first="is there")) == [("missing", "kept second")]
    assert kept_findings(path, kept(first="is other", second="is there")) == [("different", "kept first")]
    assert findings(path, state(one="1")) == []


def test_a_key_that_came_before_a_run_is_not_taken_and_one_that_it_made_is(path):
    file_record.take(path, state(one="1"), kept(first="is there"))
    file_record.begin(path, BEGAN)
    answer = kept(since=BEFORE, first="is there", planted="is there")
    answer["items"]["kept made"], answer["since"]["kept made"] = "is there", AFTER
    file_record.take(path, state(one="1"), answer)
    assert kept_findings(path, answer) == [("unexpected", "kept planted")]


def test_a_record_from_before_keys_were_noted_takes_them_all_and_is_none_until_then(path):
    file_record.take(path, state(one="1"))
    with pytest.raises(NotChecked, match="no journal and no key"):
        kept_otherwise(State({}, {}), RECORDS.load(path))
    file_record.take(path, state(one="1"), kept(since=BEFORE, first="is there"))
    assert kept_findings(path, kept(first="is there")) == []


def test_updates_of_debian_may_renew_the_baseline_of_files(path):
    file_record.take(path, state(one="1"), kept(first="is there"))
    renewed = {f"baseline {'a' * 64} by upgrade": "was made", "first": "is there"}
    assert kept_findings(path, kept(**renewed)) == []
    renewed[f"baseline {'b' * 64} by administrator"] = "was made"
    assert kept_findings(path, kept(**renewed)) == [
        ("unexpected", f"kept baseline {'b' * 64} by administrator")
    ]


def test_a_renewal_by_debians_updates_is_accepted_in_the_hosts_own_words(path, tmp_path):
    ledger = tmp_path / "ledger"
    ledger.write_text(json.dumps({"at": AFTER, "who": "upgrade", "paths": [], "sha256": "a" * 64}) + "\n")
    renewed = {item: value for item, value, _ in baselines(ledger, tmp_path / "no database")}
    file_record.take(path, state(one="1"), kept(first="is there"))
    assert kept_findings(path, kept(first="is there", **renewed)) == []
