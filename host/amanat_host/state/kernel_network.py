"""Reads the kernel's settings of the network that open or close ways."""

from __future__ import annotations

import os

from amanat_host.state.found import Found
from amanat_host.state.interfaces import UPLINK, uplink
from amanat_host.system.state import text, writable

ROOT = "/proc/sys/net"
EACH_INTERFACE = {
    "ipv4": (
        *(
            "accept_local",
            "accept_redirects",
            "accept_source_route",
            "arp_accept",
            "arp_announce",
            "arp_filter",
        ),
        *("arp_ignore", "arp_notify", "bc_forwarding", "bootp_relay", "disable_policy", "disable_xfrm"),
        *(
            "drop_gratuitous_arp",
            "drop_unicast_in_l2_multicast",
            "forwarding",
            "log_martians",
            "mc_forwarding",
        ),
        *(
            "proxy_arp",
            "proxy_arp_pvlan",
            "route_localnet",
            "rp_filter",
            "secure_redirects",
            "send_redirects",
        ),
        *("shared_media", "src_valid_mark"),
    ),
}
IPV6 = (
    *("accept_ra", "accept_ra_defrtr", "accept_ra_from_local", "accept_ra_pinfo", "accept_ra_rtr_pref"),
    *("accept_redirects", "accept_source_route", "accept_untracked_na", "autoconf", "forwarding"),
    *("mc_forwarding", "proxy_ndp", "rpl_seg_enabled", "seg6_enabled", "use_tempaddr"),
)
# One counts where it stands for the interface itself, or where both say so; of the others the greater counts.
ITS_OWN = {"forwarding", "disable_policy", "disable_xfrm", "proxy_arp_pvlan"}
BOTH = {"accept_source_route", "bc_forwarding", "mc_forwarding"}
WHOLE = (
    *("ipv4/ip_forward", "ipv4/ip_nonlocal_bind", "ipv4/ip_unprivileged_port_start", "ipv4/ping_group_range"),
    *(
        "ipv4/icmp_echo_ignore_all",
        "ipv4/icmp_echo_ignore_broadcasts",
        "ipv4/icmp_ignore_bogus_error_responses",
    ),
    *("ipv4/icmp_errors_use_inbound_ifaddr", "ipv4/icmp_echo_enable_probe", "ipv4/icmp_ratelimit"),
    *("ipv4/icmp_ratemask", "ipv4/fwmark_reflect", "ipv4/tcp_fwmark_accept", "ipv4/tcp_rfc1337"),
    *("ipv4/tcp_syncookies", "ipv4/tcp_timestamps", "ipv4/tcp_l3mdev_accept", "ipv4/udp_l3mdev_accept"),
    *("ipv6/bindv6only", "ipv6/ip_nonlocal_bind", "ipv6/fwmark_reflect", "ipv6/icmp/echo_ignore_all"),
    *(
        "netfilter/nf_conntrack_helper",
        "netfilter/nf_conntrack_tcp_be_liberal",
        "netfilter/nf_conntrack_checksum",
    ),
)


def read(found: Found) -> None:
    """All of them; of the uplink, what they come to."""
    for family, names in EACH_INTERFACE.items():
        for interface in ("all", "default"):
            for name in names:
                add(
                    found, f"net.{family}.conf.{interface}.{name}", f"{ROOT}/{family}/conf/{interface}/{name}"
                )
    for name in WHOLE:
        add(found, "net." + name.replace("/", "."), f"{ROOT}/{name}")
    read_ipv6(found)
    if uplink():
        for name in EACH_INTERFACE["ipv4"]:
            add_effective(found, name)


def read_ipv6(found: Found) -> None:
    """Whether IPv6 is on; where it is off, its other settings mean nothing."""
    for interface, word in (("all", "all"), ("default", "default"), ("lo", "lo"), (uplink(), UPLINK)):
        directory = f"{ROOT}/ipv6/conf/{interface}"
        add(found, f"net.ipv6.conf.{word}.disable_ipv6", f"{directory}/disable_ipv6")
        if text(f"{directory}/disable_ipv6").strip() == "0":
            for name in IPV6:
                add(found, f"net.ipv6.conf.{word}.{name}", f"{directory}/{name}")


def add(found: Found, name: str, path: str) -> None:
    """One setting's value; where forwarding is on and only a container's machine can set it, that is said."""
    if os.path.isfile(path):
        value = " ".join(text(path).split())
        machines = name.endswith(("ip_forward", ".forwarding")) and value != "0" and not writable(path)
        found.add(f"kernel {name}", value + (", the machine's to set" if machines else ""))


def add_effective(found: Found, name: str) -> None:
    """What a setting comes to at the uplink, of what stands for it and for all (linux/inetdevice.h)."""
    one, all_ = (f"{ROOT}/ipv4/conf/{interface}/{name}" for interface in (uplink(), "all"))
    values = [int(value) for path in (one, all_) if (value := text(path).strip()).isdigit()]
    if name in ITS_OWN or len(values) < len((one, all_)):
        add(found, f"net.ipv4.conf.{UPLINK}.{name}", one)
        return
    both = name in BOTH or (
        name == "accept_redirects" and text(f"{ROOT}/ipv4/conf/{uplink()}/forwarding").strip() == "1"
    )
    found.add(f"kernel {name} at the {UPLINK}", str(min(values) if both else max(values)))
