"""What a person could do to a live host against the law: the audit turns red on that very requirement."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from amanat.secrets_socket import serve_secrets_to_children
from amanat.stack import Stack
from tests.breaks.reading import Batch, all_batches
from tests.hosts import warm_audits
from tests.hosts.live import LiveStack, audited, failing

# Two stacks share the breaks: two thirds of all are against these.
OF_PROTECTION = ("A5-6-1-access", "A5-6-1-durable", "A7-protection")


def batches_of_protection() -> list[Batch]:
    """Breaks of access, of durable media and of the machines' protection."""
    return [one for one in all_batches() if one.breaks[0].requirement in OF_PROTECTION]


def batches_of_records() -> list[Batch]:
    """All other breaks: of what is recorded, kept and given out, and of the site."""
    return [one for one in all_batches() if one.breaks[0].requirement not in OF_PROTECTION]


@contextmanager
def green_before(live_stack: LiveStack, directory: Path) -> Iterator[None]:
    """A red audit says nothing about a break unless it was green before. The secrets are asked for once."""
    secrets = Stack(live_stack.paths).secrets()
    with serve_secrets_to_children(json.dumps(secrets)):
        require_green(live_stack, directory)
        yield


def require_green(live_stack: LiveStack, directory: Path) -> None:
    """The whole audit passes."""
    status, requirements = audited(live_stack.stack, directory)
    assert (status, failing(requirements)) == (0, {})


def check_of(live_stack: LiveStack, batch: Batch) -> str:
    """The check of a batch's breaks, on the machine that carries their service here."""
    return batch.check.replace(f"[{batch.host}]", f"[{live_stack.machine_of(batch.host)}]")


def named(live_stack: LiveStack, text: str) -> str:
    """A text of a break for this stack: `@store@` is the machine that carries the store."""
    return re.sub(r"@([a-z]+)@", lambda found: live_stack.machine_of(found[1]), text)


def require_red(live_stack: LiveStack, batch: Batch, directory: Path) -> None:
    """Do what the breaks of a batch do: their check has to name each. It is put back afterwards, whatever comes."""
    machine = live_stack.machine_of(batch.host)
    with ExitStack() as undone:
        for broken in batch.breaks:
            undone.callback(live_stack.root, machine, named(live_stack, broken.undo))
            live_stack.root(machine, named(live_stack, broken.script))
        status, requirements = warm_audits.audited(live_stack.stack, directory, check_of(live_stack, batch))
    assert status == 1
    found = requirements[batch.breaks[0].requirement]
    assert found["verdict"] == "not-satisfied", found
    wanted = [named(live_stack, text) for broken in batch.breaks for text in broken.findings]
    told = {text: text in found["reason"] for text in wanted}
    assert [text for text, there in told.items() if not there] == [], found["reason"]
