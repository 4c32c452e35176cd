"""A command's standard streams: one that is closed, full, or read by nobody ends in words, not in a traceback."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from amanat.errors import AmanatError, BadInput, shown

NAMES = ("stdin", "stdout", "stderr")


class OutputLost(AmanatError):
    """What the command had to say could not be written; what it did is done."""


class Persevering:
    """A text stream whose loss ends nothing: what can't be written any more is dropped, and `lost` says why."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    def _lose(self, error: OSError) -> None:
        self.lost = self.lost or error
        _silence(self._stream)


@contextmanager
def guarded() -> Iterator[None]:
    """Run a command with streams that can be used, whatever they are; it comes to its end without them.

    Closed ones are opened on /dev/null, or the next file would take their place.
    Raises `OutputLost` when standard output could not be written, but for a reader that had read enough.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    output, errors = Persevering(sys.stdout), Persevering(sys.stderr)
    sys.stdout, sys.stderr = output, errors
    end: SystemExit | None = None
    try:
        yield
    except SystemExit as ended:
        end = ended
    finally:
        output.flush()
        errors.flush()
        sys.stdout, sys.stderr = before
    if output.lost and output.lost.errno != errno.EPIPE and (end is None or end.code in (None, 0, 1)):
        raise OutputLost(
            f"the answer can't be written: {output.lost.strerror}",
            "standard output",
            "What the command did is done; send its output elsewhere.",
        )
    if end is not None:
        raise end


def require_text(words: list[str]) -> None:
    """Raise BadInput for a word of the command line that isn't UTF-8: it could be neither kept nor shown."""
    for number, word in enumerate(words, start=1):
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise BadInput(
                f"an argument is not UTF-8: {shown(word)}",
                f"argument {number}",
                "Write it in UTF-8; a terminal does where the locale is one of UTF-8.",
            ) from error


def _open_closed() -> None:
    for descriptor, name in enumerate(NAMES):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: PTH123, SIM115


def _silence(stream: TextIO) -> None:
    """Let a stream end on /dev/null, so that what still waits in it is no error at the end of the program."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
