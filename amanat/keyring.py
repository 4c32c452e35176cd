"""Every key, certificate and password of a stack, in one place."""

from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from amanat.inventory import Secrets
from amanat.keys import Authority, ClientCertificate, RandomSecret, SealingKey, SshKeyPair
from amanat.paths import StackPaths
from amanat.placement import Placement

# Roles of the databases whose keys and passwords lie on the controller, as files of the stack's.
CONTROLLER_CLIENTS = ("archive_writer", "archive_auditor", "archive_discloser")
# A service's own role: its key and password go to the service's group, and to nobody else. The vault reads the heads.
ANCHOR = "archive_anchor"
DESK = "desk_application"
PASSWORD_BYTES = 24
VOLUME_KEY_BYTES = 32


class Keyring(pulumi.ComponentResource):
    """Made once with the stack. Private halves are Pulumi secrets; the sealing key's goes to the operator alone."""

    def __init__(
        self,
        name: str,
        paths: StackPaths,
        certificate_days: int,
        placement: Placement,
        agents: Collection[str] = (),
    ) -> None:
        """`placement`: the stack's machines and services; `agents` log in to the support desk, if there is one."""
        super().__init__("amanat:keys:Keyring", name)
        child = pulumi.ResourceOptions(parent=self)
        self.deploy = SshKeyPair("deploy", f"deploy@{paths.stack_id}", child)
        self.auditor = SshKeyPair("auditor", f"auditor@{paths.stack_id}", child)
        self.authority = Authority("authority", paths.stack_id, child)
        self.sealing = SealingKey("sealing", paths, child)
        self.volume_key = RandomSecret("volume-key", VOLUME_KEY_BYTES, child)
        self.backup_cipher = RandomSecret("backup-cipher", VOLUME_KEY_BYTES, child)
        self.copy_logins = {
            name: RandomSecret(f"{name}-copy-login", PASSWORD_BYTES, child) for name in placement.machines
        }
        self.copy_keys = {
            name: RandomSecret(f"{name}-copy-key", VOLUME_KEY_BYTES, child) for name in placement.machines
        }
        has_desk = placement.carries("desk")
        roles = (*CONTROLLER_CLIENTS, ANCHOR, *((DESK,) if has_desk else ()))
        self.passwords = {role: RandomSecret(f"{role}-password", PASSWORD_BYTES, child) for role in roles}
        self.clients = {
            role: ClientCertificate(f"{role}-certificate", role, self.authority, certificate_days, child)
            for role in roles
        }
        # Until an agent chooses another: it is set as the agent is made, and never again.
        self.agent_passwords = {
            name: RandomSecret(f"{name}-agent-password", PASSWORD_BYTES, child)
            for name in (agents if has_desk else ())
        }
        self.register_outputs({"sealing_fingerprint": self.sealing.fingerprint})

    def secrets(self, alerts: Mapping[str, Mapping[str, str]]) -> Secrets:
        """What the roles get as secret variables. The authority signs on the controller, for every machine.

        `alerts` are the operator's own, by service: for the machines that tell of alerts.
        """
        groups: dict[str, dict[str, Any]] = {
            "all": {"pki_ca_private_key": self.authority.private_key},
            "store": {"volume_key": self.volume_key.value, "postgresql_passwords": _values(self.passwords)},
            "logs": {**alerts.get("logs", {})},
            "vault": {
                **alerts.get("vault", {}),
                "pgbackrest_repository_cipher": self.backup_cipher.value,
                "rest_server_logins": _values(self.copy_logins),
                "rest_server_keys": _values(self.copy_keys),
                "anchor_client_key": self.clients[ANCHOR].private_key,
                "anchor_password": self.passwords[ANCHOR].value,
            },
        }
        if DESK in self.clients:
            groups["desk"] = {
                "desk_database_key": self.clients[DESK].private_key,
                "desk_database_password": self.passwords[DESK].value,
                "desk_agent_passwords": _values(self.agent_passwords),
            }
        machines: dict[str, dict[str, Any]] = {
            name: {"restic_client_login": login.value, "restic_client_key": self.copy_keys[name].value}
            for name, login in self.copy_logins.items()
        }
        return {"groups": groups, "machines": machines}

    def files(self) -> Mapping[str, pulumi.Input[str]]:
        """What the controller's own tools need, by path below the stack's directory."""
        clients: dict[str, pulumi.Input[str]] = {"clients/ca.crt": self.authority.certificate}
        for role in CONTROLLER_CLIENTS:
            certificate = self.clients[role]
            clients[f"clients/{role}.crt"] = certificate.certificate
            clients[f"clients/{role}.key"] = certificate.private_key
            clients[f"clients/{role}.password"] = self.passwords[role].value
        for name, password in self.agent_passwords.items():
            clients[f"desk/{name}.password"] = password.value
        return {
            "ssh/deploy": self.deploy.private_key,
            "ssh/auditor": self.auditor.private_key,
            "sealing/public.asc": self.sealing.public_key,
            **clients,
        }


def _values(made: Mapping[str, RandomSecret]) -> pulumi.Output[dict[str, str]]:
    if not made:
        return pulumi.Output.from_input({})  # `all` of nothing is a list
    return pulumi.Output.all(**{name: one.value for name, one in made.items()})
