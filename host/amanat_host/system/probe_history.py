"""Look for holes in what the host keeps of its past, and print them as one JSON object. Changes nothing.

journal     the numbers of the journal's entries that are there, and those that are missing
kept        keys of key stores, and the journal's sequences, which a converge notes with the stack
logins      where the records of logins at terminals disagree with the journal
recordings  sudo's recordings of sessions that are gone, untold by the journal, or not whole
"""

from __future__ import annotations

from amanat_host.entry import probe
from amanat_host.system import journal, kept, logins, recordings

main = probe(
    __doc__,
    {"journal": journal.read, "kept": kept.read, "logins": logins.read, "recordings": recordings.read},
)
