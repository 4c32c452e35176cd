"""A rendered site in a directory: written as a whole, listed with digests, and compared."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from amanat.errors import BadInput

LIST = "SHA256SUMS"  # as `sha256sum --check` reads it


class ForeignDirectory(BadInput):
    """A directory holds files that no rendering of ours wrote there."""


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 by path, in hexadecimal digits."""
    return {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}


def listing(files: Mapping[str, bytes]) -> str:
    """The files' digests as `sha256sum` writes them."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests(files).items())


def differences(directory: Path, files: Mapping[str, bytes]) -> list[str]:
    """What of the directory isn't as rendered, in words; [] where all is. Files that are too many count as well."""
    wanted = {**files, LIST: listing(files).encode()}
    there = set(_files(directory))
    found = [f"{name} is missing" for name in wanted if name not in there]
    found += [f"{name} is too much" for name in sorted(there - set(wanted))]
    found += [
        f"{name} is otherwise"
        for name, body in wanted.items()
        if name in there and (directory / name).read_bytes() != body
    ]
    return found


def write(directory: Path, files: Mapping[str, bytes]) -> list[str]:
    """Make the directory hold these files and their list, and return what had to be changed, in words.

    Readable by all: it is what the public sees. A file that an earlier rendering listed goes. Raises ForeignDirectory,
    before anything is written, for a file that no rendering listed.
    """
    there = set(_files(directory))
    listed = _listed(directory) & there  # a list may have been altered, and name what lies elsewhere
    ours = {LIST, *listed, *files}
    foreign = sorted(there - listed - {LIST} - {_draft(name) for name in ours})
    if foreign:
        raise ForeignDirectory(
            f"it holds {foreign[0]}, which no rendering wrote",
            str(directory),
            "Name an empty directory, or one that `amanat site` made.",
        )
    changed = differences(directory, files)
    gone = listed - set(files)
    if changed:  # first what will be ours, so that a run that is killed is finished by the next
        _put(directory, LIST, listing({**dict.fromkeys(sorted(gone), b""), **files}).encode())
    for name, body in files.items():
        _put(directory, name, body)
    for name in (*gone, *(there & {_draft(name) for name in ours})):
        _remove(directory, directory / name)
    _put(directory, LIST, listing(files).encode())
    return changed


def _put(directory: Path, name: str, body: bytes) -> None:
    """Replace a file at once, unless it holds this already."""
    path = directory / name
    _public_directory(path.parent)
    if not path.is_file() or path.read_bytes() != body:
        draft = directory / _draft(name)
        draft.write_bytes(body)
        draft.chmod(0o644)
        draft.replace(path)


def _draft(name: str) -> str:
    outer, _, last = name.rpartition("/")
    return f"{outer}/.{last}.new".lstrip("/")


def _public_directory(path: Path) -> None:
    """Make it, readable by all whatever the umask; one that is there keeps its owner's choice."""
    for missing in [one for one in (*reversed(path.parents), path) if not one.exists()]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def _remove(directory: Path, path: Path) -> None:
    """Remove a file, and the directories that it leaves empty."""
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == directory or any(parent.iterdir()):
            return
        parent.rmdir()


def _files(directory: Path) -> list[str]:
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )


def _listed(directory: Path) -> set[str]:
    """What an earlier rendering wrote there, by its list."""
    path = directory / LIST
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    return {line.partition("  ")[2] for line in lines}
