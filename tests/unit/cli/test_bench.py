"""The bench: its numbers as ratios with their goals; a measurement that fails says so."""

import pytest

from amanat.cli import bench
from amanat.cli.bench import BENCHES, BenchFailed, measure
from amanat.errors import BadInput
from tests.unit.targets.fake import FakeOperations


@pytest.fixture
def said():
    return []


@pytest.fixture
def store(monkeypatch, paths):
    """The store's answer to each bench; tests change it."""
    answer = {"code": 0, "output": '{"ratio": 0.8123, "recorded": 4000, "plain": 4924}', "ran": []}

    def run(machine, script):
        answer["ran"].append((machine, script))
        return answer["code"], answer["output"]

    target = FakeOperations()
    monkeypatch.setattr(target, "run_as_root", run)
    monkeypatch.setattr(bench.Stack, "outputs", lambda self: {})
    monkeypatch.setattr(bench.Stack, "target", target)
    settings = paths.project / f"Pulumi.{paths.stack}.yaml"
    settings.write_text("config: {amanat:placement: {alpha: store, beta: logs, gamma: vault}}\n", "utf-8")
    return answer


def test_each_bench_runs_where_its_service_is_and_is_a_line_with_its_goal(store, paths, said):
    answer = measure(paths, (), said.append)
    assert set(answer.values) == set(BENCHES)
    assert [machine for machine, _ in store["ran"]] == ["alpha"] * 4 + ["beta"]
    assert "ratio 0.81 (goal 0.7)" in answer.lines[0]
    assert "recorded 4000, plain 4924" in answer.lines[0]
    assert said[0] == f"1 of 5, on alpha: {BENCHES['archive'].what}"
    assert len(said) == 5


def test_one_can_be_chosen(store, paths, said):
    assert set(measure(paths, ["volume"], said.append).values) == {"volume"}
    assert [line.partition(":")[0] for line in said] == ["1 of 1, on alpha"]


@pytest.mark.parametrize(("name", "why"), [("logs", "no machine carries logs"), ("disk", "no such bench")])
def test_one_that_can_not_be_measured_is_refused_before_any_is(store, paths, said, name, why):
    settings = paths.project / f"Pulumi.{paths.stack}.yaml"
    settings.write_text("config: {amanat:placement: {alpha: store}}\n", "utf-8")
    with pytest.raises(BadInput, match=why):
        measure(paths, ["volume", name], said.append)
    assert store["ran"] == []


def test_a_stack_without_the_service_has_no_bench_of_it(store, paths, said):
    settings = paths.project / f"Pulumi.{paths.stack}.yaml"
    settings.write_text("config: {amanat:placement: {alpha: store}}\n", "utf-8")
    assert "logs" not in measure(paths, (), said.append).values
    assert {machine for machine, _ in store["ran"]} == {"alpha"}


def test_a_bench_that_fails_tells_its_last_words(store, paths, said):
    store.update(code=1, output="error: no room\n")
    with pytest.raises(BenchFailed) as failure:
        measure(paths, (), said.append)
    assert "ended with 1: error: no room" in str(failure.value)
    assert "alpha:/usr/lib/amanat/" in str(failure.value)
