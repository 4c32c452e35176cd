"""What a policy asks for by name."""

from collections.abc import Callable, Iterator

import pytest

from amanat.audit.archive import Archive
from amanat.audit.client import Client
from amanat.audit.closed_world import Finding, compare, expected_state
from amanat.audit.drills import SignedDrill, newest_signed
from amanat.audit.expectations import Expectations, expectations, services_of
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat.audit.markers import ids_of
from amanat.audit.names import names_of
from amanat.audit.session import Audit
from amanat.audit.website import DeclaredSite, Website
from amanat.errors import BadInput
from amanat.requirement import Bound
from amanat_host.answers.state import State
from amanat_host.questions import Question

AUDIT = pytest.StashKey[Audit]()


@pytest.fixture(scope="session")
def hosts(pytestconfig: pytest.Config) -> Hosts:
    """Every machine of the inventory by its name."""
    return pytestconfig.stash[AUDIT].hosts


@pytest.fixture(scope="session")
def store(hosts: Hosts) -> Host:
    """The machine that carries the store."""
    return hosts.service("store")


@pytest.fixture(scope="session")
def vault(hosts: Hosts) -> Host:
    """The machine that carries the vault."""
    return hosts.service("vault")


@pytest.fixture(scope="session")
def logs(hosts: Hosts) -> Host:
    """The machine that carries the logs."""
    return hosts.service("logs")


@pytest.fixture(scope="session")
def edge(hosts: Hosts) -> Host:
    """The machine that carries the edge."""
    return hosts.service("edge")


@pytest.fixture(scope="session")
def website(pytestconfig: pytest.Config, edge: Host) -> Website:
    """The operator's site, as anybody reaches it."""
    return Website(pytestconfig.stash[AUDIT], edge)


@pytest.fixture(scope="session")
def declared_site(pytestconfig: pytest.Config) -> DeclaredSite:
    """The site that the operator declares, by the stack's settings; raises `NotChecked` without them."""
    return DeclaredSite.of(pytestconfig.stash[AUDIT].options)


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest, hosts: Hosts) -> Host:
    """Each machine in turn that carries a service which the law register has this test's requirements measured on.

    A service that no machine carries has its turn as well, so that the check is not-checked for it.
    """
    return hosts[request.param] if request.param in hosts else hosts.service(request.param)


@pytest.fixture(scope="session")
def expected() -> Callable[[Host], Expectations]:
    """`expected(machine)`: what the expectations of its services say of a machine."""
    return expectations().of_host


@pytest.fixture(scope="session")
def unexpected(hosts: Hosts) -> Callable[[Host, Question[State], str], list[Finding]]:
    """`unexpected(machine, question, dimension)`: all that is otherwise there than the machine's services need."""

    def find(machine: Host, question: Question[State], dimension: str) -> list[Finding]:
        # One machine carries the databases of all services.
        machines = hosts.values() if dimension == "database" else [machine]
        services = {service for one in machines for service in services_of(one)}
        expected = expected_state(dimension).of(sorted(services))
        return compare(machine.ask(question), expected.resolved(names_of(machine, hosts)))

    return find


@pytest.fixture(scope="session")
def signed_drill(pytestconfig: pytest.Config) -> SignedDrill:
    """The newest restore drill that was signed for the stack; raises `NotChecked` without one."""
    options = pytestconfig.stash[AUDIT].options
    return newest_signed(options.drills, options.drills_key)


@pytest.fixture
def bound(request: pytest.FixtureRequest) -> Callable[[str], Bound]:
    """`bound(name)`: the law register's limit for this test's requirement, whatever the operator chose."""
    law = request.config.stash[AUDIT].register
    ids = ids_of(request.node)

    def find(name: str) -> Bound:
        for one in ids:
            if name in law[one].bounds:
                return law.bound(one, name)
        raise BadInput(f"{' and '.join(ids)} has no bound {name}", fix="Add it to the law register.")

    return find


@pytest.fixture(scope="session")
def client(pytestconfig: pytest.Config) -> Iterator[Client]:
    """Behaves like a client of the hosts' services, with the operator's certificates or without."""
    instance = Client(pytestconfig.stash[AUDIT])
    yield instance
    instance.close()


@pytest.fixture(scope="session")
def archive(store: Host, client: Client) -> Archive:
    """The message archive, used as its clients do."""
    return Archive(store, client)
