"""The register's reader: what it gives, and what it refuses, with file, line and id."""

import textwrap

import pytest

from amanat.errors import AmanatError, BadInput, BadInputs
from amanat.law import BrokenRegister, OutsideTheLaw, load, register
from amanat.requirement import Bound
from amanat.yaml_lines import UnreadableFile, YamlDocument

ROW = """\
  - id: A6-7-2-ip
    source: {article: 6, clause: "7-2"}
    title: {en: Addresses are kept, fa: نگهداری آی پی}
    text: {en: Six months., fa: شش ماه}
    status: automated
    built: true
    services: [logs]
    bounds:
      ip_retention_days: {min: 186, unit: days, origin: law, why: six months}
"""
HEAD = """\
documents:
  rule: {title: {en: The rule, fa: ضوابط}, cite: {en: the rule, fa: ضوابط}, file: rule.txt}
requirements:
"""


@pytest.fixture
def write(tmp_path):
    def write_register(text):
        path = tmp_path / "register.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_register


def test_a_register_is_read(write):
    read = load(write(HEAD + ROW))
    assert read["A6-7-2-ip"].is_automated
    assert not read["A6-7-2-ip"].is_declared
    assert read.bound("A6-7-2-ip", "ip_retention_days").min == 186
    assert read.citation("A6-7-2-ip") == "Article 6 clause 7-2"
    assert read.owners == {"ip_retention_days": "A6-7-2-ip"}


def other(old, new):
    assert old in ROW
    return ROW.replace(old, new)


BROKEN = {
    "id missing": (other("- id: A6-7-2-ip\n    source", "- source"), "id: Field required", 4),
    "id unreadable": (other("id: A6-7-2-ip", "id: IP kept"), "IP kept: id:", 4),
    "id against its source": (other("id: A6-7-2-ip", "id: A5-6-1-ip"), "begin with A6-7-2-", 4),
    "id of the union": (other("id: A6-7-2-ip", "id: U-ip"), "begin with A6-7-2-", 4),
    "id twice": (ROW + ROW, "A6-7-2-ip is there twice", 13),
    "bound twice": (
        ROW + other("A6-7-2-ip", "A6-7-2-address"),
        "A6-7-2-address: A6-7-2-ip has the bound ip_retention_days already",
        13,
    ),
    "unknown key": (other("status:", "stats: x\n    status:"), "A6-7-2-ip: stats:", 8),
    "unknown status": (other("status: automated", "status: pending"), "A6-7-2-ip: status:", 8),
    "status missing": (other("    status: automated\n", ""), "status: Field required", 4),
    "unknown service": (other("services: [logs]", "services: [log]"), "A6-7-2-ip: services.0:", 10),
    "automated nowhere": (other("    services: [logs]\n", ""), "names the services that are measured", 4),
    "unbuilt without later": (other("built: true", "built: false"), "needs a later list", 4),
    "measures without declaration": (
        other("built: true", "built: true\n    measures: the line"),
        "measures belongs to declared+automated",
        4,
    ),
    "declared without measures": (
        other("status: automated", "status: declared+automated"),
        "measures belongs to declared+automated",
        4,
    ),
    "ours without a reading": (
        other("built: true", "built: true\n    origin: ours"),
        "reading belongs to",
        4,
    ),
    "a reading of the law's own": (
        other("built: true", "built: true\n    reading: {en: So we read it., fa: برداشت ما}"),
        "reading belongs to",
        4,
    ),
    "unknown document": (other("{article: 6,", "{document: decree, article: 6,"), "source.document:", 5),
    "document not described": (other("{article: 6,", "{document: ecl, article: 6,"), "cites ecl", None),
    "article as text": (other("article: 6,", 'article: "6",'), "source.article:", 5),
    "clause unreadable": (other('"7-2"', '"72"'), "source.clause:", 5),
    "no Persian title": (other(", fa: نگهداری آی پی", ""), "title.fa: Field required", 6),
    "min above max": (other("min: 186", "min: 186, max: 90"), "min 186 is above max 90", 12),
    "bound without limit": (other("min: 186, ", ""), "either min and/or max, or includes", 12),
    "bound of two kinds": (other("min: 186", "min: 186, includes: [ip]"), "either min and/or max", 12),
    "bound as text": (other("min: 186", 'min: "186"'), "ip_retention_days.min", 12),
    "bound true": (other("min: 186", "min: true"), "ip_retention_days.min", 12),
    "bound without origin": (other("origin: law, ", ""), "origin: Field required", 12),
    "bound of unknown origin": (other("origin: law", "origin: custom"), "origin:", 12),
    "bound without reason": (other(", why: six months", ""), "why: Field required", 12),
    "measured by what is not there": (
        other("why: six months", "why: six months, measured_by: ip_age_days"),
        "ip_retention_days is measured_by ip_age_days, which is no other bound",
        4,
    ),
    "row is text": ("  - A6-7-2-ip\n", "0: Input should be", 4),
}


@pytest.mark.parametrize(("rows", "said", "line"), BROKEN.values(), ids=BROKEN)
def test_a_broken_register_is_refused_with_line_and_id(write, rows, said, line):
    with pytest.raises(BadInput) as refused:
        load(write(HEAD + rows))
    assert isinstance(refused.value, BrokenRegister | BadInputs)
    assert said in str(refused.value)
    assert "register.yaml" in str(refused.value)
    if line:
        assert f"line {line})" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a mapping, documents, and a list, requirements"),
        ("- a\n", "a mapping, documents, and a list, requirements"),
        ("documents: {}\nrequirements: {}\n", "a mapping, documents, and a list"),
        (HEAD, "a mapping, documents, and a list"),
        (f"{HEAD}{ROW}extra: 1\n", "a mapping, documents, and a list"),
        (f"{HEAD}{ROW}    id: A6-7-2-ip\n", "id is there twice (register.yaml line 13)"),
        ("requirements: [", "register.yaml is not YAML"),
    ],
)
def test_what_is_no_register_at_all_is_refused(write, text, said):
    with pytest.raises(BadInput) as refused:
        load(write(text))
    assert said in str(refused.value)


def test_a_missing_register_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match=r"can't be read"):
        load(tmp_path / "none.yaml")


def test_every_fault_is_told_at_once(write):
    rows = other("status: automated", "status: pending") + other("A6-7-2-ip", "A6-7-2-mac").replace(
        "built: true", "built: maybe"
    ).replace("ip_retention_days", "mac_retention_days")
    with pytest.raises(BadInputs) as refused:
        load(write(HEAD + rows))
    assert [type(fault) for fault in refused.value.faults] == [BrokenRegister] * 2
    assert "1. A6-7-2-ip: status" in str(refused.value)
    assert "2. A6-7-2-mac: built" in str(refused.value)


def test_outside_the_law_reads_as_documented():
    with pytest.raises(OutsideTheLaw) as refused:
        register().check(file="Pulumi.local.yaml", ip_retention_days=100)
    assert str(refused.value) == textwrap.dedent(
        """\
        ip_retention_days = 100 is below 186, the least that Article 6 clause 7-2 allows (A6-7-2-ip).
               Set amanat:ip_retention_days to 186 or more in Pulumi.local.yaml."""
    )
    assert refused.value.exit_code == 2
    assert isinstance(refused.value, AmanatError)


def test_our_own_bounds_are_called_our_reading():
    with pytest.raises(OutsideTheLaw, match=r"the most that our reading of Article 5 clause 6-1 allows"):
        register().check(certificate_days=900)
    with pytest.raises(OutsideTheLaw, match=r"below 186, the least that our reading of Article 6 clause 7-2"):
        register().check(transaction_retention_days=-1)


def test_a_duty_that_is_ours_is_called_our_reading_once(write):
    ours = other(
        "built: true", "built: true\n    origin: ours\n    reading: {en: So we read it., fa: برداشت ما}"
    )
    for rows in (ours, ours.replace("origin: law", "origin: ours")):
        with pytest.raises(OutsideTheLaw, match=r"the least that our reading of Article 6 clause 7-2 allows"):
            load(write(HEAD + rows)).check(ip_retention_days=1)


@pytest.mark.parametrize("day", ["2026-02-31", "1405-02-31", "2026-11-22", "2026-11-22T14:00:00Z"])
def test_a_date_in_a_file_is_text_whatever_its_calendar(tmp_path, day):
    path = tmp_path / "any.yaml"
    path.write_text(f"day: {day}\nnumber: 7\n", "utf-8")
    assert YamlDocument(path).value == {"day": day, "number": 7}


def test_a_list_that_lacks_names_is_refused():
    with pytest.raises(OutsideTheLaw, match=r"lacks email and ussd, which Article 3 demands \(A3-channels\)"):
        register().check(recorded_channels=["sms", "voice", "push", "fax"])
    register().check(recorded_channels=["ussd", "email", "push", "voice", "sms", "rcs"])


def test_several_breaches_are_told_at_once():
    with pytest.raises(BadInputs) as refused:
        register().check(ip_retention_days=1, certificate_days=999)
    assert {type(fault) for fault in refused.value.faults} == {OutsideTheLaw}
    assert refused.value.exit_code == 2


def test_a_value_on_the_bound_is_lawful():
    register().check(ip_retention_days=186, certificate_days=397)


def test_what_is_no_number_is_never_lawful():
    with pytest.raises(OutsideTheLaw):
        register().check(ip_retention_days=float("nan"))


def test_unknown_names_are_refused():
    with pytest.raises(BadInput, match="ip_retention_dys is not a bound"):
        register().check(ip_retention_dys=190)
    with pytest.raises(BadInput, match="A6-7-2-ip has no bound certificate_days"):
        register().bound("A6-7-2-ip", "certificate_days")
    with pytest.raises(BadInput, match="A9-none is not a requirement"):
        register()["A9-none"]


def test_bounds_judge_measurements():
    within = Bound(min=1, max=3, unit="tries", origin="ours", why="a reason")
    assert [within.allows(value) for value in (0, 1, 3, 3.5)] == [False, True, True, False]
    names = Bound(includes=("sms", "push"), unit="channels", origin="law", why="a reason")
    assert names.allows(["push", "sms", "fax"])
    assert not names.allows(["sms"])
