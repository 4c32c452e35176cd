"""Proxies of the environment: downloads ask them, loopback never does, whatever a library makes of the variables."""

import os
import re
from collections.abc import Mapping

PROXIES = ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def direct_loopback(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that keep loopback off the proxies of `env`; none when it names no proxy.

    gRPC's core, over which Pulumi speaks to its children, reads `no_grpc_proxy` or else `no_proxy`, in small letters
    and without blanks (grpc/doc/environment_variables.md); others read `NO_PROXY` alone. So each says the same.
    """
    if not any(value for name, value in env.items() if name.lower() in PROXIES):
        return {}
    given = [env.get(name, "") for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy")]
    names = [name for text in given for name in re.split(r"[,\s]+", text) if name]
    if "*" in names:  # no proxy for anything, to those who know the sign, and only where it stands alone
        return {"no_proxy": "*", "NO_PROXY": "*", "no_grpc_proxy": ",".join(LOOPBACK)}
    value = ",".join(dict.fromkeys([*names, *LOOPBACK]))
    own = {"no_grpc_proxy": value} if env.get("no_grpc_proxy") else {}
    return {"no_proxy": value, "NO_PROXY": value, **own}
