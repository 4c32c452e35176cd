"""The store's volume opens over the network, with the vault's help, and not otherwise."""

import json
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import docker
import pytest

from amanat.audit.waiting import wait_until

URL = "http://vault:7500"
COPY = "/var/lib/amanat/stolen.img"
LAYOUT = "/run/stolen.json"
MOUNT = "/run/stolen"
# A thief has the disk and /etc, and a machine of his own: these are the store's, seen from another name space.
OPEN_THE_COPY = f"mount --bind {LAYOUT} /etc/amanat/volume.json && timeout 20 /usr/lib/amanat/volume open"


@dataclass(frozen=True)
class Outage:
    """What the store said while the vault was away, and how it came back."""

    unit: dict[str, str]
    journal: str
    postgres: str
    came_back: bool


@pytest.fixture(scope="module")
def outage(live_stack):
    """The vault is stopped and the store restarted; its closed disk is copied; the vault comes back."""
    client = docker.from_env()
    store, vault = (
        client.containers.get(f"{live_stack.paths.stack_id}-{name}") for name in ("store", "vault")
    )
    vault.stop(timeout=60)
    try:
        store.restart(timeout=60)
        assert wait_until(lambda: "waiting" in unit(live_stack).get("StatusText", ""), seconds=60)
        seen = unit(live_stack)
        journal = live_stack.root("store", "journalctl --boot --unit=amanat-volume --output=cat --no-pager")
        postgres = live_stack.root("store", "systemctl is-active postgresql@17-main || true").strip()
        live_stack.root("store", f"cp --sparse=always /var/lib/amanat/volume.img {COPY}")
    finally:
        vault.start()
        client.close()
    came_back = wait_until(lambda: answers(live_stack), seconds=90)
    yield Outage(seen, journal, postgres, came_back)
    live_stack.root("store", f"rm -f {COPY} {LAYOUT}")


def unit(live_stack):
    """The unit as the service manager shows it; nothing while that starts itself."""
    ask = "systemctl show --property=ActiveState,StatusText amanat-volume 2>/dev/null || true"
    return dict(line.split("=", 1) for line in live_stack.root("store", ask).splitlines())


def answers(live_stack):
    return "accepting" in live_stack.root("store", "pg_isready || true")


def test_without_the_vault_the_store_waits_and_says_why(outage):
    assert outage.unit["ActiveState"] == "activating"
    assert outage.postgres != "active"
    for said in (outage.unit["StatusText"], outage.journal):
        assert f"{URL} does not answer" in said
        assert "start that host" in said


def test_it_opens_by_itself_when_the_vault_is_back(live_stack, outage):
    assert outage.came_back
    with live_stack.database("archive_auditor") as auditor:
        assert auditor.execute("SELECT count(*) >= 0 FROM archive.heads()").fetchone() == (True,)
    assert live_stack.root("store", "systemctl list-units --state=failed --no-legend") == ""


@pytest.mark.usefixtures("outage")
def test_a_stolen_disk_opens_only_with_the_vaults_help(live_stack):
    layout = json.loads(live_stack.root("store", "cat /etc/amanat/volume.json"))
    stolen = {**layout, "backing": COPY, "mount": MOUNT, "encrypted_dir": f"{MOUNT}/postgresql"}
    live_stack.root("store", f"cat > {LAYOUT} <<'END'\n{json.dumps(stolen)}\nEND")
    alone = live_stack.root(
        "store", f"unshare --mount --net sh -c '{OPEN_THE_COPY} 2>&1; ls {MOUNT}/postgresql; true'"
    )
    assert f"{URL} does not answer" in alone
    assert "17" not in alone.split()
    helped = live_stack.root("store", f"unshare --mount sh -c '{OPEN_THE_COPY} && ls {MOUNT}/postgresql'")
    assert {"open", "17"} <= set(helped.split())


@pytest.mark.usefixtures("outage")
def test_the_vault_helps_no_other_address_of_the_network(live_stack):
    (own,) = live_stack.root("store", "hostname --all-ip-addresses").split()
    mask = (
        live_stack.root("store", "ip -o -4 addr show dev eth0 | awk '{print $4}'").strip().partition("/")[2]
    )
    *_, other = ip_network(f"{own}/{mask}", strict=False).hosts()
    assert ip_address(own) != other
    ask = f"curl --silent --max-time 5 --output /dev/null --write-out '%{{http_code}}' {URL}/adv"
    assert live_stack.root("store", ask) == "200"
    live_stack.root("store", f"ip address add {other}/{mask} dev eth0")
    try:
        assert live_stack.root("store", f"{ask} --interface {other} || true") == "000"
    finally:
        live_stack.root("store", f"ip address delete {other}/{mask} dev eth0")
