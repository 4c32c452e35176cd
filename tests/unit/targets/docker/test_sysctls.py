"""What a container's own network is set to when it is made."""

import pytest

from amanat.targets.docker.facts import EngineFacts
from amanat.targets.docker.sysctls import network_sysctls

HERE, ELSEWHERE = "6.1.0", "6.12.0"
FACTS = EngineFacts(2, "28", "x86_64", kernel=HERE)
WRITTEN = """# a comment about net.ipv4.tcp_ecn = 1
-kernel.sysrq = 0
-net.core.bpf_jit_harden = 2
-net.ipv4.ip_forward = 0
-net.ipv4.conf.all.rp_filter = 1
net.ipv4.tcp_syncookies = 1
-net.ipv6.conf.all.accept_ra = 0
-net.ipv6.conf.default.accept_ra_rtr_pref = 0
"""


@pytest.fixture
def wanted(tmp_path):
    file = tmp_path / "sysctl.conf"
    file.write_text(WRITTEN)
    return file


@pytest.fixture
def kernel(tmp_path):
    """A kernel that knows IPv6, without preferences of routers."""
    there = tmp_path / "sys/net/ipv6/conf/all"
    there.mkdir(parents=True)
    (there / "accept_ra").write_text("1")
    return tmp_path / "sys"


IPV4 = {"net.ipv4.conf.all.rp_filter": "1", "net.ipv4.tcp_syncookies": "1"}


def test_only_what_a_network_has_of_its_own_is_set(wanted, kernel):
    assert network_sysctls(FACTS, wanted, kernel, HERE) == IPV4 | {"net.ipv6.conf.all.accept_ra": "0"}


def test_another_machines_kernel_is_not_guessed_at(wanted, kernel):
    assert network_sysctls(FACTS, wanted, kernel, ELSEWHERE) == IPV4


def test_a_kernel_without_ipv6_is_asked_for_none(wanted, tmp_path):
    assert network_sysctls(FACTS, wanted, tmp_path / "none", HERE) == IPV4


def test_what_the_role_wants_of_the_network_is_what_containers_get():
    found = network_sysctls(FACTS, release=ELSEWHERE)
    assert found["net.ipv4.conf.all.accept_redirects"] == "0"
    assert found["net.ipv4.conf.default.send_redirects"] == "0"
    # Set in no order, it would turn acceptance of redirects back on.
    assert "net.ipv4.ip_forward" not in found
    assert not [name for name in found if not name.startswith("net.ipv4.")]
