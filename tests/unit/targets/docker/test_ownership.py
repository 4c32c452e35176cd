"""Whose a stack on the engine is."""

from types import SimpleNamespace

import pytest

from amanat.targets import AnotherOwner
from amanat.targets.docker.labels import STACK_LABEL, labels, owner_of
from amanat.targets.docker.ownership import refuse_another_owner
from tests.unit.targets.docker.engine_client import ANOTHER, LABELS, OWNER, STACK, Thing


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_another_owner_made_is_refused_by_name(client, kind):
    getattr(client, kind).things = [
        Thing(client.log, "own"),
        Thing(client.log, "old", labels={STACK_LABEL: STACK}),
    ]
    refuse_another_owner("", STACK, OWNER)
    getattr(client, kind).things.append(Thing(client.log, "theirs", labels=labels(STACK, ANOTHER)))
    with pytest.raises(AnotherOwner, match="belongs to you@here:/home/you ") as refused:
        refuse_another_owner("", STACK, OWNER)
    assert "git clone" in refused.value.fix
    assert client.log == []


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_carries_no_owner_is_ours_only_if_our_state_knows_it(client, kind):
    getattr(client, kind).things = [Thing(client.log, "old", labels={STACK_LABEL: STACK})]
    identity = "old" if kind == "volumes" else "id-old"
    refuse_another_owner("", STACK, OWNER, lambda: {identity, "more"})
    with pytest.raises(AnotherOwner, match="somebody whose state is not here"):
        refuse_another_owner("", STACK, OWNER, lambda: {"id-else"})


def test_the_state_is_asked_only_about_what_carries_no_owner(client):
    client.containers.things = [Thing(client.log, "own")]
    refuse_another_owner("", STACK, OWNER, lambda: pytest.fail("asked"))


def test_the_marks_of_a_container_lie_deeper():
    container = SimpleNamespace(attrs={"Config": {"Labels": LABELS}})
    assert owner_of(container) == OWNER
    assert owner_of(SimpleNamespace(attrs={"Config": {"Labels": None}, "Labels": None})) == ""
