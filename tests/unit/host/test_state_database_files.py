"""Files among a database's relations: what no catalogue has is told, what comes and goes is not."""

import contextlib

import pytest

from amanat_host.state import database_files
from amanat_host.state.database_files import DATABASES, OF_INITDB, RELATIONS, UNCOMMITTED

PAGE = bytes(18) + b"\x04\x20" + bytes(8172)
TABLE, MAPPED, UNLOGGED, SHARED = 16400, 1259, 16500, 1260


class Server:
    """A server's answers, and its data directory; `asked(question)` is called before each answer."""

    def __init__(self, data):
        self.data = data
        self.relations = {TABLE: "p", MAPPED: "p", UNLOGGED: "u"}
        self.databases = [(4, "template0", False), (16384, "archive", True)]
        self.uncommitted = None
        self.asked = lambda question: None
        for directory in ("base/4", "base/16384", "global"):
            (data / directory).mkdir(parents=True)
        self.write("base/16384/16400")
        self.write("global/1260")
        self.write("base/4/1259")

    def write(self, path, content=PAGE):
        (self.data / path).write_bytes(content)

    @contextlib.contextmanager
    def connect(self, database):
        def rows(question):
            self.asked(question)
            relations = [(number, kept, False) for number, kept in self.relations.items()]
            return {
                UNCOMMITTED: [(self.uncommitted,)],
                DATABASES: self.databases,
                RELATIONS: [*relations, (SHARED, "p", True)],
                OF_INITDB: [(MAPPED,), (SHARED,)],
            }[question]

        yield rows

    def told(self):
        return database_files.items(self.data, self.connect)[0]


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


def test_files_of_relations_are_no_items(server):
    for name in ("16400_fsm", "16400_vm", "t3_16400", "1259", "16500_init", "PG_VERSION", "pg_internal.init"):
        server.write(f"base/16384/{name}")
    assert server.told() == {}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("base/16384/5_fsm", PAGE, "is of no relation"),
        ("base/16384/99999", PAGE, "is of no relation"),
        ("base/16384/t3_99999", PAGE, "is of no relation"),
        ("base/16384/16400_fsm", b"a list of senders, and more of it", "holds no pages"),
        ("base/16384/16400_vm", b"short", "holds no pages"),
        ("base/16384/16400.1", PAGE, "behind a segment that isn't full"),
        ("base/16384/16400_init", PAGE, "is of no unlogged relation"),
        ("base/4/16400", PAGE, "is of no relation"),
        ("global/16400", PAGE, "is of no relation"),
    ],
)
def test_what_is_of_no_relation_is_told(server, name, content, why):
    server.write(name, content)
    items, since = database_files.items(server.data, server.connect)
    assert items == {f"server: file {name}": why}
    assert since[f"server: file {name}"].endswith("Z")


def test_a_segment_behind_a_full_one_is_its_relations(server, monkeypatch):
    monkeypatch.setattr(database_files, "SEGMENT_BYTES", len(PAGE))
    server.write("base/16384/16400.1")
    assert server.told() == {}


def test_a_directory_of_no_database_is_told(server):
    (server.data / "base/7").mkdir()
    assert server.told() == {"server: file base/7": "is of no database"}


@pytest.mark.parametrize(("changed", "is_told"), [(900.0, True), (999.99, False), (1000.5, False)])
def test_what_a_transaction_that_goes_on_may_have_made_is_no_item(server, changed, is_told):
    server.write("base/16384/99999")
    file = database_files.RelationFile(server.data / "base/16384/99999", 99999, "", 0, len(PAGE), changed)
    catalogue = database_files.Known(server.relations, uncommitted_since=1000.0)
    assert bool(database_files.fault(file, catalogue, 0)) == is_told


def test_a_database_that_is_being_made_is_no_item(server):
    (server.data / "base/99999").mkdir()
    server.uncommitted = (server.data / "base/99999").stat().st_ctime
    assert server.told() == {}


def test_an_emptied_file_of_a_dropped_relation_is_no_item(server):
    server.write("base/16384/99999", b"")
    assert server.told() == {}


def test_a_file_that_goes_while_it_is_asked_for_is_no_item(server):
    server.write("base/16384/99999")

    def dropped(question):
        if question == RELATIONS:
            (server.data / "base/16384/99999").unlink(missing_ok=True)

    server.asked = dropped
    assert server.told() == {}


def test_a_file_that_only_the_first_asking_sees_is_no_item(server):
    server.write("base/16384/99999")
    questions = []

    def seen(question):
        questions.append(question)
        if (
            questions.count(DATABASES) == 3
        ):  # of the second asking: one for directories, one for databases each
            (server.data / "base/16384/99999").unlink(missing_ok=True)

    server.asked = seen
    assert server.told() == {}
    assert questions.count(DATABASES) == 4


def test_a_new_page_of_zeros_is_a_page(server):
    server.write("base/16384/16400", bytes(8192))
    assert server.told() == {}
