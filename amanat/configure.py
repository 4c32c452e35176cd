"""From choices to configured machines: the inventory, the controller's files, and a configuration for each part."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import pulumi

from amanat import alerts, variables
from amanat.configuration import Configuration, issued_certificates, unfinished_parts
from amanat.controller_files import ControllerFiles
from amanat.inventory import known_hosts_text, secrets_source
from amanat.inventory_tree import InventoryTree
from amanat.keyring import ANCHOR, DESK, Keyring
from amanat.parts import Part, parts
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.site_archive import SiteArchive
from amanat.targets.machine import Machine

PKI = "pki"  # the role that issues certificates, and gives services copies of them


def configure(
    settings: Settings,
    paths: StackPaths,
    keyring: Keyring,
    hosts: Mapping[str, Machine],
    network: pulumi.Output[dict[str, Any]],
) -> dict[str, Configuration]:
    """Write the inventory and the controller's files, then converge the machines, part by part.

    `network`: as JSON. Returns the configurations by part.
    """
    site = SiteArchive("site", settings, paths) if settings.machines.carries("edge") else None
    described = pulumi.Output.all(
        network=network,
        published={name: host.endpoints for name, host in hosts.items()},
        site=site.digest if site else "",
        endpoints={name: [host.ssh_host, host.ssh_port, host.host_key] for name, host in hosts.items()},
        deploy=keyring.deploy.public_key,
        auditor=keyring.auditor.public_key,
        ca=keyring.authority.certificate,
        sealing=keyring.sealing.public_key,
        anchor=keyring.clients[ANCHOR].certificate,
        desk=keyring.clients[DESK].certificate if DESK in keyring.clients else "",
    )
    inventory = described.apply(lambda known: variables.inventory(settings, paths, known))
    pinned = described.apply(
        lambda known: known_hosts_text(
            {(host, int(port)): key for host, port, key in known["endpoints"].values()}
        )
    )
    files = ControllerFiles(
        "controller-files",
        paths.directory,
        {
            **keyring.files(),
            "ssh/known_hosts": pinned,
            "inventory/hosts.yml": inventory,
            "inventory/secrets": secrets_source(paths),
        },
        executable=["inventory/secrets"],
    )
    tree = inventory.apply(InventoryTree.of_text)
    secrets = keyring.secrets(alerts.secrets(settings, paths.project))
    network_addresses = network.apply(lambda known: known["addresses"])
    base, *others = parts(settings.machines)
    unfinished = unfinished_parts(paths.ansible_artifacts) & {base.name, *(part.name for part in others)}
    if not all(paths.file_record(name).exists() for name in hosts):
        unfinished |= {base.name}  # the audit compares with the record, and every run of a machine takes it
    made: dict[str, Configuration] = {}
    for part in (base, *others):
        # Read after the base is done, so that a part takes up a certificate that the same run has issued.
        wait = made[base.name].urn if part is not base and PKI in part.content.roles else None
        made[part.name] = Configuration(
            part,
            paths,
            variables=tree.apply(part.variables),
            groups=tree.apply(part.groups),
            addresses=network_addresses.apply(partial(_chosen, part.machines)),
            machine_ids={name: hosts[name].machine_id for name in {*part.machines, *part.served_by}},
            certificates=wait.apply(partial(_certificates, paths, part)) if wait else {},
            secrets=part.secrets(secrets, settings.machines),
            # What it owns is put back before another part takes its changes into the integrity baseline.
            unfinished=unfinished if part is base else (),
            opts=pulumi.ResourceOptions(
                depends_on=[
                    files,
                    *([site] if site else []),
                    *hosts.values(),
                    *(made[name] for name in part.after),
                ]
            ),
        )
    return made


def _chosen(names: Collection[str], known: Mapping[str, str]) -> dict[str, str]:
    return {name: known[name] for name in names}


def _certificates(paths: StackPaths, part: Part, _urn: str) -> dict[str, str]:
    return issued_certificates(paths.ansible_artifacts, part.machines)
