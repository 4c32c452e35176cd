"""What the audit expects of a machine: read strictly, and joined over the services it carries."""

from types import SimpleNamespace

import pytest

from amanat.audit.by_service import BrokenExpectations
from amanat.audit.expectations import Expectations, Listening, load, services_of
from amanat.audit.inventory import AuditedHost
from amanat.errors import AmanatError

TWO = """
every:
  listens:
    - {name: ssh, port: 22, callers: [controller]}
  always_up: [ssh.service]
  copied_files: [/etc]
store:
  listens:
    - {name: postgresql, port: 5432, callers: [vault]}
  always_up: [ssh.service, amanat-volume.service]
  active: [postgresql@17-main.service]
  enabled: [postgresql.service]
vault:
  listens:
    - {name: restic, port: 8000, callers: [every]}
  allowed_units: [amanat-copies*.*]
"""


@pytest.fixture
def read(tmp_path):
    """The expectations of a file with this text."""

    def of(text):
        path = tmp_path / "expectations.yaml"
        path.write_text(text, "utf-8")
        return load(path)

    return of


def host(name, *groups):
    audited = AuditedHost(name, "192.0.2.1", 22, "auditor", None, (), frozenset({"all", *groups}), {})
    return SimpleNamespace(name=name, audited=audited)


@pytest.mark.parametrize(
    ("machine", "services"),
    [
        (host("store", "ungrouped"), ("store",)),
        (host("alpha", "store", "desk"), ("store", "desk")),
        (host("beta", "web"), ()),
    ],
)
def test_a_machine_carries_the_services_of_its_groups_and_of_its_name(machine, services):
    assert services_of(machine) == services


def test_a_machine_is_to_have_what_each_of_its_services_has(read):
    joined = read(TWO).of_host(host("alpha", "vault", "store"))
    assert joined.ports == {22, 5432, 8000}
    assert joined.active_units == ("ssh.service", "amanat-volume.service", "postgresql@17-main.service")
    assert joined.units_at_boot == ("ssh.service", "amanat-volume.service", "postgresql.service")
    assert "amanat-copies*.*" in joined.known_units
    assert joined.copied_files == ("/etc",)


def test_a_machine_without_services_is_to_have_what_every_machine_has(read):
    found = read(TWO)
    assert found.of([]) == found.root["every"]
    assert found.of(["desk"]) == found.root["every"]


@pytest.mark.parametrize(
    ("elsewhere", "opened"), [(set(), {22}), ({"desk"}, {22, 8000}), ({"vault"}, {22, 5432, 8000})]
)
def test_a_port_is_open_while_a_caller_is_there(read, elsewhere, opened):
    assert read(TWO).of(["store", "vault"]).open_ports(elsewhere) == opened


@pytest.mark.parametrize("caller", ["controller", "world", "drill"])
def test_who_is_always_let_in_needs_no_machine(caller):
    assert Listening(name="https", port=443, callers=(caller,)).is_open_to(())


def test_what_the_auditor_reaches_is_what_names_it(read):
    assert read(TWO).of(["store"]).controller_ports == {22}


def test_a_port_is_found_by_its_name(read):
    assert read(TWO).of(["store"]).listening("postgresql").callers == ("vault",)


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ("every: {runs: [ssh.service]}", 1, "runs"),
        ("every: {}\nstroe: {}", 2, "stroe"),
        ("every: {}\ndrill: {}", 2, "drill"),
        ("store: {}", 1, "every is missing"),
        ("every:\n  active: ssh.service", 2, "active"),
        ("every:\n  active: [ssh.service; id]", 2, "active.0"),
        ("every:\n  private_paths:\n    - etc/amanat", 3, "private_paths.0"),
        ("every:\n  listens:\n    - {name: ssh, port: 0, callers: [controller]}", 3, "port"),
        ("every:\n  listens:\n    - {name: ssh, port: '22', callers: [controller]}", 3, "port"),
        ("every:\n  listens:\n    - {name: ssh, port: 22, callers: []}", 3, "callers"),
        ("every:\n  listens:\n    - {name: ssh, port: 22, callers: [stroe]}", 3, "callers"),
        ("[]", 1, "it"),
        ("", 1, "it"),
    ],
)
def test_what_nobody_knows_is_refused_with_its_line(read, text, line, named):
    with pytest.raises(AmanatError) as refused:
        read(text)
    assert isinstance(refused.value, BrokenExpectations)
    assert named in refused.value.what
    assert refused.value.where == f"expectations.yaml line {line}"


def test_a_key_that_is_there_twice_is_refused(read):
    with pytest.raises(AmanatError, match="there twice"):
        read("every: {}\nevery: {}")


def test_joining_keeps_no_word_twice():
    one = Expectations(active=("a.service",))
    assert (one | Expectations(active=("a.service", "b.service"))).active == ("a.service", "b.service")
