"""The closed world: whatever is extra, missing or different is found, and nothing else."""

import pytest

from amanat.audit.by_service import BrokenExpectations
from amanat.audit.closed_world import (
    ExpectedState,
    Pattern,
    Unexpected,
    compare,
    dimensions,
    expected_state,
    load,
    require_expected,
)
from amanat.audit.expectations import SERVICES
from amanat.errors import AmanatError
from amanat_host.answers.state import State

NAMES = {"<address>": "10.0.0.2", "<address of vault>": "10.0.0.3", "<machine>": "alpha"}


def expecting(*patterns, **exactly):
    return ExpectedState(exactly=exactly, patterns=patterns)


def found(items, expected, **since):
    return [(one.kind, one.item) for one in compare(State(items, since), expected)]


def test_a_state_that_is_expected_has_no_findings():
    assert found({"root": "uid 0", "deploy": "uid 1000"}, expecting(root="uid 0", deploy="uid 1000")) == []


@pytest.mark.parametrize(
    ("items", "finding"),
    [
        ({"root": "uid 0", "mallory": "uid 0"}, ("unexpected", "mallory")),
        ({}, ("missing", "root")),
        ({"root": "uid 1"}, ("different", "root")),
    ],
)
def test_what_is_otherwise_is_found(items, finding):
    assert found(items, expecting(root="uid 0")) == [finding]


def test_a_rule_between_two_services_of_one_machine_is_expected_where_they_are_apart():
    rule = "ip saddr <address of vault> tcp dport 8000 accept"
    apart = expecting(**{rule: "yes"}).resolved(NAMES)
    together = expecting(**{rule: "yes"}).resolved({**NAMES, "<address of vault>": NAMES["<address>"]})
    assert list(apart.exactly) == ["ip saddr 10.0.0.3 tcp dport 8000 accept"]
    assert together.exactly == {}


def test_a_pattern_covers_items_whose_names_nobody_knows_beforehand():
    pattern = Pattern(item=r"lease-\d+", value=r"ttl \d+", why="leases come and go")
    assert found({"lease-12": "ttl 9"}, expecting(pattern)) == []
    assert found({"lease-12x": "ttl 9"}, expecting(pattern)) == [("unexpected", "lease-12x")]
    assert found({"lease-12": "ttl 9 and more"}, expecting(pattern)) == [("different", "lease-12")]
    assert found({"lease-12": "ttl\n9"}, expecting(pattern)) == [("different", "lease-12")]


def test_a_pattern_may_demand_that_something_is_there():
    pattern = Pattern(item=r"lease-\d+", value=".*", why="there is always one", required=True)
    assert found({}, expecting(pattern)) == [("missing", r"lease-\d+")]
    assert found({"lease-1": ""}, expecting(pattern)) == []


def test_characters_of_patterns_mean_themselves_where_an_item_is_exact():
    expected = ExpectedState(exactly={"sudo * [a]": "(root) /bin/*"})
    assert found({"sudo * [a]": "(root) /bin/*"}, expected) == []
    assert found({"sudo * [a]": "(root) /bin/sh"}, expected) == [("different", "sudo * [a]")]


def test_placeholders_stand_for_what_differs_from_stack_to_stack():
    pattern = Pattern(item="from <address of vault>", value=".*", why="as often as it likes")
    expected = ExpectedState(exactly={"listens <address>:22": "<machine>"}, patterns=(pattern,))
    resolved = expected.resolved(NAMES)
    assert found({"listens 10.0.0.2:22": "alpha", "from 10.0.0.3": ""}, resolved) == []
    assert found({"listens 10.0.0.2:22": "alpha", "from 10x0.0.3": ""}, resolved) == [
        ("unexpected", "from 10x0.0.3")
    ]


def test_what_is_expected_for_a_machine_that_is_not_there_is_left_out():
    expected = ExpectedState(exactly={"rule": "from <address of vault>", "own": "<address>"})
    resolved = expected.resolved({"<address>": "10.0.0.2"})
    assert found({"own": "10.0.0.2"}, resolved) == []
    assert found({"own": "10.0.0.2", "rule": "from 10.0.0.3"}, resolved) == [("unexpected", "rule")]


def test_services_of_one_machine_may_not_contradict():
    both = expecting(root="uid 0") | expecting(root="uid 0", other="x")
    assert dict(both.exactly) == {"root": "uid 0", "other": "x"}
    with pytest.raises(BrokenExpectations, match="root"):
        expecting(root="uid 0") | expecting(root="uid 1")


def test_a_finding_tells_what_where_since_when_and_what_to_do():
    state = State({"mallory": "uid 0", "root": "uid 1"}, {"mallory": "2026-11-26T10:00:00Z"})
    with pytest.raises(Unexpected) as raised:
        require_expected(compare(state, expecting(root="uid 0", deploy="uid 1000")))
    text = str(raised.value)
    assert raised.value.items == ("deploy", "mallory", "root")
    assert "nobody expects mallory: uid 0 (since 2026-11-26T10:00:00Z)" in text
    assert "root is uid 1, not uid 0" in text
    assert "deploy is missing: expected uid 1000" in text
    assert "make up" in text


def test_no_finding_raises_nothing():
    require_expected([])
    with pytest.raises(Unexpected):
        require_expected(compare(State({"mallory": ""}), expecting()))


def test_many_findings_are_cut():
    text = str(Unexpected(compare(State({str(number): "x" * 1000 for number in range(90)}), expecting())))
    assert "and 50 more" in text
    assert len(text) < 40 * 400 + 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("store: {}", "every is missing"),
        ("every: {}\nfoo: {}", "foo"),
        ("every: {exactly: {a: 1}}", "string"),
        ("every: {other: {}}", "other"),
        ("every: {patterns: [{item: '(', value: x, why: because it is so}]}", "regular expression"),
        ("every: {patterns: [{item: a, value: x, why: so}]}", "why"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path, text, words):
    path = tmp_path / "access.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(AmanatError, match=words) as refused:
        load(path)
    assert "access.yaml line" in str(refused.value)


@pytest.mark.parametrize("dimension", dimensions())
def test_any_services_can_share_a_machine(dimension):
    """What they expect of it doesn't contradict: the files are read, joined pairwise, and joined as a whole."""
    file = expected_state(dimension)
    for one in SERVICES:
        for other in SERVICES:
            if {one, other} != {"store", "vault"}:  # which the law keeps apart
                assert file.of([one, other]) is not None
