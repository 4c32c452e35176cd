"""The dimension network: every socket, rule, route, name and setting is an item, named alike on every machine."""

import json
import os
import socket
import struct
from types import SimpleNamespace

import pytest

from amanat_host.state import (
    bpf,
    firewall,
    found,
    interfaces,
    kernel_network,
    network,
    resolver,
    sockets,
    xtables,
)
from amanat_host.state.found import Found

MODULES = (firewall, found, interfaces, kernel_network, network, resolver, sockets)
ROUTE = [{"dst": "default", "gateway": "10.0.0.1", "dev": "eth0", "flags": []}]
ADDRESSES = [
    {},
    {
        "ifname": "eth0",
        "addr_info": [
            {"family": "inet6", "local": "fe80::2", "prefixlen": 64, "scope": "link"},
            {"family": "inet", "local": "10.0.0.2", "prefixlen": 24, "scope": "global"},
        ],
    },
    {
        "ifname": "lo",
        "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host"}],
    },
]
LINKS = [
    {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "link_type": "loopback", "promiscuity": 0},
    {
        "ifname": "eth0",
        "flags": ["UP", "LOWER_UP", "MULTICAST"],
        "link_type": "ether",
        "linkinfo": {"info_kind": "veth"},
        "promiscuity": 1,
        "xdp": {"mode": 1},
    },
    {
        "ifname": "lo0evil",
        "flags": [],
        "link_type": "ether",
        "linkinfo": {"info_kind": "dummy"},
        "master": "br0",
    },
]
ANSWERS = {
    "-json route show default": json.dumps(ROUTE),
    "-json address": json.dumps(ADDRESSES),
    "-json -details link": json.dumps(LINKS),
    "-json link": json.dumps([{"ifname": "eth0", "ifindex": 5}]),
}
RULESET = """table inet amanat {
	flags dormant
	set ssh_callers {
		type ipv4_addr
		flags dynamic,timeout
		elements = { 10.0.0.9 expires 3s }
	}

	set friends {
		type ipv4_addr
		elements = { 192.0.2.1,
			192.0.2.7 }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		iif "lo" accept
		ip saddr 127.0.0.0/8 counter drop comment "for{ged, accept"
		ip saddr { 10.0.0.1, 10.0.0.3 } tcp dport 22 ct state new accept comment "ssh"
		tcp dport 22 add @ssh_callers { ip saddr limit rate over 10/second burst 10 packets } drop
		ip saddr != { 10.0.0.1, 10.0.0.3 } tcp dport 80 accept
		iifname "eth0" tcp dport vmap { 22 : accept, 23 : drop }
	}

	chain output {
		meta skuid { 0, 42 } tcp dport { 80, 8081 } accept comment "updates"
		ct state established ip saddr 1.2.3.4 dnat to 5.6.7.8
	}
}
"""


@pytest.fixture
def host(monkeypatch):
    """host(files, answers): a machine of these files by path, and programs' answers by their words."""

    def made(files=(), answers=()):
        files = dict(files)
        known = {**ANSWERS, **dict(answers)}

        def answer(*command):
            return next((text for words, text in known.items() if words in " ".join(command)), "")

        own = {
            "text": lambda path: files.get(str(path), ""),
            "answer": answer,
            "paths": lambda *_: [path for path in files if path.startswith("/etc/apt/")],
            "ownership": lambda path: files[path],
        }
        for module in MODULES:
            for name, replacement in own.items():
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, replacement)
        monkeypatch.setattr(
            os, "listdir", lambda _: ["self", *(path.split("/")[2] for path in files if "/net/dev" in path)]
        )
        monkeypatch.setattr(xtables, "rules", list)
        accounts = {0: "root", 42: "_apt", 100: "postgres"}
        monkeypatch.setattr("pwd.getpwuid", lambda uid: SimpleNamespace(pw_name=accounts[uid]))
        interfaces.forget()
        return Found()

    yield made
    interfaces.forget()


SS = "{0} LISTEN 0 128 {1} 0.0.0.0:* {2}ino:5 sk:1 cgroup:{3} <->\n"


@pytest.mark.parametrize(
    ("line", "item", "value"),
    [
        (
            SS.format("tcp", "10.0.0.2:5432", "uid:100 ", "/system.slice/a.slice/postgresql@17-main.service"),
            "listens tcp own address:5432",
            "postgres, postgresql@17-main.service",
        ),
        (SS.format("tcp", "127.0.0.1:9", "", "/"), "listens tcp 127.0.0.1:9", "root, no unit"),
        (
            SS.format("udp", "[::]:68", "", "/system.slice/x.service"),
            "listens udp [::]:68",
            "root, x.service",
        ),
        (SS.format("v_str", "*:22", "", "/"), "listens v_str *:22", "root, no unit"),
        (SS.format("p_raw", "*:eth0", "", "/"), "listens p_raw *:uplink", "root, no unit"),
        (
            SS.format("tcp", "127.0.0.11:41167", "", "unreachable:1"),
            "listens tcp 127.0.0.11 for names",
            "the container engine",
        ),
        (
            SS.format("tcp", "127.0.0.11:9", "", "/user.slice/a.scope"),
            "listens tcp 127.0.0.11:9",
            "root, a.scope",
        ),
        (
            SS.format("tcp", "127.0.0.11:9", "uid:100 ", "unreachable:1"),
            "listens tcp 127.0.0.11:9",
            "postgres, unreachable:1",
        ),
    ],
)
def test_a_socket_is_told_with_who_holds_it(host, line, item, value):
    host()
    assert list(sockets.network_sockets(line)) == [(item, value)]


def test_sockets_of_files_are_told_with_who_may_call(host):
    table = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0: 00000002 00000000 00010000 0001 01 1 /run/a\n"
        "0: 00000002 00000000 00010000 0005 01 2 @abstract name\n"
        "0: 00000002 00000000 00000000 0002 01 3 @datagrams\n"
        "0: 00000003 00000000 00000000 0001 03 4 /run/a\n"
        "0: 00000003 00000000 00000000 0001 03 5 @client\n"
        "0: 00000003 00000000 00000000 0002 03 6\n"
        "0: 00000002 00000000 00010000 0001 01 7 /run/a\n"
    )
    all_found = host({"/proc/net/unix": table, "/run/a": "root:root 0666"})
    sockets.read(all_found)
    assert all_found.items == {
        "listens unix /run/a": "root:root 0666",
        "listens unix @abstract name": "anybody",
        "listens unix @datagrams": "anybody",
        "listens unix /run/a (2)": "root:root 0666",
    }


def test_sockets_of_services_without_a_network_are_told_once(host):
    row = "0: 00000002 00000000 00010000 0001 01 {} {}\n"
    tables = {
        "self": "Num\n" + row.format(1, "/run/a"),
        "8": "Num\n" + row.format(2, "/run/b") + row.format(3, "@own"),
    }
    tables["9"] = tables["8"]
    files = {f"/proc/{pid}/net/unix": table for pid, table in tables.items()} | {
        "/proc/net/unix": tables["self"]
    }
    files |= {"/proc/self/net/dev": "\n\nlo:\neth0:\n"}
    files |= {f"/proc/{pid}/net/dev": "\n\nlo:\n" for pid in "89"}
    all_found = host({**files, "/run/a": "root:root 0666", "/run/b": "root:root 0600"})
    sockets.read(all_found)
    assert all_found.items == {
        "listens unix /run/a": "root:root 0666",
        "listens unix /run/b": "root:root 0600",
    }


def rules(host, text=RULESET, files=()):
    host(files)
    return dict(firewall.ruleset(text))


def test_each_rule_is_told_with_its_place_among_those_that_act(host):
    items = rules(host)
    chain = "nft inet amanat input"
    assert items["nft inet amanat"] == "flags dormant"
    assert items[chain] == "type filter hook input priority filter; policy drop;"
    assert items[f'{chain}: iif "lo" accept'] == "after 0 of those that act"
    assert (
        items[f'{chain}: ip saddr 127.0.0.0/8 counter drop comment "for{{ged, accept"']
        == "number 1 of those that act"
    )
    for caller in ("10.0.0.1", "10.0.0.3"):
        rule = f'{chain}: ip saddr {caller} tcp dport 22 ct state new accept comment "ssh"'
        assert items[rule] == "after 1 of those that act"
    assert f"{chain}: ip saddr != {{ 10.0.0.1, 10.0.0.3 }} tcp dport 80 accept" in items
    limit = "add @ssh_callers { ip saddr limit rate over 10/second burst 10 packets } drop"
    assert items[f"{chain}: tcp dport 22 {limit}"] == "number 2 of those that act"
    assert (
        items[f'{chain}: iifname "uplink" tcp dport vmap {{ 22 : accept, 23 : drop }}']
        == "number 3 of those that act"
    )


def test_an_accept_before_a_drop_shows(host):
    lines = RULESET.splitlines()
    drop = next(number for number, line in enumerate(lines) if "127.0.0.0/8" in line)
    lines[drop], lines[drop + 1] = lines[drop + 1], lines[drop]
    before, after = rules(host), rules(host, "\n".join(lines))
    assert {item for item in before if before[item] != after.get(item)} == {
        f'nft inet amanat input: ip saddr {caller} tcp dport 22 ct state new accept comment "ssh"'
        for caller in ("10.0.0.1", "10.0.0.3")
    }


def test_accounts_go_by_name_and_the_mirrors_port_is_no_matter(host):
    chain = "nft inet amanat output"
    mirror = {"/etc/apt/sources.list.d/debian.sources": "URIs: http://mirror.example:8081/debian\n"}
    for files, others in (({}, {8081}), (mirror, set())):
        items = rules(host, files=files)
        ports = {80} | others
        assert {item for item in items if "updates" in item} == {
            f'{chain}: meta skuid {account} tcp dport {port} accept comment "updates"'
            for account in ("root", "_apt")
            for port in ports
        }
    assert (
        items[f"{chain}: ct state established ip saddr 1.2.3.4 dnat to 5.6.7.8"]
        == "number 1 of those that act"
    )
    assert items[chain] == "no hook"


def test_elements_of_sets_are_told_but_for_those_that_packets_add(host):
    elements = [item for item in rules(host) if " element " in item]
    assert elements == [f"nft inet amanat set friends element {one}" for one in ("192.0.2.1", "192.0.2.7")]


def test_tables_of_older_tools_are_told(host):
    all_found = host({"/proc/net/ip_tables_names": "filter\nnat\n"})
    firewall.read(all_found)
    assert {"legacy table ip_tables filter", "legacy table ip_tables nat"} <= set(all_found.items)


def test_interfaces_are_told_by_what_they_are_and_not_by_how_they_are_called(host):
    all_found = host()
    interfaces.interfaces(all_found)
    assert all_found.items == {
        "interface lo": "loopback up loopback",
        "interface uplink": 'ether up multicast promiscuity 1 xdp {"mode": 1}',
        "interface lo0evil": 'ether down dummy master "br0"',
    }


def test_addresses_are_told_by_interface(host):
    all_found = host()
    interfaces.addresses(all_found)
    assert all_found.items == {
        "address fe80::2/64 of uplink": "link",
        "address own address of uplink": "global",
        "address 127.0.0.1/8 of lo": "host",
    }


def test_routes_and_rules_are_told(host):
    shown = "default via 10.0.0.1 dev eth0 metric 100 \n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2 \n"
    all_found = host(
        answers={"-4 route show table all": shown, "-4 rule show": "0:\tfrom all lookup local\n"}
    )
    interfaces.routes(all_found)
    assert all_found.items == {
        "route default via 10.0.0.1 dev uplink": "yes",
        "route own network dev uplink scope link src own address": "yes",
        "rule 0: from all lookup local": "yes",
    }


@pytest.mark.parametrize(
    ("words", "common"),
    [
        ("10.0.0.2", "own address"),
        ("10.0.0.2/32", "10.0.0.2/32"),
        ("10.0.0.22", "10.0.0.22"),
        ("110.0.0.2", "110.0.0.2"),
        ("eth0.5 eth0", "eth0.5 uplink"),
        ("10.0.0.255", "broadcast address of own network"),
    ],
)
def test_only_whole_names_are_replaced(host, words, common):
    host()
    assert interfaces.common(words) == common


def test_neighbours_set_by_hand_are_told(host):
    all_found = host(
        answers={"permanent": json.dumps([{"dst": "10.0.0.1", "dev": "eth0", "lladdr": "02:00"}])}
    )
    interfaces.neighbours(all_found)
    assert all_found.items == {"neighbour 10.0.0.1": "set by hand: 02:00"}


def test_filters_before_the_firewall_are_told(host):
    answers = {"qdisc show": "qdisc noqueue 0: dev eth0 root\nqdisc clsact ffff: dev eth0 parent ffff:fff1\n"}
    all_found = host(answers=answers | {"dev eth0 ingress": "filter protocol all pref 1 bpf \n"})
    interfaces.traffic_control(all_found)
    assert all_found.items == {
        "qdisc clsact ffff: dev uplink parent ffff:fff1": "yes",
        "tc filter of uplink ingress: filter protocol all pref 1 bpf": "yes",
    }


def test_another_network_with_more_than_a_loopback_is_told(host):
    head = "Inter-|\n face |\n"
    files = {
        "/proc/self/net/dev": head + "lo: 0\neth0: 0\n",
        "/proc/7/net/dev": head + "lo: 0\neth0: 0\n",
        "/proc/8/net/dev": head + "lo: 0\n",
        "/proc/8/net/fib_trie": "none",
        "/proc/9/net/dev": head + "lo: 0\neth0: 0\n",
        "/proc/9/net/fib_trie": "10.0.0.66",
        "/proc/9/cgroup": "0::/user.slice/a.scope\n",
        "/proc/self/mountinfo": "9 1 0:4 net:[4026] /run/netns/evil rw shared:1 - nsfs nsfs rw\n",
    }
    all_found = host(files)
    interfaces.other_namespaces(all_found)
    assert set(all_found.items) == {
        "another network of a.scope with eth0 lo",
        "another network kept at /run/netns/evil",
    }


def test_programs_beside_the_firewall_are_told(host, monkeypatch):
    """Kinds as linux/bpf.h numbers them: tcx ingress at an interface, socket lookup at the network."""
    monkeypatch.setattr(bpf, "OWN_NETWORK", os.devnull)
    monkeypatch.setattr(
        bpf, "attached", lambda target, kind: {(5, 46): 2}.get((target, kind), int(kind == 36))
    )
    all_found = host()
    bpf.read(all_found, interfaces.indices())
    assert all_found.items == {"bpf tcx ingress of uplink": "2 programs", "bpf socket lookup": "1 programs"}


def test_a_kernel_that_cannot_be_asked_has_none(monkeypatch):
    monkeypatch.setattr(bpf.platform, "machine", lambda: "abacus")
    assert bpf.attached(1, 46) == 0
    monkeypatch.undo()
    assert bpf.attached(2**31 - 1, 46) == 0  # no such interface


def test_names_are_told_with_all_their_addresses(host):
    hosts = "127.0.0.1 localhost # loop\n::1 localhost\n10.0.0.3 vault.dev-1.internal vault\n6.6.6.6 vault\n"
    files = {
        "/etc/hosts": hosts,
        "/etc/nsswitch.conf": "hosts:  files dns\n",
        "/etc/resolv.conf": "# made by an engine\n; old\nnameserver 9.9.9.9\n",
    }
    all_found = host(files)
    resolver.read(all_found)
    assert all_found.items == {
        "name localhost": "127.0.0.1 ::1",
        "name vault.(stack).internal": "10.0.0.3",
        "name vault": "10.0.0.3 6.6.6.6",
        "sources of hosts": "files dns",
        "resolver nameserver 9.9.9.9": "server 1",
    }


def settings(host, monkeypatch, files, settable=True):
    root = kernel_network.ROOT
    files = {f"{root}/{name}": value for name, value in files.items()}
    monkeypatch.setattr(os.path, "isfile", lambda path: path in files)
    monkeypatch.setattr(kernel_network, "writable", lambda _: settable)
    all_found = host(files)
    kernel_network.read(all_found)
    return all_found.items


@pytest.mark.parametrize(("settable", "value"), [(True, "1"), (False, "1, the machine's to set")])
def test_forwarding_that_a_container_cannot_turn_off_is_said_to_be_so(host, monkeypatch, settable, value):
    items = settings(host, monkeypatch, {"ipv4/ip_forward": "1", "ipv4/tcp_syncookies": "1"}, settable)
    assert items == {"kernel net.ipv4.ip_forward": value, "kernel net.ipv4.tcp_syncookies": "1"}


@pytest.mark.parametrize(
    ("name", "every", "own", "forwarding", "value"),
    [
        ("accept_source_route", 0, 1, 0, "0"),
        ("rp_filter", 1, 0, 0, "1"),
        ("accept_redirects", 0, 1, 0, "1"),
        ("accept_redirects", 0, 1, 1, "0"),
        ("send_redirects", 0, 1, 0, "1"),
    ],
)
def test_at_the_uplink_what_settings_come_to_is_told(host, monkeypatch, name, every, own, forwarding, value):
    files = {f"ipv4/conf/{one}/{name}": f"{number}" for one, number in (("all", every), ("eth0", own))}
    files["ipv4/conf/eth0/forwarding"] = f"{forwarding}"
    assert settings(host, monkeypatch, files)[f"kernel {name} at the uplink"] == value


def test_where_ipv6_is_on_its_settings_are_told(host, monkeypatch):
    files = {
        "ipv6/conf/all/disable_ipv6": "1",
        "ipv6/conf/all/accept_ra": "1",
        "ipv6/conf/eth0/disable_ipv6": "0",
    }
    files["ipv6/conf/eth0/accept_ra"] = "1"
    assert settings(host, monkeypatch, files) == {
        "kernel net.ipv6.conf.all.disable_ipv6": "1",
        "kernel net.ipv6.conf.uplink.disable_ipv6": "0",
        "kernel net.ipv6.conf.uplink.accept_ra": "1",
    }


def test_the_whole_dimension_is_one_state(host, monkeypatch):
    monkeypatch.setattr(bpf, "attached", lambda *_: 0)
    host({"/etc/hosts": "127.0.0.1 localhost\n"}, {"list ruleset": RULESET})
    state = network.read()
    assert {"name localhost", "interface uplink", "nft inet amanat"} <= state.items.keys()


@pytest.mark.parametrize(
    ("content", "lines"),
    [("a  b # c\n\n# d\n", ["a b"]), ("a \\\n  b\n", ["a b"]), ("", [])],
)
def test_effective_lines(monkeypatch, content, lines):
    monkeypatch.setattr(found, "text", lambda _: content)
    assert found.effective_lines("x") == lines


def test_two_things_of_one_name_are_two_items(tmp_path):
    all_found = Found()
    source = tmp_path / "file"
    source.touch()
    for value in "ab":
        all_found.add("thing", value, str(source))
    state = all_found.state()
    assert state.items == {"thing": "a", "thing (2)": "b"}
    assert state.since["thing"].endswith("Z")


def attribute(kind, content):
    size = 4 + len(content)
    return struct.pack("=HH", size, kind) + content + bytes(-size % 4)


def rule_of(chain, name, revision, info):
    fields = (
        attribute(1, name.encode() + b"\0") + attribute(2, revision.to_bytes(4, "big")) + attribute(3, info)
    )
    expressions = attribute(1, attribute(1, b"counter\0") + attribute(2, b""))
    expressions += attribute(1, attribute(1, b"target\0") + attribute(2, fields))
    return 2, dict(
        xtables.attributes(attribute(1, b"nat\0") + attribute(2, chain) + attribute(4, expressions))
    )


def test_what_older_tools_rules_hold_is_told(monkeypatch):
    """A range of two ports as iptables-nft writes it for revision 2, and one of revision 0."""
    target = socket.inet_aton("6.6.6.6")
    newer = bytes(4) + target + bytes(12) + target + bytes(12) + struct.pack(">HHH", 53, 54, 0)
    older = struct.pack("=II", 1, 3) + target + target + struct.pack(">HH", 53, 53)
    rules = [
        rule_of(b"OUTPUT\0", "DNAT", 2, newer),
        rule_of(b"OUTPUT\0", "SNAT", 0, older),
        rule_of(b"OUTPUT\0", "TPROXY", 0, older),
        rule_of(b"OTHER\0", "DNAT", 2, b"short"),
    ]
    monkeypatch.setattr(xtables, "rules", lambda: rules)
    told = dict(xtables.expressions())
    assert told["nft ip nat OUTPUT target 1: DNAT"] == "to 6.6.6.6 port 53-54"
    assert told["nft ip nat OUTPUT target 2: SNAT"] == "to 6.6.6.6 port 53"
    assert set(told) == {
        "nft ip nat OUTPUT target 1: DNAT",
        "nft ip nat OUTPUT target 2: SNAT",
        "nft ip nat OUTPUT target 3: TPROXY",
        "nft ip nat OTHER target 1: DNAT",
    }


def test_the_kernels_answer_is_read_to_its_end(monkeypatch):
    header = struct.Struct("=IHHII")
    body = b"\2\0\0\0" + attribute(2, b"OUTPUT\0")
    message = header.pack(header.size + len(body), 10 << 8 | 6, 2, 1, 0) + body
    answers = [message + message, message + header.pack(header.size, 3, 2, 1, 0)]

    class Kernel:
        def __init__(self, *_):
            self.left = list(answers)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            assert not self.left

        def send(self, _):
            pass

        def recv(self, _):
            return self.left.pop(0)

    monkeypatch.setattr(xtables.socket, "socket", Kernel)
    assert list(xtables.rules()) == [(2, {2: b"OUTPUT\0"})] * 3
