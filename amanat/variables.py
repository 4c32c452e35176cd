"""From choices to configured hosts: what the roles are told, the controller's files, and the playbook's run."""

import hashlib
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

import pulumi

from amanat import topology
from amanat.access import ControllerFiles
from amanat.converge import Configuration
from amanat.inventory import inventory_text, known_hosts_text, secrets_source
from amanat.keyring import ANCHOR, Keyring
from amanat.places import Places
from amanat.settings import Settings
from amanat.setup.mirrors import Mirrors
from amanat.targets import Host

ARCHIVE_COMMAND = "pgbackrest --stanza=archive archive-push %p"
UNLOCKER = "vault"  # the host whose help the store's volume needs to open


def configure(
    settings: Settings,
    places: Places,
    keyring: Keyring,
    hosts: Mapping[str, Host],
    subnet: pulumi.Output[str],
) -> Configuration:
    """Write the inventory and the controller's files, then converge the hosts."""
    described = pulumi.Output.all(
        subnet=subnet,
        endpoints={name: [host.ssh_host, host.ssh_port, host.host_key] for name, host in hosts.items()},
        deploy=keyring.deploy.public_key,
        auditor=keyring.auditor.public_key,
        ca=keyring.authority.certificate,
        sealing=keyring.sealing.public_key,
        anchor=keyring.clients[ANCHOR].certificate,
    )
    inventory = described.apply(lambda known: _inventory(settings, places, known))
    pinned = described.apply(
        lambda known: known_hosts_text(
            {(host, int(port)): key for host, port, key in known["endpoints"].values()}
        )
    )
    files = ControllerFiles(
        "controller-files",
        places.directory,
        {
            **keyring.files(),
            "ssh/known_hosts": pinned,
            "inventory/hosts.yml": inventory,
            "inventory/secrets": secrets_source(places),
        },
        executable=["inventory/secrets"],
    )
    return Configuration(
        "configured",
        places,
        inventory_digest=inventory.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()),
        machines=[host.machine_id for host in hosts.values()],
        secrets=keyring.secrets(),
        opts=pulumi.ResourceOptions(depends_on=[files, *hosts.values()]),
    )


def _inventory(settings: Settings, places: Places, known: Mapping[str, Any]) -> str:
    shared = shared_variables(settings, places, known)
    hosts = {
        name: {
            "ansible_host": host,
            "ansible_port": int(port),
            **host_variables(name, settings, places, known["subnet"]),
        }
        for name, (host, port, _) in known["endpoints"].items()
    }
    return inventory_text(places, shared, hosts)


def shared_variables(settings: Settings, places: Places, known: Mapping[str, Any]) -> dict[str, Any]:
    """What every host is told. `known`: subnet, public keys, and the authority's certificate."""
    mirrors = Mirrors.from_environment()
    return {
        "base_stack": places.stack_id,
        "base_peers": topology.peers(IPv4Network(known["subnet"]), known["endpoints"].keys()),
        "base_deploy_public_key": known["deploy"],
        "base_auditor_public_key": known["auditor"],
        "base_debian_mirror": settings.debian_mirror or mirrors.debian,
        "base_debian_security_mirror": settings.debian_security_mirror or mirrors.debian_security,
        "base_http_proxy": settings.http_proxy,
        "base_name_servers": list(settings.asked_name_servers),
        # Authorities found on the controller are the controller's: hosts trust only what was chosen for them.
        "base_trusted_ca": settings.trusted_ca(places.project)
        or (mirrors.trusted_ca if mirrors.trust_is_chosen else ""),
        "pki_ca_certificate": known["ca"],
        "pki_certificate_days": settings.certificate_days,
        "pki_renew_days": settings.certificate_renew_days,
        "archive_sealing_public_key": known["sealing"],
        "anchor_client_certificate": known["anchor"],
    }


def host_variables(name: str, settings: Settings, places: Places, subnet: str) -> dict[str, Any]:
    """What one host is told besides."""
    network = IPv4Network(subnet)
    address = str(topology.address(name, network))
    common = {
        "base_flows": topology.incoming(name, network),
        "copy_interval_hours": settings.copy_interval_hours,
        "copy_second_server": settings.copy_second_server,
        "pki_names": [name, f"{name}.{places.stack_id}.internal", "localhost", "127.0.0.1", address],
    }
    return {**common, **_OWN[name](settings, subnet)} if name in _OWN else common


def _store(settings: Settings, subnet: str) -> dict[str, Any]:
    return {
        "volume_encryption": settings.store_volume_encryption,
        "volume_size_gib": settings.store_volume_size_gib,
        "volume_tang_url": f"http://{UNLOCKER}:{topology.port(UNLOCKER, 'tang')}",
        "volume_tang_host": UNLOCKER,
        "store_volume_gib": settings.store_volume_size_gib,
        "store_client_networks": _sources("store", "postgresql", subnet),
        "store_archive_command": ARCHIVE_COMMAND,
        "store_archive_timeout_seconds": settings.archive_timeout_seconds,
        # Both lie in one chain and expire by whole months together, so the longer choice holds.
        "archive_message_retention_days": max(
            settings.message_retention_days, settings.transaction_retention_days
        ),
    }


def _vault(settings: Settings, _subnet: str) -> dict[str, Any]:
    return {
        "tang_port": topology.port(UNLOCKER, "tang"),
        "repository_full_days": settings.full_backup_days,
        "repository_full_kept": settings.full_backups_kept,
        "repository_interval_hours": settings.backup_interval_hours,
    }


def _drill(settings: Settings, _subnet: str) -> dict[str, Any]:
    """A store that nobody reaches, and that leaves nothing on the vault."""
    return {
        "volume_encryption": settings.store_volume_encryption,
        "volume_size_gib": settings.store_volume_size_gib,
        "store_volume_gib": settings.store_volume_size_gib,
        "store_client_networks": ["127.0.0.1/32"],
    }


def _sources(host: str, service: str, subnet: str) -> list[str]:
    flows = topology.incoming(host, IPv4Network(subnet))
    sources = [
        str(source) for flow in flows if flow["name"] == service for source in _listed(flow["sources"])
    ]
    return [source if "/" in source else f"{source}/32" for source in sources]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


_OWN = {"store": _store, "vault": _vault, "drill": _drill}
