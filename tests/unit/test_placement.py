"""The placement: read as it was meant, and refused with the clause and the remedy where it can't be built."""

import pytest

from amanat import topology
from amanat.errors import BadInputs
from amanat.placement import BadPlacement, NotPlaced, Placement

ALL = topology.permanent()
FILE = "Pulumi.t.yaml"


def test_without_a_choice_each_service_has_a_machine_named_after_it():
    assert Placement.parse({}) == Placement.default()
    assert dict(Placement.default().by_machine) == {
        "logs": ("logs",),
        "edge": ("edge",),
        "store": ("store",),
        "vault": ("vault",),
        "desk": ("desk",),
    }


def test_a_service_can_be_left_out_of_the_default():
    assert "edge" not in Placement.default(without=("edge",)).services


def test_six_services_fit_on_two_machines():
    placement = Placement.parse({"main": "store edge desk otp", "safe": "vault, logs"}, built=ALL)
    assert placement.machines == ("main", "safe")
    assert placement.services_of("main") == ("edge", "store", "desk", "otp")
    assert [placement.machine_of(name) for name in ALL] == ["safe", "main", "main", "safe", "main", "main"]
    assert placement.names_of("safe") == ("safe", "logs", "vault")
    assert placement.as_text() == "main: edge store desk otp, safe: logs vault"


def test_a_stack_may_leave_services_out():
    placement = Placement.parse({"alpha": "store"})
    assert placement.services == ("store",)
    assert (placement.carries("store"), placement.carries("vault")) == (True, False)


def test_what_needs_a_service_that_is_left_out_is_refused():
    with pytest.raises(NotPlaced, match="no machine carries vault") as refused:
        Placement.parse({"alpha": "store"}).machine_of("vault")
    assert refused.value.exit_code == 2
    assert "amanat:placement" in refused.value.fix


def test_a_transient_service_has_a_machine_of_its_own_that_is_not_listed():
    placement = Placement.parse({"alpha": "store", "beta": "vault"})
    assert placement.services_of("drill") == ("drill",)
    assert placement.machine_of("drill") == "drill"
    assert "drill" not in placement.machines
    assert not placement.carries("drill")


@pytest.mark.parametrize(
    ("given", "said", "remedy"),
    [
        (
            {"a": "store vault"},
            "carries vault beside store (Article 5 clause 6-1",
            "Give vault another machine",
        ),
        ({"a": "logs store"}, "carries logs beside store (our reading of Article 6 clause 7-2", "Give logs"),
        ({"a": "logs edge"}, "carries logs beside edge", "Give logs another machine"),
        ({"a": "logs desk"}, "carries logs beside desk", "Give logs another machine"),
        ({"a": "logs otp"}, "carries logs beside otp", "Give logs another machine"),
        ({"a": "stor"}, "stor on a is not a service", "Did you mean store?"),
        ({"a": "Vault"}, "Vault on a is not a service", "Did you mean vault?"),
        ({"a": "drill"}, "drill comes and goes with an operation", "Remove it"),
        ({"a": "store", "b": "store"}, "store is placed 2 times, on a and b", "Name it once"),
        ({"a": "store store"}, "store is placed 2 times, on a", "Name it once"),
        ({"a": "store", "b": " "}, "machine b carries no service", "Give it one, or remove it"),
        ({"A": "store"}, "A is not a name of a machine", "RFC 1123"),
        ({"a-": "store"}, "a- is not a name of a machine", "RFC 1123"),
        ({"a.b": "store"}, "a.b is not a name of a machine", "RFC 1123"),
        ({"1": "store"}, "1 is not a name of a machine", "Begin with a lower-case letter"),
        ({"a" * 64: "store"}, "is not a name of a machine", "63 in all"),
        ({"": "store"}, "is not a name of a machine", "RFC 1123"),
        (
            {"vault": "store"},
            "machine vault is named after a service that it doesn't carry",
            "Place vault on it",
        ),
        *(
            ({name: "store"}, f"{name} has a meaning of its own", "Choose another name")
            for name in ("localhost", "controller", "world", "machine", "all", "ungrouped", "drill")
        ),
    ],
)
def test_what_cannot_be_placed_is_refused(given, said, remedy):
    with pytest.raises(BadPlacement) as refused:
        Placement.parse(given, FILE, built=ALL)
    assert said in refused.value.what
    assert remedy in refused.value.fix
    assert FILE in refused.value.where


def test_a_service_that_this_release_does_not_build_is_refused():
    with pytest.raises(BadPlacement, match="otp on main is not built yet") as refused:
        Placement.parse({"main": "store otp", "safe": "vault"}, FILE)
    assert refused.value.fix == "This release has logs, edge, store, vault and desk."


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(BadInputs) as refused:
        Placement.parse({"a": "store vault", "B": "otp"}, FILE)
    assert len(refused.value.faults) == 3


def test_logs_may_stand_beside_the_vault():
    assert Placement.parse({"a": "vault logs", "b": "store"}, built=ALL).services_of("a") == ("logs", "vault")
