"""Which commit a checkout is at, and whether anything in it differs from that."""

import re
from collections.abc import Sequence
from pathlib import Path

from amanat import processes

UNKNOWN = "unknown"
REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Neither the person's nor the machine's git configuration; the repository's own may start no program.
SETTINGS = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
QUIET = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.hooksPath=/dev/null")
STATUS = ("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=none")


def commit(project: Path) -> tuple[str, bool | None]:
    """The commit of the repository whose top is `project`, and whether files differ from it or are not in it.

    "unknown" and None where there is no such repository, or git can't tell. A repository above `project` is another's.
    """
    top = _git(project, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != project.resolve():
        return UNKNOWN, None
    revision = _git(project, "rev-parse", "--verify", "HEAD")
    if not revision:
        return UNKNOWN, None
    return revision, _differs(project)


def _differs(project: Path) -> bool | None:
    changes = _git(project, *STATUS)
    marked = _git(project, "ls-files", "-v")
    if changes is None or marked is None:
        return None
    # `assume-unchanged` (small letters) and `skip-worktree` (S) hide changes from git status (git-ls-files(1)).
    hidden = any(line[:1].islower() or line.startswith("S ") for line in marked.splitlines())
    return True if changes else None if hidden else False


def archive(project: Path, revision: str, paths: Sequence[str]) -> bytes | None:
    """A tar archive of these paths as they were committed; None where git doesn't know the commit, or can't."""
    if not REVISION.fullmatch(revision):
        return None
    command = [*_command(project), "archive", "--format=tar", revision, "--", *paths]
    try:
        done = processes.run_bytes(command, settings=SETTINGS, capture_output=True)
    except (OSError, processes.TimedOut):
        return None
    return done.stdout if done.returncode == 0 else None


def described(project: Path, revision: str) -> str:
    """The tag of a commit, or "" where it has none."""
    if not REVISION.fullmatch(revision):
        return ""
    return _git(project, "describe", "--tags", "--exact-match", revision) or ""


def _git(project: Path, *arguments: str) -> str | None:
    """What git says, or None when it can't. The checkout's code runs here anyway, so its owner may be another."""
    try:
        done = processes.run([*_command(project), *arguments], settings=SETTINGS, capture_output=True)
    except (OSError, processes.TimedOut):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _command(project: Path) -> list[str]:
    return ["git", "-C", str(project), "-c", f"safe.directory={project.resolve()}", *QUIET]
