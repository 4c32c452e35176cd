"""Debian root file systems by mmdebstrap: cached, made whole or not at all, by root or by a plain user."""

import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from amanat import processes
from amanat.errors import AmanatError, listed
from amanat.locks import file_lock
from amanat.owner import user_name
from amanat.paths import cache
from amanat.progress import show_progress
from amanat.setup.mirrors import Mirrors
from amanat.setup.packages import DEBIAN_KEYRINGS, how_to_install

BOOTSTRAP_LIMIT_SECONDS = 1800
REMOVAL_SECONDS = 300.0
SCRATCH = Path("/var/tmp")  # noqa: S108 - a directory of its own is made there; /tmp may be a small tmpfs
PULL_INSTEAD = "set amanat:image_source to pull, which needs an image registry instead"
ASK_THE_MIRROR = "Check that the Debian mirror answers (amanat:debian_mirror), and run again."


USER_NAMESPACE_SIGNS = (
    "unshare",
    "newuidmap",
    "newgidmap",
    "idmap",
    "subuid",
    "user namespace",
    "chroot mode",
)


class BootstrapFailed(AmanatError):
    """mmdebstrap could not make the root file system."""


def bootstrap(suite: str, mirror: str, packages: list[str]) -> Path:
    """The cached root file system of these packages, made now if need be.

    Raises `BootstrapFailed`; a half-made file is never left under the final name.
    """
    key = hashlib.sha256("\n".join([suite, *packages]).encode()).hexdigest()[:16]
    done = cache() / "rootfs" / f"{suite}-{key}.tar"
    with file_lock(
        done.parent / ".lock",
        lambda holder: show_progress("another run makes a root file system: waiting for it"),
    ):
        if not done.exists():
            _make(done, suite, mirror, packages)
    return done


def _make(done: Path, suite: str, mirror: str, packages: list[str]) -> None:
    show_progress(f"bootstrapping Debian {suite} ({len(packages)} packages asked for; a minute or two)")
    began = time.monotonic()
    draft = done.with_name(f".making-{done.name}")
    try:
        with draft.open("wb") as tar:
            mmdebstrap(suite, mirror, packages, tar)
        draft.replace(done)
    finally:
        draft.unlink(missing_ok=True)
    show_progress(f"bootstrapped in {time.monotonic() - began:.0f} s, {done.stat().st_size / 1e6:.0f} MB")


def mmdebstrap(
    suite: str,
    mirror: str,
    packages: list[str],
    tar: IO[bytes],
    hooks: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> None:
    """Write a root file system of these packages to `tar`, as root or as a plain user (mmdebstrap(1)).

    `hooks`: shell commands that run on the finished tree, its path as `$1`, with the variables of `environment`. Raises
    `BootstrapFailed`.
    """
    require_bootstrap()
    # One at a time for each user: what lies in the scratch space is then left by a killed one.
    lock = cache() / "rootfs" / ".mmdebstrap.lock"
    with (
        file_lock(lock, lambda holder: show_progress("another bootstrap is at work: waiting for it")),
        _scratch() as scratch,
    ):
        command = [*_guard(), "mmdebstrap", *(["--mode=unshare"] if os.geteuid() else []), "--format=tar"]
        command += ["--variant=minbase", f"--include={','.join(packages)}"]
        command += Mirrors.from_environment().mmdebstrap_options(scratch)
        command += [f"--customize-hook={hook}" for hook in hooks]
        _run([*command, suite, "-", *([mirror] if mirror else [])], scratch, tar, environment or {})


def _guard() -> list[str]:
    """It goes when we go, by a signal that lets it clean up; and as root it keeps what it mounts to itself."""
    return ["setpriv", "--pdeathsig=TERM", *([] if os.geteuid() else ["unshare", "--mount"])]


def require_bootstrap() -> None:
    """Raise `BootstrapFailed` naming all that this machine lacks to make a root file system as this user."""
    plain_user = os.geteuid() != 0
    needed = {
        "mmdebstrap": shutil.which("mmdebstrap"),
        "uidmap": shutil.which("newuidmap") or not plain_user,
        "debian-archive-keyring": any(path.exists() for path in DEBIAN_KEYRINGS),
    }
    lacking = [package for package, there in needed.items() if not there]
    remedies = [how_to_install(lacking)] if lacking else []
    if plain_user and not _has_subordinate_ids():
        lacking.append("subordinate user ids (/etc/subuid)")
        ids = "--add-subuids 100000-165535 --add-subgids 100000-165535"
        remedies.append(f"As root: usermod {ids} {user_name()}")
    if lacking:
        raise BootstrapFailed(
            what=f"a root file system can't be made here: {listed(lacking)} missing",
            where="this machine",
            fix=f"{'. '.join(remedies)}. Or {PULL_INSTEAD}.",
        )


def _has_subordinate_ids(files: tuple[str, ...] = ("/etc/subuid", "/etc/subgid")) -> bool:
    """Whether user namespaces of this user may hold more than the user (subuid(5)). mmdebstrap looks by name alone."""
    try:
        texts = [Path(file).read_text("utf-8") for file in files]
    except OSError:
        return False
    return all(any(line.startswith(f"{user_name()}:") for line in text.splitlines()) for text in texts)


@contextmanager
def _scratch() -> Iterator[Path]:
    """A directory for mmdebstrap's work that the users of a user namespace can reach: a home may be closed to them."""
    _remove_leftovers()
    with tempfile.TemporaryDirectory(
        prefix=_scratch_prefix(), dir=_space(), ignore_cleanup_errors=True
    ) as made:
        Path(made).chmod(0o711)
        yield Path(made)


def _space() -> Path:
    """Where scratch directories are made: for root in the cache, since /var/tmp may forbid programs (noexec)."""
    return SCRATCH if os.geteuid() else cache() / "rootfs"


def _scratch_prefix() -> str:
    return f"amanat-rootfs-{os.geteuid()}-"


def _remove_leftovers() -> None:
    """Remove what killed bootstraps of this user left; in a user namespace its files belong to subordinate ids."""
    helper = ["mmdebstrap", "--unshare-helper"] if os.geteuid() else []
    for left in _space().glob(f"{_scratch_prefix()}*"):
        status = left.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
            # Never into what a killed one may have left mounted there.
            remove = [*helper, "rm", "-rf", "--one-file-system", "--", str(left)]
            processes.run(remove, seconds=REMOVAL_SECONDS, capture_output=True)


def _run(command: list[str], scratch: Path, tar: IO[bytes], environment: Mapping[str, str]) -> None:
    try:
        result = processes.run(
            command,
            stdout=tar,
            stderr=processes.PIPE,
            seconds=BOOTSTRAP_LIMIT_SECONDS,
            settings={**environment, "TMPDIR": str(scratch)},
            cwd=scratch,  # one that the namespace's users can enter
            umask=0o022,  # the tree's modes are the hosts', whatever the user's own habit
        )
    except processes.TimedOut as error:
        raise BootstrapFailed(
            what=f"the bootstrap took more than {BOOTSTRAP_LIMIT_SECONDS} s",
            where="mmdebstrap",
            fix=ASK_THE_MIRROR,
        ) from error
    if result.returncode != 0:
        raise BootstrapFailed(what=_reason(result.stderr), where="mmdebstrap", fix=_remedy(result.stderr))


def _reason(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.startswith(("E:", "W:")) or "No space" in line]
    return " | ".join(lines[:3])[:400] or "mmdebstrap failed without saying why"


def _remedy(log: str) -> str:
    if "No space left" in log:
        return f"Free space under {cache()} and {_space()} (about 1 GB is needed in each), and run again."
    if any(sign in log for sign in USER_NAMESPACE_SIGNS):
        return (
            "Let plain users make user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone"
            f" or kernel.apparmor_restrict_unprivileged_userns), or {PULL_INSTEAD}."
        )
    return ASK_THE_MIRROR
