"""What the roles are told: variables of every machine, of one machine, and of the machine that carries a service."""

from collections.abc import Mapping
from typing import Any

from amanat import alerts, network, timestamps, topology, validity
from amanat.inventory import Group, inventory_text
from amanat.network import Network
from amanat.paths import StackPaths
from amanat.placement import Placement
from amanat.settings import Settings
from amanat.setup.mirrors import Mirrors

DESK_PATH = "/desk"  # of the site, below which the edge serves the desk
ARCHIVE_COMMAND = "pgbackrest --stanza=archive archive-push %p"


def inventory(settings: Settings, paths: StackPaths, known: Mapping[str, Any]) -> str:
    """The stack's inventory.

    `known`: the network as JSON, machines' SSH endpoints and all published ones, public keys, and the site's digest.
    """
    joined = Network.from_json(known["network"])
    machines = {
        name: {
            "ansible_host": host,
            "ansible_port": int(port),
            **machine_variables(name, settings, paths, joined),
        }
        for name, (host, port, _) in known["endpoints"].items()
    }
    placement = settings.machines
    groups = {
        service: Group(
            (placement.machine_of(service),),
            {
                **service_variables(service, settings, joined),
                **timestamps.variables(service, settings, paths.project),
                **known_of_service(service, settings, paths, known),
            },
        )
        for service in placement.services
    }
    return inventory_text(paths, shared_variables(settings, paths, joined, known), machines, groups)


def known_of_service(
    service: str, settings: Settings, paths: StackPaths, known: Mapping[str, Any]
) -> dict[str, Any]:
    """What the machine of one service alone is told of what a run makes: public keys, the site, its published port."""
    if service == "edge":
        _, _, port = _published_site(settings.machines, known).rpartition(":")
        return {
            "nginx_site_archive": str(paths.site_archive),
            "nginx_site_digest": known["site"],
            # No name of another service on its machine: who takes nginx over can't pose as that.
            "nginx_names": [*_forms("edge", paths), "localhost", "127.0.0.1"],
            "nginx_published_port": int(port),
        }
    if service == "desk":
        site = {}  # people reach the desk as they reach the edge
        if settings.machines.carries("edge"):
            published = _published_site(settings.machines, known)
            site = {"desk_site": f"https://{published}".removesuffix(":443")}
        return {
            "desk_database_certificate": known["desk"],
            "desk_web_names": list(_forms("desk", paths)),
            "desk_mail_domain": settings.desk_mail_domain or _forms("desk", paths)[1],
            **site,
        }
    of = {
        "store": {"archive_sealing_public_key": known["sealing"]},
        "vault": {"anchor_client_certificate": known["anchor"]},
    }
    return of.get(service, {})


def _published_site(placement: Placement, known: Mapping[str, Any]) -> str:
    """Where the edge's site is reached, as host:port."""
    return str(known["published"][placement.machine_of("edge")]["edge.https"])


def shared_variables(
    settings: Settings, paths: StackPaths, joined: Network, known: Mapping[str, Any]
) -> dict[str, Any]:
    """What every machine is told. `known`: the public keys of all accounts, and the authority's certificate."""
    mirrors = Mirrors.from_environment()
    return {
        "base_stack": paths.stack_id,
        "base_file_records": str(paths.file_records),
        "anchor_records": str(paths.anchor_records),
        "base_peers": network.peers(settings.machines, joined),
        "base_deploy_public_key": known["deploy"],
        "base_auditor_public_key": known["auditor"],
        "base_debian_mirror": settings.debian_mirror or mirrors.debian,
        "base_debian_security_mirror": settings.debian_security_mirror or mirrors.debian_security,
        "base_http_proxy": settings.http_proxy,
        "base_journal_size_mib": settings.journal_size_mib,
        "base_name_servers": list(settings.asked_name_servers),
        # Authorities found on the controller are the controller's: hosts trust only what was chosen for them.
        "base_trusted_ca": settings.trusted_ca(paths.project)
        or (mirrors.trusted_ca if mirrors.trust_is_chosen else ""),
        "pki_ca_certificate": known["ca"],
        "pki_certificate_days": settings.certificate_days,
        "pki_renew_days": settings.certificate_renew_days,
        "log_shipping_reader": _account_on_log_server("log-collector", settings.machines),
        "log_shipping_port": topology.port(topology.MACHINE, "journal"),
        "log_shipping_journal_mib": settings.journal_size_mib,
        "metrics_reader": settings.machines.machine_of("logs") if settings.machines.carries("logs") else "",
        "metrics_port": topology.port(topology.MACHINE, "metrics"),
        "metrics_journal_mib": settings.journal_size_mib,
        "metrics_outage_days": settings.log_outage_days,
        "restic_client_server": "vault" if settings.machines.carries("vault") else "",
        "restic_client_port": topology.port("vault", "restic"),
        "restic_client_interval_hours": settings.copy_interval_hours,
        "restic_client_second_server": settings.copy_second_server,
    }


def machine_variables(machine: str, settings: Settings, paths: StackPaths, joined: Network) -> dict[str, Any]:
    """What one machine is told of itself, whatever it carries."""
    names = settings.machines.names_of(machine)
    called = [form for name in names for form in _forms(name, paths)]
    return {
        "base_flows": network.incoming(machine, settings.machines, joined),
        "base_outgoing": [
            *alerts.outgoing(machine, settings),
            *timestamps.outgoing(machine, settings),
            *_mail_of_the_desk(machine, settings),
        ],
        "base_silent_accounts": ["nginx", "nginx-log"]
        if "edge" in settings.machines.services_of(machine)
        else [],
        "base_answered_calls": _calls_of_the_edge(settings.machines, joined)
        if "edge" in settings.machines.services_of(machine)
        else [],
        "pki_names": [*called, "localhost", "127.0.0.1", str(joined.addresses[machine])],
    }


def _calls_of_the_edge(placement: Placement, joined: Network) -> list[dict[str, Any]]:
    """What the public's nginx may call: the services behind it, which stand."""
    return [
        {
            "account": "nginx",
            "address": str(joined.addresses[placement.machine_of(flow.service)]),
            "port": topology.port(flow.service, flow.endpoint),
        }
        for flow in topology.FLOWS
        if flow.source == "edge" and placement.carries(flow.service)
    ]


def _mail_of_the_desk(machine: str, settings: Settings) -> list[dict[str, Any]]:
    """Its way out: answers go to the mail servers of customers, wherever they are."""
    if "desk" not in settings.machines.services_of(machine):
        return []
    return [{"account": "postfix", "ports": [topology.port("desk", "smtp")], "purpose": "customers' mail"}]


def _forms(name: str, paths: StackPaths) -> tuple[str, str]:
    """A machine's or service's name, alone and with the stack's."""
    return name, f"{name}.{paths.stack_id}.internal"


def service_variables(service: str, settings: Settings, joined: Network) -> dict[str, Any]:
    """What the machine that carries a service is told of it."""
    return VARIABLES_BY_SERVICE[service](settings, joined) if service in VARIABLES_BY_SERVICE else {}


def _store(settings: Settings, joined: Network) -> dict[str, Any]:
    placement = settings.machines
    return {
        **_database(settings),
        **_unlocking(placement),
        **_repository(placement),
        "metrics_database_port": topology.port("store", "database-metrics"),
        "archive_client_networks": network.sources(
            "store", "postgresql", placement, joined, callers=("controller", "vault")
        ),
        "desk_client_networks": network.sources("store", "postgresql", placement, joined, callers=("desk",))
        if placement.carries("desk")
        else [],
        "postgresql_archive_command": ARCHIVE_COMMAND if placement.carries("vault") else "",
        "postgresql_archive_timeout_seconds": settings.archive_timeout_seconds,
        # Both lie in one chain and expire by whole months together, so the longer choice holds.
        "archive_message_retention_days": max(
            settings.message_retention_days, settings.transaction_retention_days
        ),
        "archive_ip_retention_days": settings.ip_retention_days,
    }


def _vault(settings: Settings, _joined: Network) -> dict[str, Any]:
    placement = settings.machines
    archive = "store" if placement.carries("store") else ""
    return {
        "monitoring_watch_mail": alerts.mail(settings),
        "monitoring_watch_host": placement.machine_of("logs") if placement.carries("logs") else "",
        "monitoring_watch_port": topology.port("logs", "prometheus"),
        "tang_port": topology.port("vault", "tang"),
        "pgbackrest_repository_port": topology.port("vault", "pgbackrest"),
        "pgbackrest_repository_clients": [*([placement.machine_of("store")] if archive else []), "drill"],
        "pgbackrest_repository_source": archive,
        "pgbackrest_repository_source_port": topology.port("store", "pgbackrest"),
        "pgbackrest_repository_full_days": settings.full_backup_days,
        "pgbackrest_repository_full_kept": settings.full_backups_kept,
        "pgbackrest_repository_interval_hours": settings.backup_interval_hours,
        "rest_server_port": topology.port("vault", "restic"),
        "rest_server_keep_days": settings.copies_keep_days,
        "rest_server_size_gib": settings.copies_size_gib,
        "anchor_database_host": archive,
        "anchor_database_port": topology.port("store", "postgresql"),
        "tsa_client": _account_on_log_server("log-sealer", placement),
        "tsa_port": topology.port("vault", "tsa"),
    }


def _logs(settings: Settings, _joined: Network) -> dict[str, Any]:
    placement = settings.machines
    return {
        "logs_stamp_server": "vault" if settings.machines.carries("vault") else "",
        "logs_stamp_port": topology.port("vault", "tsa"),
        "logs_retention_days": settings.log_retention_days,
        "monitoring_mail": alerts.mail(settings),
        "monitoring_machines": list(placement.machines),
        "monitoring_machine_port": topology.port(topology.MACHINE, "metrics"),
        "monitoring_database": placement.machine_of("store") if placement.carries("store") else "",
        "monitoring_database_port": topology.port("store", "database-metrics"),
        "monitoring_site": placement.machine_of("edge") if placement.carries("edge") else "",
        "monitoring_site_name": "edge" if placement.carries("edge") else "",
        "monitoring_site_port": topology.port("edge", "https"),
        "monitoring_port": topology.port("logs", "prometheus"),
        "monitoring_readers": [
            placement.machine_of(name) for name in ("logs", "vault") if placement.carries(name)
        ],
        "logs_machines": list(settings.machines.machines),
        "logs_port": topology.port(topology.MACHINE, "journal"),
    }


def _edge(settings: Settings, _joined: Network) -> dict[str, Any]:
    terms = validity.terms(settings.declared) if settings.declared else ()
    return {
        "nginx_terms": [{"what": term.what, "until": validity.until(term).isoformat()} for term in terms],
        "nginx_desk_host": "desk" if settings.machines.carries("desk") else "",
        "nginx_desk_path": DESK_PATH,
        "nginx_desk_port": topology.port("desk", "https"),
        "nginx_http_port": topology.port("edge", "http"),
        "nginx_https_port": topology.port("edge", "https"),
    }


def _desk(settings: Settings, _joined: Network) -> dict[str, Any]:
    placement = settings.machines
    return {
        "desk_agents": [
            {"Name": agent.login, "RealName": agent.real_name, "EmailAddress": agent.email}
            for agent in settings.agents
        ],
        "desk_path": DESK_PATH,
        "desk_edge": placement.machine_of("edge") if placement.carries("edge") else "",
        "desk_database_host": "store",
        "desk_database_port": topology.port("store", "postgresql"),
        "desk_https_port": topology.port("desk", "https"),
    }


def _drill(settings: Settings, _joined: Network) -> dict[str, Any]:
    """A store that nobody reaches, and that leaves nothing on the vault."""
    return {
        **_database(settings),
        **_repository(settings.machines),
        "archive_client_networks": ["127.0.0.1/32"],
        "desk_client_networks": ["127.0.0.1/32"] if settings.machines.carries("desk") else [],
        "base_file_records": "",  # no audit looks at it
    }


def _database(settings: Settings) -> dict[str, Any]:
    return {
        "volume_encryption": settings.store_volume_encryption,
        "volume_size_gib": settings.store_volume_size_gib,
        "postgresql_volume_size_gib": settings.store_volume_size_gib,
    }


def _unlocking(placement: Placement) -> dict[str, Any]:
    """The tang server whose help the volume needs to open; without a vault the key lies beside the volume."""
    if not placement.carries("vault"):
        return {"volume_tang_url": "", "volume_tang_host": ""}
    url = f"http://vault:{topology.port('vault', 'tang')}"
    return {"volume_tang_url": url, "volume_tang_host": placement.machine_of("vault")}


def _account_on_log_server(account: str, placement: Placement) -> str:
    """The name in the certificate of an account of the log server; "" where there is none."""
    return f"{account}.{placement.machine_of('logs')}" if placement.carries("logs") else ""


def _repository(placement: Placement) -> dict[str, Any]:
    """Where backups go: the address, and the common name of the certificate there, which is its machine's."""
    if not placement.carries("vault"):
        return {"pgbackrest_client_repository": "", "pgbackrest_client_repository_certificate": ""}
    return {
        "pgbackrest_client_repository": "vault",
        "pgbackrest_client_repository_certificate": placement.machine_of("vault"),
        "pgbackrest_client_repository_port": topology.port("vault", "pgbackrest"),
        "pgbackrest_client_port": topology.port("store", "pgbackrest"),
    }


VARIABLES_BY_SERVICE = {
    "desk": _desk,
    "edge": _edge,
    "logs": _logs,
    "store": _store,
    "vault": _vault,
    "drill": _drill,
}
