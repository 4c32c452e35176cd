"""How the Pulumi program tells a failure: our message, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from amanat.errors import AmanatError

ALREADY_SHOWN = 32  # the exit status by which a Python program tells Pulumi's language host so


@contextmanager
def report_errors() -> Iterator[None]:
    """Show an AmanatError through Pulumi's log and end the program there."""
    try:
        yield
    except AmanatError as error:
        pulumi.log.error(str(error))
        raise SystemExit(ALREADY_SHOWN) from error
