"""The hosts of one audit, by the name policies call them."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from amanat.audit.errors import NotChecked
from amanat.audit.host import Host
from amanat.audit.inventory import AuditedHost
from amanat.audit.recorder import Recorder
from amanat.audit.ssh import Connection


class Hosts(Mapping[str, Host]):
    """The inventory's machines by name; `service` finds the one that carries a service."""

    def __init__(self, audited: Mapping[str, AuditedHost], recorder: Recorder) -> None:
        # Sockets have short names (sun_path, 108 bytes), so not below the stack's own directory.
        self._control = Path(tempfile.mkdtemp(prefix="amanat-", dir="/tmp"))  # noqa: S108 - made 0700 by mkdtemp
        self._connections = {name: Connection(one, self._control) for name, one in audited.items()}
        self._hosts = {name: Host(one, recorder) for name, one in self._connections.items()}

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)

    def service(self, service: str) -> Host:
        """The machine that carries a service. Raises `NotChecked` when none, or more than one, does."""
        carriers = [host for host in self._hosts.values() if host.audited.carries(service)]
        if len(carriers) == 1:
            return carriers[0]
        how_many = f"{len(carriers)} machines carry" if carriers else "no machine carries"
        raise NotChecked(
            f"{how_many} {service}",
            f"machines of the inventory: {', '.join(self._hosts)}",
            f"Audit an inventory that has exactly one in a group {service}.",
        )

    def close(self, *, at_once: bool = False) -> None:
        """End every connection: after what runs in the background, or `at_once`, and that with it."""
        if at_once:
            self._disconnect()
        for host in self._hosts.values():
            host.close()
        self._disconnect()
        shutil.rmtree(self._control, ignore_errors=True)

    def _disconnect(self) -> None:
        for connection in self._connections.values():
            connection.close()
