"""A stack that is up: a second run changes nothing, secrets stay secret, strangers stay out."""

import re

import docker
import psycopg
import pytest
import yaml

from amanat.paths import PROJECT_ROOT
from amanat.stack import Stack
from tests.hosts.live import DEAD_PROXY


def texts(values):
    """One line of every secret that is secret: the last of a key in PEM is its public half."""
    for value in values.values():
        if isinstance(value, dict):
            yield from texts(value)
        else:
            lines = value.splitlines()
            yield lines[2] if len(lines) > 2 else value


def sealing_secret(paths):
    """A line of the private sealing key that its public half hasn't."""
    public = (paths.sealing / "public.asc").read_text("utf-8").splitlines()
    private = paths.sealing_private_key.read_text("utf-8").splitlines()
    return next(line for line in private[4:] if line not in public)


def test_a_second_up_changes_nothing(live_stack):
    again = live_stack.amanat("up", "--no-audit", "--json")
    assert again.code == 0, again.err
    assert set(again.json["changes"]) == {"same"}


def test_a_setting_of_one_service_concerns_that_service_alone(live_stack):
    """As Pulumi's own preview tells; nothing is changed."""
    path = PROJECT_ROOT / f"Pulumi.{live_stack.stack}.yaml"
    kept = path.read_text("utf-8")
    tree = yaml.safe_load(kept)
    tree["config"] = {**(tree.get("config") or {}), "amanat:full_backup_days": 5}
    path.write_text(yaml.safe_dump(tree), "utf-8")
    try:
        preview = live_stack.amanat("preview", "--json")
    finally:
        path.write_text(kept, "utf-8")
    assert preview.code == 0, preview.err
    assert re.findall(r"(\S+) \((\w+)\) would be (\w+)", preview.err) == [
        ("controller-files", "ControllerFiles", "updated"),
        ("vault", "Configuration", "updated"),
    ]


def test_a_proxy_that_only_some_have_is_not_asked_for_what_is_here(live_stack):
    """`preview`, `up` and `audit` with a dead one in the environment; the stack itself was made so."""
    for arguments in (("preview",), ("up", "--no-audit"), ("audit", "--only", "A3-channels")):
        done = live_stack.amanat(*arguments, "--json", **DEAD_PROXY)
        assert done.code == 0, done.err[-3000:]
    assert done.json["requirements"]["A3-channels"]["verdict"] == "satisfied"


@pytest.mark.parametrize("name", ["Iran", "Asia/Tehran", "US/Eastern"])
def test_sessions_take_old_names_of_time_zones(live_stack, name):
    """Java's clients set the session's time zone to their machine's, by whatever name that has."""
    with live_stack.database("archive_writer", options=f"-c TimeZone={name}") as session:
        assert session.execute("SHOW TimeZone").fetchone() == (name,)


def test_no_secret_lies_in_state_or_inventory_or_runs(live_stack):
    """Every secret is ciphertext in the state, and none is in what the kit writes elsewhere."""
    paths = live_stack.paths
    secrets = [path.read_text("utf-8").strip() for path in paths.clients.glob("*.password")]
    secrets += [path.read_text("utf-8").splitlines()[2] for path in paths.clients.glob("*.key")]
    secrets += [path.read_text("utf-8").splitlines()[2] for path in (paths.deploy_key, paths.auditor_key)]
    secrets += [
        sealing_secret(paths),
        paths.passphrase.read_text().strip(),
    ]
    volume_key = "clevis decrypt < /etc/amanat/volume.jwe | od -An -v -tx1 | tr -d ' \\n'"
    secrets += [live_stack.root("store", volume_key).strip()]
    secrets += filter(None, texts(Stack(paths).secrets()))  # none where no alert is to be told
    assert all(len(secret) >= 32 for secret in secrets)
    kept = [paths.state, paths.inventory, paths.ansible_artifacts, PROJECT_ROOT / "evidence"]
    files = [path for root in kept for path in root.rglob("*") if path.is_file() and path != paths.passphrase]
    assert len(files) > 3
    leaks = [
        (path.name, secret[:4])
        for path in files
        for secret in secrets
        if secret.encode() in path.read_bytes()
    ]
    assert leaks == []


def test_the_private_sealing_key_is_not_on_the_host(live_stack):
    line = sealing_secret(live_stack.paths)
    found = live_stack.root(
        "store", f"grep -rlF --exclude=volume.img -- '{line}' /etc /var/lib /srv /home /root /opt || true"
    )
    assert found == ""


@pytest.mark.parametrize(
    "options",
    [
        {"sslmode": "disable"},
        {"sslcert": "/nonexistent.crt", "sslkey": "/nonexistent.key"},
        {"ssl_max_protocol_version": "TLSv1.2"},
        {"password": "guess"},
        {"user": "postgres"},
        {"dbname": "postgres"},
    ],
    ids=["plaintext", "no certificate", "TLS 1.2", "wrong password", "superuser", "other database"],
)
def test_a_stranger_is_refused(live_stack, options):
    with pytest.raises(psycopg.OperationalError):
        live_stack.database("archive_writer", **options)


def test_the_inventory_is_plain_yaml(live_stack):
    tree = yaml.safe_load(live_stack.paths.hosts_file.read_text("utf-8"))
    assert list(tree["all"]["hosts"]) == ["logs", "store", "vault"]


def test_status_names_hosts_and_ports(live_stack):
    status = live_stack.amanat("status", "--json")
    assert status.code == 0, status.err
    assert status.json["hosts"] == dict.fromkeys(("logs", "store", "vault"), "running")
    assert status.json["endpoints"] == live_stack.endpoints
    of_time = {"last_drill", "alerts"}
    assert of_time <= set(status.json["health"])
    assert {name: one["well"] for name, one in status.json["health"].items() if name not in of_time} == {
        "logs": True,
        "store": True,
        "vault": True,
        "newest_backup": True,
        "declarations": True,
    }


def test_status_says_in_words_what_a_host_lacks(live_stack):
    live_stack.root("store", "systemctl stop amanat-copy.timer")
    try:
        said = live_stack.amanat("status").out
    finally:
        live_stack.root("store", "systemctl start amanat-copy.timer")
    store = next(line for line in said.splitlines() if line.startswith("store "))
    assert store.split(maxsplit=2)[1:] == ["running", "amanat-copy.timer is inactive"]


def test_status_asks_nothing_of_a_paused_host_and_leaves_it_so(live_stack):
    client = docker.from_env()
    vault = client.containers.get(f"{live_stack.paths.stack_id}-vault")
    vault.pause()
    try:
        said = live_stack.amanat("status", "--json")
        vault.reload()
        assert vault.status == "paused"
    finally:
        vault.unpause()
        client.close()
    assert said.code == 0, said.err
    assert said.json["health"]["vault"]["words"] == "is paused: `make up` starts it"
    assert "newest_backup" not in said.json["health"]
