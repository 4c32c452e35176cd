"""The register holds every row of our reading, quotes its sources, and knows every id the tree names."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from amanat.law import REGISTER_PATH, register
from amanat.settings import Settings
from amanat.topology import SERVICES
from tests.loading import load

ROOT = Path(__file__).resolve().parents[2]
READING = REGISTER_PATH.with_name("isic-521129.en.md")
ROW = re.compile(
    r"^\| (?P<id>[AU]\S+) \| (?P<source>[^|]+) \| (?P<requirement>[^|]+) \| (?P<status>[^|]+) \|$",
    re.MULTILINE,
)
ID = re.compile(r"(?<![\w-])(?:A[1-8](?:-\d-\d)?|U)-[a-z]+(?![\w-])")
# Ids that tests make up, to see them refused.
MADE_UP = {"A3-chanels", "A5-6-1-ip", "A6-7-2-address", "A6-7-2-mac", "U-ip", "U-money"}
SERVICE = {name: service for name, service in SERVICES.items() if not service.transient}
POLICIES = sorted(ROOT.glob("policies/*/test_*.py"))


def rows():
    return {row["id"]: row for row in ROW.finditer(READING.read_text(encoding="utf-8"))}


def words(text):
    return " ".join(text.split())


def sources_in_reading(cell):
    """The places that a row of the reading names; what it says of them in brackets is for people."""
    return re.sub(r" \([^)]*\)", "", cell.removesuffix(" + ECL")).split(", ")


def source_in_reading(source):
    if source.document == "union":
        return "union"
    clause = {None: "", "note": " note"}.get(source.clause, f" {source.clause}")
    return f"Art. {source.article}{clause}"


def status_in_reading(status):
    kinds = re.sub(r"\(.*\)", "", status).replace("measured", "automated").split("+")
    return "+".join(kind.strip() for kind in kinds)


def test_every_row_of_the_reading_is_in_the_register_and_nothing_else():
    assert list(register().requirements) == list(rows())
    table = READING.read_text(encoding="utf-8").partition("\n| id | source |")[2].partition("\n\n")[0]
    assert len(rows()) == len(table.splitlines()) - 2  # the rest of the heading, and the line below it


@pytest.mark.parametrize("one", register().requirements.values(), ids=lambda one: one.id)
def test_source_and_status_are_those_of_the_reading(one):
    row = rows()[one.id]
    first, *others = sources_in_reading(row["source"])
    assert first == source_in_reading(one.source)
    assert set(others) <= {source_in_reading(source) for source in one.see_also}
    assert status_in_reading(row["status"]) == one.status
    if "ECL" in row["source"]:
        assert "ecl" in {source.document for source in one.see_also}


@pytest.mark.parametrize("one", register().requirements.values(), ids=lambda one: one.id)
def test_what_is_our_reading_is_called_so_in_both_languages(one):
    called_ours = "origin: ours" in rows()[one.id]["requirement"]
    assert (one.origin == "ours") == called_ours
    assert (one.reading is not None) == called_ours


def test_the_workplace_is_stated_and_the_systems_protection_is_our_reading():
    workplace, protection = register()["A7-workplace"], register()["A7-protection"]
    assert (workplace.status, workplace.origin) == ("declared", "law")
    assert "محیط کار" in workplace.text.fa
    assert "محیط کار" not in protection.text.fa
    assert {source.document for source in protection.see_also} == {"rule", "ecl", "ccl"}
    assert register().citation("A7-protection") == "our reading of Article 7"


@pytest.mark.parametrize("one", register().requirements.values(), ids=lambda one: one.id)
def test_the_persian_words_are_quoted_from_the_source(one):
    file = register().documents[one.source.document].file
    assert file, f"{one.source.document} has no text to quote"
    assert words(one.text.fa) in words(REGISTER_PATH.with_name(file).read_text(encoding="utf-8"))


def test_a_changed_quote_would_be_noticed():
    quote = register()["A6-7-2-ip"].text.fa
    source = words(REGISTER_PATH.with_name("isic-521129.fa.txt").read_text(encoding="utf-8"))
    assert words(quote) in source
    assert words(quote).replace("شش", "سه") not in source


@pytest.mark.parametrize("one", register().requirements.values(), ids=lambda one: one.id)
def test_persian_is_persian_and_english_is_english(one):
    for text in filter(None, (one.title, one.text, one.reading)):
        assert re.search("[\u0600-\u06ff]", text.fa)
        assert text.en.isascii()
        assert not re.search("[يك]", one.title.fa), "Arabic yeh or kaf"


def test_the_law_s_own_numbers():
    bound = register().bound("A6-7-2-ip", "ip_retention_days")
    assert (bound.min, bound.unit, bound.origin) == (186, "days", "law")
    of_the_law = {
        name
        for one in register().requirements.values()
        for name, b in one.bounds.items()
        if b.origin == "law"
    }
    assert of_the_law == {
        "ip_retention_days",
        "recorded_channels",
        "published_landlines",
        "inventoried_machines",
        "enamad_validity_days",
    }


def measured():
    """Requirement -> the checks of it: (file, test)."""
    return load(ROOT / "scripts/law_table.py").checks()


def test_what_is_built_is_measured_and_nothing_else():
    assert set(measured()) == {one.id for one in register().automated_now()}


def test_what_is_built_is_measured_on_a_service_that_is_built():
    built = {name for name, service in SERVICES.items() if service.built}
    assert [one.id for one in register().automated_now() if not built & set(one.services)] == []


def on_every_machine():
    """The requirements of which a check is run on each machine: it, or a fixture that it takes, takes `machine`."""
    for path in POLICIES:
        functions = {
            one.name: one
            for one in ast.parse(path.read_text("utf-8")).body
            if isinstance(one, ast.FunctionDef)
        }
        for one in functions.values():
            asked = {name.arg for name in one.args.args}
            taken = {name.arg for fixture in asked & set(functions) for name in functions[fixture].args.args}
            if "machine" in asked | taken:
                for mark in one.decorator_list:
                    if ast.unparse(mark).startswith("requirement("):
                        yield from (word.value for word in mark.args)


@pytest.mark.parametrize("name", sorted(set(on_every_machine())))
def test_what_holds_on_every_machine_names_every_service(name):
    """Of the services that are built; one that is not may be named already."""
    row = register()[name]
    assert {one for one, service in SERVICE.items() if service.built} <= {*row.services, *row.where_placed}


def test_what_holds_on_every_machine_is_found():
    assert {"A5-6-1-access", "A7-protection"} <= set(on_every_machine())
    assert "A2-platform" not in set(on_every_machine())


def test_what_is_to_come_comes_with_a_service_that_is_not_built():
    coming = {later.arrives_with for one in register().requirements.values() for later in one.later}
    assert coming
    assert {name for name in coming if name in SERVICES and SERVICES[name].built} == set()


def test_defaults_of_settings_are_lawful():
    bounded = {name: value for name, value in Settings().model_dump().items() if name in register().owners}
    assert set(bounded) == {
        "ip_retention_days",
        "log_outage_days",
        "log_retention_days",
        "message_retention_days",
        "transaction_retention_days",
        "certificate_days",
        "certificate_renew_days",
        "archive_timeout_seconds",
        "full_backup_days",
        "full_backups_kept",
        "backup_interval_hours",
        "copy_interval_hours",
        "copies_keep_days",
        "restore_drill_days",
        "internet_mbit_per_second",
    }
    register().check(**bounded)


# What stands between a lawful choice and what a host then shows at the worst, in the unit of both.
SLACK = {
    ("archive_timeout_seconds", "recovery_point_seconds"): 15,  # the way to the vault
    ("backup_interval_hours", "backup_age_hours"): 1,  # the backup itself
    ("copy_interval_hours", "copy_age_hours"): 1,
    ("full_backup_days", "full_backup_age_days"): 2,  # a timer's day, and another chance
    ("restore_drill_days", "drill_age_days"): 2,
    ("certificate_days", "certificate_lifetime_days"): 1,  # the clock ticks between a certificate's two times
}


@pytest.mark.parametrize(("choice", "measured"), SLACK, ids=lambda name: name)
def test_the_most_that_may_be_chosen_leaves_the_audit_room(choice, measured):
    of = register().owners
    most = {name: register().bound(of[name], name).max for name in (choice, measured)}
    assert most[measured] - most[choice] >= SLACK[choice, measured]


def test_certificates_are_renewed_before_the_audit_complains():
    access = register()["A5-6-1-access"].bounds
    assert access["certificate_renew_days"].min - access["certificate_days_left"].min >= 7


def tracked():
    """The files of the tree that are text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            yield path


def mentions():
    for path in tracked():
        relative = path.relative_to(ROOT)
        yield from ((found, str(relative)) for found in ID.findall(str(relative)))
        text = path.read_text(encoding="utf-8", errors="replace")  # the site's font is no text
        for number, line in enumerate(text.splitlines(), start=1):
            yield from ((found, f"{relative}:{number}") for found in ID.findall(line))


def test_no_id_in_the_tree_is_an_orphan():
    known = {*register().requirements, *MADE_UP}
    assert [f"{where} names {found}" for found, where in mentions() if found not in known] == []


def test_the_archives_schema_says_what_it_builds():
    """Each change names its requirements; together they are the tags of the role's tasks."""
    files = sorted((ROOT / "ansible/roles/archive/files/sqitch/deploy").glob("*.sql"))
    named = {
        path.stem: ID.findall(line)
        for path in files
        for line in path.read_text("utf-8").splitlines()[:4]
        if line.startswith("-- builds: ")
    }
    assert set(named) == {path.stem for path in files}
    (block,) = (
        task
        for task in yaml.safe_load((ROOT / "ansible/roles/archive/tasks/main.yml").read_text("utf-8"))
        if "block" in task
    )
    assert {one for ids in named.values() for one in ids} == set(block["tags"])
