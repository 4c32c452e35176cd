"""Reads every socket that takes connections or datagrams, of whatever family, with who may call and who answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from amanat_host.accounts import account_name
from amanat_host.state.found import Found, answer, ownership
from amanat_host.state.interfaces import common, elsewhere
from amanat_host.system.state import text

SS = "/usr/bin/ss"
FAMILIES = "tcp,udp,raw,packet,vsock_stream,vsock_dgram,dccp,sctp,tipc,xdp"
LISTENING = 0x10000  # __SO_ACCEPTCON of /proc/net/unix
DATAGRAM = "0002"
UNIX_FIELDS = 8
# A container's engine answers for names here; its port is another with every start, and it is nobody's inside.
RESOLVER = re.compile(r"127\.0\.0\.11:\d+")
ENGINE = "the container engine"


def read(found: Found) -> None:
    """All of them."""
    for item, value in network_sockets(answer(SS, "-Hlne", "-A", FAMILIES)):
        found.add(item, value)
    sockets = unix_sockets(text("/proc/net/unix"))
    # A service without a network has a table of its own; files can be reached all the same, other names can't.
    for pid in elsewhere():
        theirs = unix_sockets(text(f"/proc/{pid}/net/unix"))
        sockets |= {inode: name for inode, name in theirs.items() if not name.startswith("@")}
    for name in (
        sockets.values()
    ):  # each socket of one name is an item: the older may have lost its file to the newer
        found.add(f"listens unix {name}", "anybody" if name.startswith("@") else permissions(name))


def network_sockets(shown: str) -> Iterator[tuple[str, str]]:
    """What `ss -Hlne` shows, as item and value: account and unit that hold a socket."""
    for line in shown.splitlines():
        fields = line.split()
        host, _, port = fields[4].rpartition(":")
        kind, address = fields[0], f"{common(host)}:{common(port)}"
        unit = re.search(r" cgroup:(\S+)", line)
        account = re.search(r" uid:(\d+)", line)
        owner = account_name(int(account[1])) if account else "root"
        holder = unit[1].rpartition("/")[2] if unit else ""
        if RESOLVER.fullmatch(address) and unit and unit[1].startswith("unreachable") and not account:
            yield f"listens {kind} 127.0.0.11 for names", ENGINE
        else:
            yield f"listens {kind} {address}", f"{owner}, {holder or 'no unit'}"


def unix_sockets(table: str) -> dict[str, str]:
    """Inode -> name of the sockets of /proc/net/unix that have a name and may be called."""
    sockets = {}
    for line in table.splitlines()[1:]:
        fields = line.split(maxsplit=UNIX_FIELDS - 1)
        if len(fields) == UNIX_FIELDS and (int(fields[3], 16) & LISTENING or fields[4] == DATAGRAM):
            sockets[fields[6]] = fields[7]
    return sockets


def permissions(path: str) -> str:
    """Owner and mode of a socket's file; one that is gone can be reached by who holds it open alone."""
    try:
        return ownership(path)
    except OSError:
        return "its file is not there"
