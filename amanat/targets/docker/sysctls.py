"""Kernel settings of a container's own network: set when it is made, for nothing inside may set them."""

import platform
import re
from pathlib import Path

from amanat.paths import PROJECT_ROOT
from amanat.targets.docker.facts import EngineFacts

WANTED = PROJECT_ROOT / "ansible/roles/base/files/sysctl.conf"
KERNEL = Path("/proc/sys")
OWN = ("net.ipv4.", "net.ipv6.")  # what every network namespace has of its own
# The engine sets its containers' settings in no order, and this one turns others back when it changes. The firewall
# forwards nothing.
LEFT = {"net.ipv4.ip_forward"}
SETTING = re.compile(r"-?([a-z][\w.-]*)\s*=\s*(\S+)")


def network_sysctls(
    facts: EngineFacts, wanted: Path = WANTED, kernel: Path = KERNEL, release: str = ""
) -> dict[str, str]:
    """Name -> value of what the role `base` wants of a host's network and this engine surely can set.

    An engine refuses a container with a setting that its kernel lacks. Those of IPv4 are in every kernel; those of
    IPv6 are given where the engine's kernel is this machine's own (`release`: as uname(1) names it; "" = asked for)
    and has them.
    """
    found = (SETTING.match(line) for line in wanted.read_text("utf-8").splitlines())
    settings = {match[1]: match[2] for match in found if match}
    own_kernel = facts.kernel == (release or platform.release())

    def there(name: str) -> bool:
        return name.startswith("net.ipv4.") or (own_kernel and (kernel / name.replace(".", "/")).is_file())

    return {
        name: value
        for name, value in sorted(settings.items())
        if name.startswith(OWN) and name not in LEFT and there(name)
    }
