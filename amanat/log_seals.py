"""The chains of sealed days on the log server, beside the vault's own record of what it stamped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amanat_host.answers.logs import GivenStamps, SealedLogs


@dataclass(frozen=True)
class Differences:
    """What one knows and the other doesn't.

    `gone` are SHA-256 that were stamped and are in no chain, `never_stamped` by machine the places of records in its
    chain that have a stamp which the vault never gave.
    """

    gone: Sequence[str]
    never_stamped: Mapping[str, Sequence[int]]


def compare(before: GivenStamps, sealed: SealedLogs, after: GivenStamps) -> Differences:
    """Compare the chains with what was stamped, asked before and after them: days may be sealed meanwhile."""
    records = {digest for chain in sealed.chains.values() for digest in chain.records}
    stamped = set(after.imprints)
    never = {
        machine: [
            place for place, digest in enumerate(chain.records[: chain.stamped], 1) if digest not in stamped
        ]
        for machine, chain in sealed.chains.items()
    }
    gone = [digest for digest in before.imprints if digest not in records]
    return Differences(gone, {machine: places for machine, places in never.items() if places})
