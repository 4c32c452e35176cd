"""What a playbook depends on: its own roles and what they use, however far, and nothing of others."""

import shutil
from pathlib import Path

import pytest

from amanat.ansible_environment import ANSIBLE
from amanat.playbook_content import PlaybookContent, _mentioned, imported_by

SITE = ANSIBLE / "playbooks/site.yml"
PARTS = [path.stem for path in imported_by(SITE)]
# Which parts use a role whole: whatever lies in it concerns them.
USERS = {
    "base": {"base"},
    "pki": {"base"},
    "log_shipping": {"base"},
    "logs": {"logs"},
    "metrics": {"base"},
    "monitoring": {"logs"},
    "monitoring_watch": {"backups"},
    "nginx": {"edge"},
    "tang": {"tang"},
    "pgbackrest_repository": {"vault"},
    "rest_server": {"vault"},
    "anchor": {"vault"},
    "tsa": {"vault"},
    "volume": {"store"},
    "pgbackrest_client": {"store"},
    "postgresql": {"store"},
    "archive": {"store"},
    "restic_client": {"backups"},
    "desk": {"desk"},
}

# Templates that another part reaches by an entry of its own.
ALSO = {"web.yml.j2": {"store"}, "database.service.j2": {"store"}}


@pytest.fixture(scope="module")
def contents():
    """The real parts, by name."""
    return {name: PlaybookContent(ANSIBLE, SITE.parent / f"{name}.yml") for name in PARTS}


def concerned(contents, path):
    """The parts that a file of the real tree concerns."""
    return {name for name, content in contents.items() if ANSIBLE / path in content.files}


def test_every_role_has_users():
    assert set(USERS) == {path.name for path in (ANSIBLE / "roles").iterdir()}


@pytest.mark.parametrize("role", sorted(USERS))
def test_a_template_of_a_role_concerns_the_parts_that_use_it_and_no_other(contents, role):
    directory = ANSIBLE / "roles" / role
    for path in sorted(directory.glob("templates/*")) or [directory / "tasks/main.yml"]:
        also = ALSO.get(path.name, set()) if role == "metrics" else set()
        assert concerned(contents, path) == USERS[role] | also, path.name


def test_an_edited_template_of_the_repository_is_another_digest_of_the_vault_only(tmp_path):
    root = tmp_path / "ansible"
    shutil.copytree(ANSIBLE, root, symlinks=True, copy_function=shutil.copy)

    def digests():
        return {name: PlaybookContent(root, root / f"playbooks/{name}.yml").digest for name in PARTS}

    before = digests()
    template = root / "roles/pgbackrest_repository/templates/pgbackrest.conf.j2"
    template.write_text(template.read_text("utf-8") + "# edited\n", "utf-8")
    after = digests()
    assert {name for name in PARTS if before[name] != after[name]} == {"vault"}


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("ansible.cfg", set(PARTS)),
        ("collections/ansible_collections/amanat/host/plugins/modules/files.py", set(PARTS)),
        ("templates/confinement.j2", set(PARTS)),
        ("files/pgbackrest-openssl.cnf", {"vault", "store"}),
        ("roles/base/tasks/install.yml", set(PARTS)),
        ("roles/base/tasks/update_baseline.yml", set(PARTS)),
        ("roles/base/tasks/sshd.yml", {"base"}),
        ("roles/pki/tasks/service.yml", {"base", "vault", "logs", "store", "backups"}),
        ("roles/pgbackrest_repository/tasks/server.yml", {"vault"}),
        ("roles/pgbackrest_repository/tasks/backups.yml", {"vault", "backups"}),
        ("roles/anchor/tasks/install.yml", {"vault"}),
        ("roles/archive/vars/database.yml", {"store"}),
        ("playbooks/vars/postgresql.yml", {"store"}),
        ("playbooks/vault.yml", {"vault"}),
        ("playbooks/drill.yml", set()),
        ("playbooks/restore.yml", set()),
        ("roles/postgresql/README.md", set()),
        ("readmes.py", set()),
    ],
)
def test_a_file_concerns_the_parts_that_reach_it(contents, path, parts):
    assert (ANSIBLE / path).is_file()
    assert concerned(contents, path) == parts


@pytest.mark.parametrize("role", sorted(USERS))
def test_every_data_file_is_named_where_it_is_used(role):
    """A part that enters a role elsewhere than at its top has only the files that are named there."""
    own = [path for path in (ANSIBLE / "roles" / role).rglob("*") if path.is_file() and path.suffix != ".md"]
    data = {
        path for path in own if {"files", "templates"} & set(path.parts) and "__pycache__" not in path.parts
    }
    users = {path for path in own if path not in data}
    assert data - _mentioned(sorted(data), ANSIBLE / "roles" / role, users) == set()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("pgbackrest_repository_full_days", {"vault"}),
        ("pgbackrest_repository_interval_hours", {"vault"}),
        ("volume_size_gib", {"store"}),
        ("restic_client_interval_hours", {"backups"}),
        ("base_flows", {"base"}),
        ("base_debian_mirror", {"base"}),
        ("pki_names", {"base"}),
        ("nginx_names", {"edge"}),
        ("archive_sealing_public_key", {"store"}),
        ("archive_client_networks", {"store"}),
        ("postgresql_passwords", {"store"}),
        ("volume_key", {"store"}),
        ("pgbackrest_repository_cipher", {"vault"}),
        ("pki_ca_private_key", {"base", "desk", "edge", "logs", "vault"}),
        ("restic_client_key", {"backups"}),
        ("anchor_password", {"vault"}),
    ],
)
def test_a_variable_concerns_the_parts_whose_files_name_it(contents, name, parts):
    assert {part for part, content in contents.items() if name in content.words} == parts


@pytest.fixture
def small(tmp_path):
    """A tree of one playbook and two roles, to edit in every way."""
    files = {
        "ansible.cfg": "",
        "playbooks/web.yml": "[{hosts: web, roles: [nginx]}]",
        "roles/nginx/meta/main.yml": "dependencies: [{role: tls}]",
        "roles/nginx/tasks/main.yml": "[{include_tasks: {file: site.yml}}]",
        "roles/nginx/tasks/site.yml": "[{block: [{include_role: {name: certbot, tasks_from: renew}}]}]",
        "roles/nginx/files/logo": "x",
        "roles/tls/tasks/main.yml": "[]",
        "roles/certbot/tasks/main.yml": "[{template: {src: new.j2}}]",
        "roles/certbot/tasks/renew.yml": "[{template: {src: renew.j2}, when: certbot_hook}]",
        "roles/certbot/defaults/main.yml": "{certbot_hook: '{{ shop_domain }}', certbot_days: '{{ shop_days }}'}",
        "roles/certbot/templates/renew.j2": "{% include 'part.j2' %}",
        "roles/certbot/templates/part.j2": "",
        "roles/certbot/templates/new.j2": "",
        "roles/other/tasks/main.yml": "[]",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def content(root):
    return PlaybookContent(root, root / "playbooks/web.yml")


def test_files_are_found_through_dependencies_includes_and_blocks(small):
    found = {str(path.relative_to(small)) for path in content(small).files}
    every = {str(path.relative_to(small)) for path in small.rglob("*") if path.is_file()}
    assert every - found == {
        "roles/certbot/tasks/main.yml",
        "roles/certbot/templates/new.j2",
        "roles/other/tasks/main.yml",
    }


def test_a_default_that_nothing_uses_names_nothing(small):
    assert {"certbot_hook", "shop_domain"} <= content(small).words
    assert not {"certbot_days", "shop_days"} & content(small).words


def test_a_file_of_variables_concerns_the_playbook_that_reads_it(small):
    (small / "playbooks/web.yml").write_text(
        "[{hosts: web, vars_files: [vars/web.yml], roles: [nginx]}]", "utf-8"
    )
    (small / "playbooks/vars").mkdir()
    (small / "playbooks/vars/web.yml").write_text("nginx_sites: ['{{ shop_site }}']", "utf-8")
    assert small / "playbooks/vars/web.yml" in content(small).files
    assert "shop_site" in content(small).words


def test_the_digest_does_not_depend_on_place_time_or_order(small, tmp_path_factory, monkeypatch):
    before = content(small).digest
    copy = tmp_path_factory.mktemp("copy") / "tree"
    shutil.copytree(small, copy, copy_function=shutil.copy)
    assert content(copy).digest == before
    listed = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: sorted(listed(self, pattern), reverse=True))
    assert content(small).digest == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: (root / "files/logo").write_text("x ", "utf-8"),
        lambda root: (root / "files/logo").rename(root / "files/mark"),
        lambda root: (root / "files/logo").chmod(0o755),
        lambda root: (root / "files/logo").unlink(),
        lambda root: (root / "files/new").write_text("", "utf-8"),
    ],
    ids=["edited", "renamed", "made executable", "removed", "added"],
)
def test_every_edit_of_a_role_is_another_digest(small, edit):
    before = content(small).digest
    edit(small / "roles/nginx")
    assert content(small).digest != before


def test_a_program_of_the_hosts_concerns_every_part(small, tmp_path_factory):
    root = tmp_path_factory.mktemp("checkout") / "ansible"
    shutil.copytree(small, root)
    before = content(root).digest
    (root.parent / "host/amanat_host").mkdir(parents=True)
    (root.parent / "host/amanat_host/probe.py").write_text("certbot_days", "utf-8")
    assert content(root).digest != before
    assert "certbot_days" not in content(root).words


def test_what_python_leaves_behind_is_no_edit(small):
    before = content(small).digest
    (small / "roles/nginx/__pycache__").mkdir()
    (small / "roles/nginx/__pycache__/one.pyc").write_bytes(b"x")
    (small / "roles/nginx/empty").mkdir()
    assert content(small).digest == before


def test_a_role_named_by_a_template_is_refused(small):
    (small / "playbooks/web.yml").write_text(
        "[{hosts: web, tasks: [{include_role: {name: '{{ x }}'}}]}]", "utf-8"
    )
    with pytest.raises(ValueError, match="literally"):
        _ = content(small).files


def test_a_role_that_is_not_there_is_named(small):
    shutil.rmtree(small / "roles/tls")
    with pytest.raises(FileNotFoundError, match="tls"):
        _ = content(small).files
