"""Which networks this machine already reaches, read from what `ip` prints."""

import json
from ipaddress import IPv4Network

import pytest

from amanat.targets.docker.routes import machine_networks

# As iproute2 prints them: a default route, a VPN's half of it, its network in a table of its own, a single address.
ROUTES = [
    {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
    {"dst": "0.0.0.0/1", "dev": "tun0"},
    {"dst": "10.64.0.0/12", "dev": "tun0", "table": "52"},
    {"dst": "192.0.2.0/24", "dev": "eth0"},
    {"dst": "192.0.2.7", "dev": "eth0"},
    {"type": "local", "dst": "127.0.0.0/8", "dev": "lo", "table": "local"},
    {"type": "broadcast", "dst": "192.0.2.255", "dev": "eth0", "table": "local"},
]


@pytest.fixture
def ip(tmp_path, monkeypatch):
    """ip(text) puts a program of that name on PATH that prints the text."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def put(text):
        (tmp_path / "out").write_text(text, "utf-8")
        (tmp_path / "ip").write_text(f"#!/bin/sh\ncat {tmp_path}/out\n", "utf-8")
        (tmp_path / "ip").chmod(0o755)

    return put


def test_networks_of_all_tables_and_no_default(ip):
    ip(json.dumps(ROUTES))
    assert machine_networks() == [IPv4Network("10.64.0.0/12"), IPv4Network("192.0.2.0/24")]


@pytest.mark.parametrize("text", ["", "[]", "ip: unknown option", "{}", "7", '["x"]', '[{"dst": "nowhere"}]'])
def test_nothing_is_known_where_ip_says_nothing(ip, text):
    ip(text)
    assert machine_networks() == []


def test_nothing_is_known_without_ip(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_networks() == []
