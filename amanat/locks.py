"""Lock files (flock(2)): one process at a time; the kernel drops the lock of one that was killed."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNKNOWN = "?"  # the holder of a lock file with no name in it


@contextmanager
def file_lock(
    path: Path, held: Callable[[str], None] = lambda holder: None, name: str = ""
) -> Iterator[None]:
    """Hold the lock file `path`, with the holder's `name` in it: this process's id unless another is given.

    When another has it, `held` is called first with that one's name (`UNKNOWN` if it has none): it may say so, or raise
    rather than wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            held(file.read().strip() or UNKNOWN)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(name or str(os.getpid()))
        file.flush()
        yield
