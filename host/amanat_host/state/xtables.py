"""Reads what nft(8) doesn't show of rules that older tools wrote: where their targets send packets (libnetfilter)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from hashlib import sha256

NETLINK_NETFILTER = 12  # linux/netlink.h
GET_RULE = 10 << 8 | 7  # linux/netfilter/nf_tables.h: NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE
REQUEST_DUMP = 0x301
DONE, ERROR = 3, 2
TABLE, CHAIN, EXPRESSIONS = 1, 2, 4  # attributes of a rule
NAME, DATA = 1, 2  # of an expression
XT_NAME, XT_REVISION, XT_INFO = 1, 2, 3  # of an expression of older tools
TYPE_MASK = 0x3FFF
FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
HEADER = struct.Struct("=IHHII")
# Two addresses and two ports of nf_nat_ipv4_multi_range_compat, and of nf_nat_range2 (linux/netfilter/nf_nat.h).
COMPAT_RANGE = struct.Struct("=8x4s4s2s2s")
RANGE = struct.Struct("=4x4s12x4s12x2s2s")
RECEIVE_BYTES = 1 << 20


def expressions() -> Iterator[tuple[str, str]]:
    """Each match and target of older tools: chain, kind and place, and what it holds. Raises OSError."""
    places: dict[str, int] = {}
    for family, rule in rules():
        table, chain = (rule[one].rstrip(b"\0").decode(errors="replace") for one in (TABLE, CHAIN))
        for _, element in attributes(rule.get(EXPRESSIONS, b"")):
            expression = dict(attributes(element))
            kind = expression[NAME].rstrip(b"\0").decode(errors="replace")
            if kind in ("match", "target"):
                xt = dict(attributes(expression[DATA]))
                name = f"nft {FAMILIES.get(family, family)} {table} {chain}"
                places[name] = places.get(name, 0) + 1
                word = xt[XT_NAME].rstrip(b"\0").decode(errors="replace")
                yield (
                    f"{name} {kind} {places[name]}: {word}",
                    described(word, int.from_bytes(xt[XT_REVISION], "big"), xt.get(XT_INFO, b"")),
                )


def described(name: str, revision: int, info: bytes) -> str:
    """Where DNAT and SNAT send packets; of any other a digest, which tells a change."""
    layout = COMPAT_RANGE if revision == 0 else RANGE
    if name not in ("DNAT", "SNAT") or len(info) < layout.size:
        return sha256(info).hexdigest()
    first, last, low, high = layout.unpack_from(info)
    ports = [str(int.from_bytes(port, "big")) for port in (low, high)]
    addresses = [socket.inet_ntoa(address) for address in (first, last)]
    return f"to {'-'.join(dict.fromkeys(addresses))} port {'-'.join(dict.fromkeys(ports))}"


def rules() -> Iterator[tuple[int, dict[int, bytes]]]:
    """Family and attributes of each rule that the kernel has."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        request = bytes(4)  # nfgenmsg: every family
        kernel.send(HEADER.pack(HEADER.size + len(request), GET_RULE, REQUEST_DUMP, 1, 0) + request)
        while True:
            answer = kernel.recv(RECEIVE_BYTES)
            while answer:
                size, kind, *_ = HEADER.unpack_from(answer)
                body = answer[HEADER.size : size]
                if kind in (DONE, ERROR):
                    return
                yield body[0], dict(attributes(body[4:]))
                answer = answer[aligned(size) :]


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message (netlink(7)): kind and content."""
    while len(data) >= 4:  # noqa: PLR2004 - a header's size
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:  # noqa: PLR2004
            return
        yield kind & TYPE_MASK, data[4:size]
        data = data[aligned(size) :]


def aligned(size: int) -> int:
    """A length as the kernel pads it."""
    return size + 3 & ~3
