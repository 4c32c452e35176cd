"""Say what is anchored: the heads that the chain must hold, when one was last taken or found unchanged, and breaks.

Reads one file that everybody may read, and changes nothing.
"""

from __future__ import annotations

from amanat_host.anchors.history import FILE, Anchors
from amanat_host.answers import archive as answers
from amanat_host.entry import probe


def anchored() -> answers.Anchors:
    """What the file of anchors comes to."""
    anchors = Anchors.read(FILE)
    looked = [line["at"] for line in anchors.lines if line["kind"] in ("head", "held")]
    return answers.Anchors(
        looked_at=looked[-1] if looked else None,
        is_broken=anchors.is_broken,
        heads=[(head["seq"], head["hash"]) for head in anchors.heads],
        restored=[line for line in anchors.lines if line["kind"] == "restored"],
        misfits=anchors.misfits,
        mode=oct(FILE.stat().st_mode & 0o7777),
        owner=FILE.stat().st_uid,
    )


main = probe(__doc__, {"": anchored})
