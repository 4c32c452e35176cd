"""Private files of the controller: nobody but the owner can read one at any moment, and none is there half."""

import os
from contextlib import suppress
from pathlib import Path


def private_directory(path: Path) -> Path:
    """Make `path` with mode 0700, its missing parents too, and return it."""
    for missing in [made for made in (*reversed(path.parents), path) if not made.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    return path


def create(path: Path, content: bytes, mode: int = 0o600, *, durable: bool = False) -> None:
    """Write a new file, with this mode from the first; raises FileExistsError. `durable`: the disk has it then."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` by `text` at once; nobody but the owner can read it at any moment."""
    write_private_bytes(path, text.encode(), mode)


def write_private_bytes(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` by these bytes at once; nobody but the owner can read it at any moment."""
    draft = _draft(path, content)
    draft.chmod(mode)
    draft.replace(path)


def write_once(path: Path, text: str) -> str:
    """What `path` holds; `text`, readable by the owner alone, if it was not there. Of two first runs one wins."""
    if not path.exists():
        draft = _draft(path, text.encode())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text("utf-8")


def _draft(path: Path, content: bytes) -> Path:
    """A file beside `path` with these bytes, readable by the owner alone."""
    if not path.parent.exists():  # a directory that is there keeps its owner's choice
        private_directory(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    create(draft, content, durable=True)
    return draft
