"""Loopback never asks a proxy, however the variables are spelt."""

import pytest

from amanat.setup.proxies import direct_loopback

OURS = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize("env", [{}, {"no_proxy": "x"}, {"http_proxy": "", "PATH": "/bin"}])
def test_without_a_proxy_nothing_is_touched(env):
    assert direct_loopback(env) == {}


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "Https_Proxy", "grpc_proxy", "ALL_PROXY"])
def test_any_proxy_leaves_loopback_out_in_both_spellings(name):
    assert direct_loopback({name: "http://127.0.0.1:9"}) == {"no_proxy": OURS, "NO_PROXY": OURS}


def test_what_the_user_excluded_stays_without_blanks():
    env = {"https_proxy": "http://p:1", "no_proxy": "a.example, b.example", "NO_PROXY": "b.example 127.0.0.1"}
    value = "a.example,b.example,127.0.0.1,localhost,::1"
    assert direct_loopback(env) == {"no_proxy": value, "NO_PROXY": value}


def test_grpcs_own_variable_is_told_too_where_it_is_used():
    found = direct_loopback({"grpc_proxy": "http://p:1", "no_grpc_proxy": "x"})
    assert found["no_grpc_proxy"] == f"x,{OURS}"


def test_no_proxy_for_anything_stays_so():
    """To Python `*` means everything only where it stands alone; gRPC doesn't know it."""
    found = direct_loopback({"https_proxy": "http://p:1", "NO_PROXY": "*"})
    assert found == {"no_proxy": "*", "NO_PROXY": "*", "no_grpc_proxy": OURS}
