"""Keep and compare the baseline of the host's files (AIDE). Each answer is one JSON object.

  mark WHO     remember the start of WHO's work (an unfinished earlier start stands)
  accept WHO   take into the baseline what changed since then, and nothing else; first time: make the baseline
  baseline WHY an administrator accepts everything as it is now, and says why
  check        compare now; exit status 1 where something differs
  status       the last comparison

A change made by hand before the mark stays a finding, whoever converges after it. Root can of course make a
new baseline: the ledger has a line for each, which a converge notes with the stack, so that another one shows.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

from amanat_host import processes
from amanat_host.digests import sha256_of
from amanat_host.entry import print_json, program
from amanat_host.errors import Exit, HostError
from amanat_host.scratch import alone
from amanat_host.times import utc

CONFIG = "/etc/aide/aide.conf"
HOME = Path("/var/lib/aide")
DATABASE, FRESH = HOME / "amanat.db", HOME / "amanat.db.new"
STATUS, LEDGER = HOME / "amanat.status.json", HOME / "amanat.accepted.jsonl"
DIFFERENCES = 7  # AIDE's exit status: added 1, removed 2, changed 4; above that it failed
WAIT_SECONDS = 900  # a comparison reads every file
KINDS = ("added", "removed", "changed")
ROOTS = ("/boot", "/etc", "/home", "/opt", "/root", "/usr", "/var/spool/cron")


class AideFailed(HostError):
    """AIDE could not compare; that is no difference."""

    status = Exit.USAGE


def aide(*arguments: str) -> dict[str, list[str]]:
    """Run AIDE; gives the differing paths by kind. Raises `HostError` when AIDE itself fails."""
    command = ["/usr/bin/aide", "--config", CONFIG, "--no-progress", *arguments]
    done = processes.run(command, capture_output=True, text=True)
    if done.returncode > DIFFERENCES:
        raise AideFailed(f"aide ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    report = json.loads(done.stdout) if done.stdout.strip() else {}
    return {kind: sorted(report.get(kind) or {}) for kind in KINDS}


def write(path: Path, text: str, mode: int = 0o640) -> None:
    """Replace a file in one step."""
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(mode)
    fresh.replace(path)


def record(found: dict[str, list[str]]) -> dict[str, object]:
    """Keep the outcome of a comparison where the audit and the monitoring find it."""
    status: dict[str, object] = {
        "checked_at": utc(),
        "clean": not any(found.values()),
        **found,
        "baseline_sha256": sha256_of(DATABASE),
        "baseline_at": utc(DATABASE.stat().st_mtime),
    }
    write(STATUS, json.dumps(status, sort_keys=True) + "\n")
    return status


def mark_of(who: str) -> Path:
    """Where the start of WHO's work is remembered."""
    if not re.fullmatch(r"[a-z]{1,16}", who):
        raise HostError("WHO must be 1 to 16 small letters, such as converge")
    return Path(f"/var/lib/amanat-{who}.started")


def touched_since(path: str, start: float) -> bool:
    """Whether the file (or, once removed, the place it lay in) changed after the start.

    The change time is the kernel's: unlike the modification time, no one can set it by hand.
    """
    place = Path(path)
    while not os.path.lexists(place):
        place = place.parent
    return place.lstat().st_ctime >= start


def anything_since(start: float) -> bool:
    """Whether any watched place changed after the start: saves the comparison where nothing did."""
    roots = [root for root in ROOTS if Path(root).exists()]
    found = processes.run(
        ["/usr/bin/find", *roots, "-xdev", "-newerct", f"@{start:.6f}", "-print", "-quit"],
        capture_output=True,
        text=True,
        check=True,
    )
    return bool(found.stdout)


def was_clean() -> bool:
    """Whether the last comparison found nothing."""
    try:
        return bool(json.loads(STATUS.read_text(encoding="utf-8"))["clean"])
    except (OSError, ValueError, KeyError):
        return False


def renew(who: str, accepted: list[str], unexplained: list[str]) -> None:
    """Make the baseline anew, keeping the old entries of what nobody explained, and note it in the ledger."""
    limit = [f"--limit=^(?!(?:{'|'.join(map(re.escape, unexplained))})$)"] if unexplained else []
    aide("--update", *limit)
    put_in_force(who, accepted)


def put_in_force(who: str, accepted: list[str]) -> None:
    """Note the fresh baseline in the ledger, and have it for the baseline from now on."""
    note = {"at": utc(), "who": who, "paths": accepted, "sha256": sha256_of(FRESH)}
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(note, sort_keys=True) + "\n")
    FRESH.replace(DATABASE)


def accept(who: str) -> dict[str, object]:
    """Take what WHO changed into the baseline."""
    mark = mark_of(who)
    if not DATABASE.exists():
        aide("--init")
        put_in_force(who, [])
        mark.unlink(missing_ok=True)
        record(dict.fromkeys(KINDS, []))
        return {"accepted": 1, "unexplained": []}
    if not mark.exists():
        return {"accepted": 0, "unexplained": []}
    start = mark.stat().st_mtime
    # What the last comparison found may have been put back since.
    compared = anything_since(start) or not was_clean()
    found = aide("--check") if compared else dict.fromkeys(KINDS, [])
    paths = [path for kind in KINDS for path in found[kind]]
    accepted = [path for path in paths if touched_since(path, start)]
    unexplained = sorted(set(paths) - set(accepted))
    if accepted:
        renew(who, accepted, unexplained)
    if compared:
        record({kind: [path for path in found[kind] if path in unexplained] for kind in KINDS})
    mark.unlink()
    return {"accepted": len(accepted), "unexplained": unexplained}


def baseline(why: str) -> dict[str, object]:
    """Take everything as it is now, on an administrator's word."""
    found = aide("--check")
    renew(f"administrator: {why}", sorted(path for kind in KINDS for path in found[kind]), [])
    return record(dict.fromkeys(KINDS, []))


@program
def main() -> int:
    """Do what was asked, and print what came of it."""
    words = sys.argv[1:]
    os.umask(0o077)
    HOME.mkdir(exist_ok=True)
    if words == ["status"]:
        answer = json.loads(STATUS.read_text(encoding="utf-8"))
    else:
        with alone("integrity", HOME, WAIT_SECONDS):
            answer = worked(words)
    print_json(answer)
    return Exit.DONE if answer.get("clean", True) else Exit.FAILED


class Usage(HostError):
    """The command line is none of the program's."""

    status = Exit.USAGE


def worked(arguments: list[str]) -> dict[str, object]:
    """Do what needs the baseline: one run at a time, or they would write each other's files."""
    match arguments:
        case ["mark", who]:
            if not mark_of(who).exists():
                mark_of(who).touch()
            return {"marked": who}
        case ["accept", who]:
            return accept(who)
        case ["baseline", why] if DATABASE.exists():
            return baseline(why)
        case ["check"]:
            if not DATABASE.exists():
                raise HostError("there is no baseline yet", str(DATABASE), "run the playbook: it makes one")
            return record(aide("--check"))
        case _:
            raise Usage((__doc__ or "").rstrip())
