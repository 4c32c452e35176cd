"""What one machine reaches of another over TCP, tried there by the auditor's own account."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amanat.audit.host import Host
from amanat.audit.names import address_of

SECONDS = 2.0  # a SYN that is dropped is sent again after one
ACCEPTED = "accepted"
SILENT = "silent"
# Ports that servers commonly have open.
COMMONLY_OPEN = frozenset(
    (
        *(21, 22, 23, 25, 53, 80, 110, 111, 143, 389, 443, 445, 587, 631, 873, 993, 2049, 2222, 2375, 2376),
        *(3000, 3306, 3389, 5000, 5432, 5433, 5900, 6379, 8000, 8080, 8443, 8888, 9000, 9090, 9100, 9187),
        *(9200, 10000, 11211, 27017),
    )
)
# Every connection at once, and what became of it by then; nothing is sent. In Python: hosts have no tool for it.
_SCRIPT = f"""
import errno, json, select, socket, sys, time
found, waiting, poll = {{}}, {{}}, select.poll()
def ended(at, error):
    found[at] = errno.errorcode.get(error, str(error)) if error else "{ACCEPTED}"
for at in sys.argv[1:]:
    address, _, port = at.rpartition(":")
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.setblocking(False)
    error = made.connect_ex((address, int(port)))
    if error == errno.EINPROGRESS:
        waiting[made.fileno()] = at, made
        poll.register(made, select.POLLOUT)
    else:
        ended(at, error)
end = time.monotonic() + {SECONDS}
while waiting and (left := end - time.monotonic()) > 0:
    for descriptor, _ in poll.poll(left * 1000):
        at, made = waiting.pop(descriptor)
        poll.unregister(descriptor)
        ended(at, made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        made.close()
json.dump(found | {{at: "{SILENT}" for at, _ in waiting.values()}}, sys.stdout)
"""


@dataclass(frozen=True)
class Attempts:
    """Connections from one machine, all tried at once: to (machine's name, port) by address and port."""

    caller: Host
    targets: Mapping[str, tuple[str, int]]

    @classmethod
    def of(cls, caller: Host, wanted: Mapping[Host, Iterable[int]]) -> "Attempts":
        """To the addresses that the caller knows the other machines by."""
        targets: dict[str, tuple[str, int]] = {}
        for host, ports in wanted.items():
            address = address_of(host, caller)
            targets |= {f"{address}:{port}": (host.name, port) for port in sorted(set(ports))}
        return cls(caller, targets)

    @property
    def command(self) -> str:
        """The command line that tries them."""
        return shlex.join(["python3", "-I", "-c", _SCRIPT, *self.targets])

    def start(self) -> None:
        """Begin in the background; `outcomes` then has that one's end."""
        if self.targets:
            self.caller.start_background(self.command)

    def outcomes(self) -> dict[tuple[str, int], str]:
        """What became of each, by machine and port: `accepted`, `silent`, or the error's name (errno(3)).

        Raises `NotChecked` when they can't be tried.
        """
        if not self.targets:
            return {}
        found = self.caller.json(self.command)
        return {target: str(found[at]) for at, target in self.targets.items()}


def by_caller(tried: Sequence[Attempts], machine: str) -> dict[str, dict[int, str]]:
    """What became of the connections to one machine: caller -> port -> outcome."""
    return {
        one.caller.name: {
            port: outcome for (name, port), outcome in one.outcomes().items() if name == machine
        }
        for one in tried
        if one.caller.name != machine
    }
