"""What the probes of whole states answer: the one schema that they fill and the closed world is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class State:
    """One dimension of a machine, whole: each thing that is there by its name, and how it is, as text.

    A thing that belongs to several services is named with the one who uses it, so that what two services expect of
    one machine never contradicts: `group ssl-cert member postgres`, not the group with a list of members.
    Never a secret, nor what a guess at one could be tried against.
    """

    items: Mapping[str, str]
    since: Mapping[str, str] = field(default_factory=dict)  # item -> UTC time of its last change, where known
    examples: Mapping[str, str] = field(default_factory=dict)  # item of many things -> one of them
