"""From choices to configured machines: the inventory, the controller's files, and the playbook's run."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pulumi

from amanat import variables
from amanat.access import ControllerFiles
from amanat.converge import Configuration
from amanat.inventory import known_hosts_text, secrets_source
from amanat.keyring import ANCHOR, Keyring
from amanat.places import Places
from amanat.settings import Settings
from amanat.targets import Host


def configure(
    settings: Settings,
    places: Places,
    keyring: Keyring,
    hosts: Mapping[str, Host],
    network: pulumi.Output[dict[str, Any]],
) -> Configuration:
    """Write the inventory and the controller's files, then converge the machines. `network`: as JSON."""
    described = pulumi.Output.all(
        network=network,
        endpoints={name: [host.ssh_host, host.ssh_port, host.host_key] for name, host in hosts.items()},
        deploy=keyring.deploy.public_key,
        auditor=keyring.auditor.public_key,
        ca=keyring.authority.certificate,
        sealing=keyring.sealing.public_key,
        anchor=keyring.clients[ANCHOR].certificate,
    )
    inventory = described.apply(lambda known: variables.inventory(settings, places, known))
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
