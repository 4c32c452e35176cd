"""The roles keep their promises on paper: typed variables, known clauses, validated configuration. No host needed."""

import re
from pathlib import Path

import pytest
import yaml

from amanat.audit.closed_world import expected_state
from amanat.law import register
from amanat.parts import SITE
from amanat.playbook_content import imported_by, plays_of
from amanat.targets.docker.image import PACKAGES
from amanat_host.logs import journal_room
from tests.loading import load
from tests.rendering import rendered_template

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted((ROOT / "ansible/roles").iterdir())
IDS = set(register().requirements)
MOST_LINES = 120
# What may stand beside the module in a task.
KEYWORDS = {
    *(
        "name",
        "when",
        "tags",
        "vars",
        "register",
        "loop",
        "loop_control",
        "notify",
        "listen",
        "become",
        "become_user",
    ),
    *(
        "changed_when",
        "failed_when",
        "check_mode",
        "diff",
        "delegate_to",
        "ignore_unreachable",
        "no_log",
        "environment",
        "args",
        "until",
    ),
    *(
        "retries",
        "delay",
        "run_once",
        "block",
        "rescue",
        "always",
        "throttle",
        "async",
        "poll",
        "become_flags",
    ),
}
# What validates a file before it is put in place, by where it goes.
VALIDATED_BY = {
    r"/etc/sudoers\.d/": "visudo",
    r"/etc/ssh/sshd_config": "sshd",
    r"/etc/nftables\.conf$": "nft",
    r"/etc/aide/": "aide",
    r"/etc/apt/apt\.conf\.d/": "apt-config",
    r"/etc/chrony/": "chronyd",
    r"/postgresql\.conf$": "check-postgresql-conf",
}
# A host's own values, for rendering; everything else comes from defaults.
SAMPLE = {
    "ansible_facts": {"virtualization_type": "docker", "default_ipv4": {"address": "10.1.2.11"}},
    "inventory_hostname": "store",
    "base_stack": "local-000000",
    "base_peers": {"alpha": {"address": "10.1.2.11", "names": ["alpha", "store"]}},
    "base_flows": [
        {"name": "ssh", "protocol": "tcp", "port": 22, "sources": ["10.1.2.1"]},
        {"name": "postgresql", "protocol": "tcp", "port": 5432, "sources": ["10.1.2.0/24"]},
    ],
    "base_auditor_commands": ["/usr/bin/id", "/usr/bin/true --of=a,b:c"],
}

BLOCK_PARTS = ("block", "rescue", "always")

role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def specs(role):
    return read(role / "meta/argument_specs.yml")["argument_specs"]


def task_files(role):
    return sorted([*role.glob("tasks/*.yml"), *role.glob("handlers/*.yml")])


def tasks(role):
    """Every task and handler, those inside blocks too, with the file it stands in."""

    def inside(found):
        for task in found:
            yield task
            for part in BLOCK_PARTS:
                yield from inside(task.get(part, []))

    for path in task_files(role):
        for task in inside(read(path)):
            yield path, task


def tagged_tasks(path, inherited=frozenset()):
    """Each task that a task file runs by itself, and those of files it imports, with all tags it runs for."""
    for task in read(path):
        yield from tagged(task, path, inherited)


def entries(role):
    """The task files that a playbook begins with: those that no other of the role's imports."""
    files = sorted(role.glob("tasks/*.yml"))
    imported = {
        name for path in files for name in re.findall(r"import_tasks: (\S+)", path.read_text("utf-8"))
    }
    return [path for path in files if path.name not in imported]


def tagged(task, path, inherited):
    tags = inherited | set(task.get("tags", []))
    yield {key: value for key, value in task.items() if key not in BLOCK_PARTS}, tags
    for part in BLOCK_PARTS:
        for inner in task.get(part, []):
            yield from tagged(inner, path, tags)
    imported = task.get("ansible.builtin.import_tasks")
    if imported:
        yield from tagged_tasks(path.parent / imported, tags)


def walk(value):
    """Every dictionary inside a value."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def options_of(spec):
    for name, option in spec.get("options", {}).items():
        yield name, option
        yield from options_of(option)


def readmes():
    return load(ROOT / "ansible/readmes.py")


@role
def test_every_default_has_a_specification_of_the_same_value(role):
    options = specs(role)["main"]["options"]
    defaults = read(role / "defaults/main.yml")
    assert defaults == {name: options[name].get("default") for name in defaults}
    assert {name for name, option in options.items() if not option.get("required")} == set(defaults)


@role
def test_every_variable_is_typed_described_and_named_after_its_role(role):
    for entry, spec in specs(role).items():
        assert spec["short_description"], entry
        for name, option in options_of(spec):
            assert option.get("type"), f"{entry}.{name} has no type"
            assert option.get("description"), f"{entry}.{name} has no description"
            assert option["type"] != "list" or "elements" in option, f"{entry}.{name}: a list of what?"
        assert all(name.startswith(f"{role.name}_") for name in spec.get("options", {}))


@role
def test_tasks_are_named_and_name_their_module_in_full(role):
    for path, task in tasks(role):
        assert task.get("name"), f"{path}: {task}"
        modules = set(task) - KEYWORDS
        assert all(module.count(".") >= 2 for module in modules), f"{path}: {task['name']}: {modules}"


@role
def test_tags_are_clauses_of_the_register(role):
    tagged = set()
    for _, task in tasks(role):
        for part in walk(task):
            tags = part.get("tags", [])
            tagged |= set(tags.split(",") if isinstance(tags, str) else tags)
    assert tagged - {"always", "never"} <= IDS
    assert tagged & IDS, f"{role.name} serves no clause"


def test_every_requirement_that_is_built_is_some_roles_tag():
    """The guide: `--list-tasks --tags <id>` shows what implements one."""
    built = {one.id for one in register().automated_now()}
    tags = {tag for role in ROLES for path in entries(role) for _, tags in tagged_tasks(path) for tag in tags}
    assert built - tags == set()


@role
def test_what_confines_a_service_is_tagged_as_protection(role):
    """A service's unit, or what changes one: A7-protection measures what it may do."""
    untagged = [
        task["name"]
        for path in entries(role)
        for task, tags in tagged_tasks(path)
        if re.search(r"/etc/systemd/system/\S+\.service(\.d/\S+)?['\"]", str(task)) and "j2" in str(task)
        if not tags & {"A7-protection", "always"}
    ]
    assert untagged == []


@role
def test_a_result_is_there_whenever_it_is_read(role):
    """`--tags` runs a task without those of other tags, so what it reads must come from a task with its own."""
    found = list(tagged_tasks(role / "tasks/main.yml")) if (role / "tasks/main.yml").exists() else []
    makers = {}
    for task, tags in found:
        if name := task.get("register"):
            makers.setdefault(name, []).append(tags)
    for task, tags in found:
        text = str({key: value for key, value in task.items() if key != "register"})
        for name in re.findall(r"\b\w+\b", text):
            for made in makers.get(name, []):
                assert "always" in made or tags <= made, f"{task['name']}: {name} is missing with a tag"


@role
def test_configuration_is_validated_before_it_is_put_in_place(role):
    for path, task in tasks(role):
        for file in walk(task):
            command = next(
                (who for where, who in VALIDATED_BY.items() if re.search(where, str(file.get("dest")))), None
            )
            if command:
                assert command in file.get("validate", ""), (
                    f"{path}: {file['dest']} needs validate: {command}"
                )


@role
def test_secrets_are_kept_out_of_the_output(role):
    """A task that reads a variable whose specification says no_log says so itself; assert shows no values."""
    secret = [name for name, option in specs(role)["main"].get("options", {}).items() if option.get("no_log")]
    for path, task in tasks(role):
        own = {key: value for key, value in task.items() if key not in (*BLOCK_PARTS, "name")}
        used = re.sub(r"\w+(\.keys\(\)| \| list\b)", "", str(own))  # a dictionary's keys are no secret
        if "ansible.builtin.assert" not in own and any(name in used for name in secret):
            assert task.get("no_log") is True, f"{path}: {task['name']}"


@role
def test_files_are_short(role):
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in task_files(role)}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


@role
def test_the_readme_is_written_from_the_specification(role):
    written = (role / "README.md").read_text(encoding="utf-8")
    assert written == readmes().render(role), "run `python ansible/readmes.py`"


def rendered(template, **chosen):
    """What the template makes on a host that chose nothing, or what is `chosen`."""
    return rendered_template(template, **SAMPLE | chosen)


@pytest.mark.parametrize(
    "template",
    [
        path
        for name in ("base", "pki")
        for path in sorted((ROOT / "ansible/roles" / name).glob("templates/*.j2"))
    ],
    ids=lambda path: path.name,
)
def test_templates_render_with_the_defaults(template):
    text = rendered(template)
    assert text.endswith("\n")
    assert "\n\n\n" not in text
    assert not re.search(r"\{[{%]|Undefined|None\b", text)


def test_the_auditor_gets_exact_commands_only():
    """No wildcard, no open argument list, nothing that sudo would read as its own syntax."""
    text = rendered(ROOT / "ansible/roles/base/templates/sudo-auditor.j2")
    granted = [
        line.removeprefix("auditor ALL=(root) NOPASSWD: ")
        for line in text.splitlines()
        if line.startswith("auditor ")
    ]
    assert '/usr/bin/id ""' in granted
    assert r"/usr/bin/true --of\=a\,b\:c" in granted
    assert all(re.fullmatch(r'/[\w./-]+ (""|[^*?\[\]!]+)', command) for command in granted), granted


def test_the_firewall_never_flushes_the_tables_of_others():
    text = rendered(ROOT / "ansible/roles/base/templates/nftables.conf.j2")
    assert "flush ruleset" not in text
    assert text.count("policy drop") == 3
    assert "ip saddr { 10.1.2.0/24 } tcp dport 5432 ct state new accept" in text


FIREWALL = ROOT / "ansible/roles/base/templates/nftables.conf.j2"
SERVER = {"virtualization_type": "kvm", "default_ipv4": {"address": "10.1.2.11"}}
NAMES, TIME = "th dport 53 accept", "udp dport 123 accept"


@pytest.mark.parametrize(
    ("chosen", "there"),
    [
        ({}, f"meta skuid root meta l4proto {{ tcp, udp }} {NAMES}"),
        (
            {"base_name_servers": ["10.0.0.53"]},
            f"ip daddr {{ 10.0.0.53 }} meta l4proto {{ tcp, udp }} {NAMES}",
        ),
        (
            {"ansible_facts": SERVER | {"dns": {"nameservers": ["10.0.0.53", "127.0.0.53", "fe80::1"]}}},
            f"ip daddr {{ 10.0.0.53 }} meta l4proto {{ tcp, udp }} {NAMES}",
        ),
        ({"ansible_facts": SERVER}, f"meta skuid _chrony {TIME}"),
        (
            {"ansible_facts": SERVER, "base_time_servers": ["10.0.0.123", "10.0.1.123"]},
            f"ip daddr {{ 10.0.0.123, 10.0.1.123 }} {TIME}",
        ),
        (
            {"ansible_facts": SERVER, "base_time_servers": ["10.0.0.123", "ntp.example"]},
            f"meta skuid _chrony {TIME}",
        ),
    ],
)
def test_names_and_time_are_asked_of_known_servers_or_by_known_accounts(chosen, there):
    text = rendered(FIREWALL, **chosen)
    assert there in text
    questions = [line for line in text.splitlines() if "53 accept" in line or "123 accept" in line]
    assert [line for line in questions if "skuid" not in line and "daddr" not in line] == []


def test_a_container_asks_nobody_for_the_time():
    assert "123" not in rendered(FIREWALL, base_time_servers=["10.0.0.123"]).partition("chain output")[2]


def test_a_server_without_name_servers_asks_nobody():
    assert "dport 53" not in rendered(FIREWALL, ansible_facts=SERVER)


@pytest.mark.parametrize("hours", [1, 6, 13, 23, 24])
@pytest.mark.parametrize(
    ("template", "variable"),
    [
        ("restic_client/templates/copy.timer.j2", "restic_client_interval_hours"),
        ("pgbackrest_repository/templates/backup.timer.j2", "pgbackrest_repository_interval_hours"),
    ],
)
def test_a_timer_comes_as_often_as_it_is_asked_to(template, variable, hours):
    """Every lawful number of hours; systemd takes a step of 23 at the most (systemd.time(7)) and loads no other."""
    text = rendered(ROOT / "ansible/roles" / template, **{variable: hours})
    step = int(re.search(r"OnCalendar=\*-\*-\* 00(?:/(\d+))?:", text)[1] or 24)
    assert step == hours
    assert "/24:" not in text


@pytest.mark.parametrize("mib", [64, 1000, 2048, 65536])
def test_no_limit_of_journald_leaves_the_journal_less_than_its_room(mib):
    """As the audit judges it; and a full file is as large as the metrics tell."""
    text = rendered(ROOT / "ansible/roles/base/templates/journald.conf.j2", base_journal_size_mib=mib)
    set_to = journal_room.settings(text)
    size = journal_room.bytes_of(set_to, "SystemMaxFileSize", 0)
    assert size == journal_room.file_bytes(mib << 20)
    assert int(set_to["SystemMaxFiles"]) * size // journal_room.SHORT_FILE >= mib << 20
    assert journal_room.seconds_of(set_to["MaxRetentionSec"]) == 0


def test_what_is_included_ends_its_line():
    """Without the plus sign Ansible joins the line that follows to the last one that is included."""
    including = [
        (path.name, line)
        for path in (ROOT / "ansible/roles").glob("*/templates/*.j2")
        for line in path.read_text("utf-8").splitlines()
        if "{% include" in line
    ]
    assert including
    assert [(name, line) for name, line in including if not line.endswith("+%}")] == []


def test_the_image_brings_what_every_host_is_given_anyway():
    """Otherwise every host made installs it again."""
    wanted = yaml.safe_load((ROOT / "ansible/roles/base/vars/main.yml").read_text("utf-8"))
    assert set(wanted["base_packages_everywhere"]) - set(PACKAGES) == set()


PLAYBOOKS = sorted((ROOT / "ansible/playbooks").glob("*.yml"))


def steps(play):
    """What a play does, in order: (role, its task file), with the tags of a task."""
    for part in ("pre_tasks", "roles", "tasks", "post_tasks"):
        for one in play.get(part, []):
            role = one if part == "roles" else one.get("ansible.builtin.import_role", {})
            yield role.get("role") or role.get("name"), role.get("tasks_from", "main"), one.get("tags", [])


@pytest.mark.parametrize("playbook", imported_by(SITE), ids=lambda path: path.stem)
def test_every_part_marks_its_start_and_takes_its_changes_into_the_baseline(playbook):
    """Otherwise each converge would show in the file integrity check as an intrusion."""
    plays = list(plays_of(playbook))
    for hosts in {play["hosts"] for play in plays}:
        own = [play for play in plays if play["hosts"] in (hosts, "all")]
        first, last = next(iter(steps(own[0]))), list(steps(own[-1]))[-1]
        assert first in [("base", "mark", ["always"]), ("base", "main", [])]  # the role base marks it itself
        assert last == ("base", "update_baseline", ["always"])


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_play_spares_hosts_compiling_modules(playbook):
    plays = list(plays_of(playbook))
    assert plays
    wanted = {"PYTHONPATH": "/usr/local/lib/amanat/ansible"}
    assert [play["name"] for play in plays if play.get("environment") != wanted] == []


@pytest.mark.parametrize(
    ("template", "variable"),
    [
        ("pgbackrest_repository/templates/backup.timer.j2", "pgbackrest_repository_interval_hours"),
        ("restic_client/templates/copy.timer.j2", "restic_client_interval_hours"),
    ],
)
@pytest.mark.parametrize(("hours", "written"), [(1, "00/1"), (8, "00/8"), (12, "00/12"), (24, "00")])
def test_a_timer_comes_evenly_round_the_day(template, variable, hours, written):
    """systemd refuses 00/24, and begins anew each midnight."""
    text = rendered_template(ROOT / "ansible/roles" / template, **{variable: hours})
    assert re.search(rf"^OnCalendar=\*-\*-\* {written}:\d\d:00 UTC$", text, re.MULTILINE), text
    assert "FixedRandomDelay=true" in text


def test_the_metrics_command_line_is_the_one_that_the_audit_expects():
    text = rendered(ROOT / "ansible/roles/metrics/templates/own.service.j2", metrics_outage_days=31)
    command = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)[1]
    (pattern,) = (
        one
        for one in expected_state("running").of(["store"]).patterns
        if "amanat-metrics-own" in one.item and "argv" in one.value
    )
    assert re.fullmatch(re.search(r"=(/usr/lib/amanat/write-metrics -.+) ; flags", pattern.value)[1], command)
