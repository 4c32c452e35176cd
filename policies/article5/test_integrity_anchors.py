"""Article 5 clause 6-1: another host knows the chain's heads, so that a cut tail or a rewritten chain shows."""

import pytest

from amanat.audit import requirement
from amanat.audit.anchor_record import digest_of_first, record_of
from amanat.audit.host import Host
from amanat.audit.timing import age_seconds
from amanat_host import questions
from amanat_host.answers.archive import Anchors

NOT_IN_THE_CHAIN = """
    SELECT v.seal, v.reason FROM unnest(%s::bigint[], %s::text[]) AS a (seq, hash),
        LATERAL archive.verify_head(a.seq, a.hash) AS v
"""
BEYOND = 1_000_000  # seals that nobody makes while an audit goes on


def flipped(digest: str) -> str:
    """A hash that differs in its last bit."""
    return f"{digest[:-1]}{int(digest[-1], 16) ^ 1:x}"


@pytest.fixture(scope="module")
def anchors(vault: Host) -> Anchors:
    """What the vault holds of the archive's chain."""
    return vault.ask(questions.ANCHORS)


@requirement("A5-6-1-integrity")
def test_the_chain_holds_every_head_that_was_anchored(store, anchors: Anchors, client):
    """Each head on the vault is in the archive's chain, with the same hash."""
    assert anchors.heads, "nothing is anchored"
    seqs, hashes = zip(*anchors.heads, strict=True)
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(NOT_IN_THE_CHAIN, (list(seqs), list(hashes))) == []


@requirement("A5-6-1-integrity")
def test_a_head_that_is_not_the_chains_is_refused(store, anchors: Anchors, client):
    """Each anchored head with one digit changed, or at another height, is refused: the comparison can say no."""
    assert anchors.heads, "nothing is anchored"
    forged = [(seq, flipped(digest)) for seq, digest in anchors.heads]
    newest = max(seq for seq, _ in anchors.heads)
    forged += [(seq - 1, digest) for seq, digest in anchors.heads if seq > 0]
    forged += [(newest + BEYOND, digest) for _, digest in anchors.heads[-1:]]  # as if the tail had been cut
    seqs, hashes = zip(*forged, strict=True)
    with client.login(store, "archive_auditor") as auditor:
        refused = auditor.rows(NOT_IN_THE_CHAIN, (list(seqs), list(hashes)))
    assert sorted(seq for seq, _ in refused) == sorted(seqs), (
        "heads that were never the chain's are said to be"
    )


@requirement("A5-6-1-integrity")
def test_a_head_was_anchored_lately(anchors: Anchors, bound):
    """The vault has looked at the chain within the bound, and found its last anchor there."""
    assert not anchors.is_broken, "the vault found the chain without its last anchor"
    assert anchors.looked_at, "the vault never looked"
    age = age_seconds(anchors.looked_at) / 60
    assert bound("anchor_age_minutes").allows(age), f"{age:.1f} minutes"


@requirement("A5-6-1-integrity")
def test_no_anchor_was_taken_away_or_changed(anchors: Anchors):
    """Each line of the file of anchors says what was before it, and the file is that: no line is missing or another."""
    assert list(anchors.misfits) == [], (
        "lines before which the file is not what it was when they were written"
    )


@requirement("A5-6-1-integrity")
def test_the_anchors_on_record_are_still_there(vault):
    """The file of anchors begins with all that the controller had on record of it: none was forgotten since."""
    record = record_of(vault)
    assert digest_of_first(vault, record.size) == record.sha256, (
        f"the first {record.size} bytes of the file of anchors are not those on record: heads were forgotten or changed"
    )


@requirement("A5-6-1-integrity")
def test_new_records_will_be_anchored(vault):
    """The job that anchors is started again and again."""
    assert vault.service("amanat-anchor.timer").is_running
    assert vault.service("amanat-anchor.timer").is_enabled


@requirement("A5-6-1-integrity", "A5-6-1-access")
def test_the_job_that_anchors_cannot_change_what_it_wrote(vault, anchors: Anchors):
    """The file of anchors is root's, and nobody else may write to it; the job runs as another."""
    assert (anchors.owner, int(anchors.mode, 8) & 0o022) == (0, 0)
    user = vault.read("systemctl show --property=User --value amanat-anchor.service").strip()
    assert user not in ("", "root")
