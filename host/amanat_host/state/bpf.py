"""Asks the kernel for programs that see packets before or beside the firewall (bpf(2)), which tc(8) doesn't show."""

from __future__ import annotations

import ctypes
import os
import platform

from amanat_host.state.found import Found

NUMBERS = {"x86_64": 321, "aarch64": 280}  # of the system call
PROG_QUERY = 16  # linux/bpf.h, as the kinds below
AT_INTERFACE = {"tcx ingress": 46, "tcx egress": 47, "netkit primary": 54, "netkit peer": 55}
AT_NETWORK = {"flow dissector": 17, "socket lookup": 36}
OWN_NETWORK = "/proc/self/ns/net"


class Query(ctypes.Structure):
    """The part of `union bpf_attr` that a query has."""

    _fields_ = (
        ("target", ctypes.c_uint32),
        ("attach_type", ctypes.c_uint32),
        ("query_flags", ctypes.c_uint32),
        ("attach_flags", ctypes.c_uint32),
        ("prog_ids", ctypes.c_uint64),
        ("count", ctypes.c_uint32),
        ("padding", ctypes.c_uint32),
        ("rest", ctypes.c_uint64 * 4),
    )


def read(found: Found, interfaces: dict[str, int]) -> None:
    """The programs at each interface (name -> index) and at the network as a whole; none where a kernel has none."""
    for name, index in interfaces.items():
        for kind, number in AT_INTERFACE.items():
            if count := attached(index, number):
                found.add(f"bpf {kind} of {name}", f"{count} programs")
    network = os.open(OWN_NETWORK, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for kind, number in AT_NETWORK.items():
            if count := attached(network, number):
                found.add(f"bpf {kind}", f"{count} programs")
    finally:
        os.close(network)


def attached(target: int, kind: int) -> int:
    """How many programs of a kind are attached to an interface or a file descriptor's network."""
    number = NUMBERS.get(platform.machine())
    if number is None:
        return 0
    query = Query(target=target, attach_type=kind)
    libc = ctypes.CDLL(None, use_errno=True)
    refused = libc.syscall(ctypes.c_long(number), PROG_QUERY, ctypes.byref(query), ctypes.sizeof(query))
    return 0 if refused else int(query.count)
