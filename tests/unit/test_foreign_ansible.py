"""Ansible as the kit runs it: the person's variables, settings files and plugins change nothing of what is done."""

import json
import os
import sys
from pathlib import Path

import pytest

from amanat import ansible_environment
from amanat.audit import inventory as audited
from amanat.paths import PROJECT_ROOT
from amanat.runner import ConvergeFailed, Playbook

SITE = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Write a tagged file
      ansible.builtin.copy:
        content: "done\\n"
        dest: "{where}/tagged"
      tags: [A7-protection, web]
    - name: Write another
      ansible.builtin.copy:
        content: "done\\n"
        dest: "{where}/plain"
"""
HOSTS = "all: {hosts: {here: {ansible_connection: local, ansible_python_interpreter: %s}}}\n"
VARIABLES = {
    "ANSIBLE_RUN_TAGS": "nothing",
    "ANSIBLE_SKIP_TAGS": "A7-protection",
    "ANSIBLE_STRATEGY": "no_such_strategy",
    "ANSIBLE_INVENTORY_ENABLED": "no_such_plugin",
    "ANSIBLE_VAULT_PASSWORD_FILE": "/nowhere/vault",
    "ANSIBLE_STDOUT_CALLBACK": "minimal",
    "ANSIBLE_CALLBACKS_ENABLED": "no_such_callback",
    "ANSIBLE_BECOME": "True",
    "ANSIBLE_BECOME_METHOD": "no_such_method",
    "ANSIBLE_ROLES_PATH": "/nowhere",
    "ANSIBLE_LIBRARY": "{foreign}/library",
    "ANSIBLE_HOME": "{foreign}",
    "ANSIBLE_CONFIG": "{foreign}/ansible.cfg",
    "ANSIBLE_LOCAL_TEMP": "/nowhere/tmp",
    "ANSIBLE_REMOTE_TEMP": "/proc/nowhere",
    "ANSIBLE_MODULE_STRICT_UTF8_RESPONSE": "maybe",
    "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "no",
    "ANSIBLE_PLAYBOOK_DIR": "/nowhere",
    "ANSIBLE_ANY_ERRORS_FATAL": "what",
    "ANSIBLE_SSH_CONTROL_PATH_DIR": "{foreign}/cp",
    "ANSIBLE_SSH_ARGS": "-o ProxyCommand=false",
    "AWX_ISOLATED_DATA_DIR": "/nowhere/awx",
    "AWX_LIB_DIRECTORY": "/nowhere/lib",
    "RUNNER_ONLY_FAILED_EVENTS": "True",
    "PYTHONPATH": "{foreign}/python",
}
NONE = {"groups": {}, "machines": {}}
CONFIGURATION = """\
[defaults]
strategy = no_such_strategy
library = {foreign}/library
[tags]
run = nothing
[inventory]
enable_plugins = no_such_plugin
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """What may lie about: settings files, modules and plugins that break or replace what they shadow."""
    root = tmp_path_factory.mktemp("foreign")
    for path in ("ansible.cfg", ".ansible.cfg", "cwd/ansible.cfg"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(CONFIGURATION.format(foreign=root), "utf-8")
    broken = "raise SystemExit('a foreign file was loaded')\n"
    for path in ("library/copy.py", "python/jinja2.py", "plugins/action/copy.py", "plugins/vars/theirs.py"):
        for below in (root, root / ".ansible"):
            (below / path).parent.mkdir(parents=True, exist_ok=True)
            (below / path).write_text(broken, "utf-8")
    return root


@pytest.fixture
def world(tmp_path, monkeypatch):
    """(a playbook for this machine, the directory it writes to)"""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for name in ("site", "inventory", "host"):
        (tmp_path / name).mkdir()
    (tmp_path / "site/site.yml").write_text(SITE.format(where=tmp_path / "host"), "utf-8")
    (tmp_path / "inventory/hosts.yml").write_text(HOSTS % sys.executable, "utf-8")
    play = Playbook(tmp_path / "site/site.yml", tmp_path / "inventory", tmp_path / "runs", NONE)
    return play, tmp_path / "host"


def set_all(monkeypatch, foreign):
    monkeypatch.setenv("HOME", str(foreign))
    monkeypatch.chdir(foreign / "cwd")
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value.format(foreign=foreign))


def test_a_converge_does_all_of_it_in_anybodys_environment(world, foreign, monkeypatch):
    set_all(monkeypatch, foreign)
    play, where = world
    result = play.run()
    assert sorted(path.name for path in where.iterdir()) == ["plain", "tagged"]
    assert result.recap["here"]["changed"] == 2


def test_a_check_sees_every_edit_in_anybodys_environment(world, foreign, monkeypatch):
    set_all(monkeypatch, foreign)
    play, where = world
    (where / "tagged").write_text("edited\n", "utf-8")
    assert len(play.check().changes) == 2


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_no_variable_reaches_a_playbook(tmp_path, foreign, monkeypatch, name):
    """ansible-runner starts from whatever it was started in; only what it adds itself is taken from it."""
    clean = ansible_environment.runner_environment({}, tmp_path, tmp_path)
    value = VARIABLES[name].format(foreign=foreign)
    monkeypatch.setenv(name, value)
    prepared = {name: value} if name not in ansible_environment.RUNNER_VARIABLES else {}
    assert ansible_environment.runner_environment(prepared, tmp_path, tmp_path) == clean


def test_no_login_or_passphrase_is_in_the_environment_that_is_written_down(world, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret-login")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "s3cret-token")
    play, _ = world
    play.run()
    (written,) = play.artifacts_root.rglob("artifacts/*/command")
    environment = json.loads(written.read_text("utf-8"))["env"]
    assert environment["ANSIBLE_CONFIG"] == str(PROJECT_ROOT / "ansible/ansible.cfg")
    sockets = Path(environment["ANSIBLE_SSH_CONTROL_PATH_DIR"])
    assert len(str(sockets)) <= 50
    assert not sockets.exists(), "a connection outlives the run's directory"
    assert "s3cret" not in written.read_text("utf-8")


def test_an_inventory_is_read_alike_in_anybodys_environment(tmp_path, foreign, monkeypatch):
    path = tmp_path / "hosts.ini"
    path.write_text("[shop]\ndb1 ansible_host=192.0.2.1\ndb2\n", "utf-8")
    clean = audited.read(path)
    set_all(monkeypatch, foreign)
    assert audited.read(path) == clean
    assert set(clean) == {"db1", "db2"}


@pytest.mark.parametrize(
    "play",
    [
        "- hosts: nobody_is_in_this_group\n  tasks: [{ansible.builtin.ping: }]\n",
        "- hosts: all:!all\n  gather_facts: false\n  tasks: [{ansible.builtin.ping: }]\n",
        "- hosts: all\n  gather_facts: false\n  tasks: []\n",
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - {ansible.builtin.ping: , when: false}\n",
    ],
)
def test_a_run_that_did_nothing_has_failed(world, play):
    """A check too: it would say "no drift"."""
    book, _ = world
    book.path.write_text(play, "utf-8")
    with pytest.raises(ConvergeFailed, match="did nothing on"):
        book.check()


def test_a_run_that_left_one_host_out_has_failed(world):
    book, _ = world
    hosts = book.inventory / "hosts.yml"
    hosts.write_text(hosts.read_text("utf-8").replace("{here: ", "{there: {}, here: "), "utf-8")
    task = "{ansible.builtin.ping: , when: inventory_hostname == 'here'}"
    book.path.write_text(f"- hosts: all\n  gather_facts: false\n  tasks: [{task}]\n", "utf-8")
    with pytest.raises(ConvergeFailed, match="did nothing on there"):
        book.run()
