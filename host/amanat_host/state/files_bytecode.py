"""Compares Python's bytecode with its source: bytecode runs in the place of a source that is untouched.

`dpkg --verify` doesn't know it, and it is written anew with every update, so no digest of it can be expected. It is
right when it is what the source compiles to.
"""

from __future__ import annotations

import importlib.util
import marshal
import re
import sys
import warnings
from pathlib import Path

# PEP 3147 and PEP 488: module, interpreter, and the level of optimization.
NAME = re.compile(
    r"(?P<directory>.*)/__pycache__/(?P<module>[^/]+)\.(?P<tag>[a-z]+-\d+)(\.opt-(?P<level>[12]))?\.pyc"
)
HEADER_BYTES = 16  # PEP 552: magic number, flags, then time and size of the source, or its hash
LONGEST_BYTES = 16 << 20  # of bytecode or a source; no module comes near


def fault(path: str, root: str = "") -> str:
    """What is wrong with the bytecode at `path`; "" when it is what its source compiles to."""
    name = NAME.fullmatch(path)
    if not name:
        return "not named as Python names it"
    if name["tag"] != sys.implementation.cache_tag:
        return f"not of this Python, {sys.implementation.cache_tag}"
    source_path = f"{name['directory']}/{name['module']}.py"
    try:
        source = read(f"{root}{source_path}")
    except FileNotFoundError:
        return "without a source"
    content = read(f"{root}{path}")
    if content[:4] != importlib.util.MAGIC_NUMBER:
        return "not of this Python, by its magic number"
    return (
        ""
        if same_code(content[HEADER_BYTES:], source, source_path, int(name["level"] or 0))
        else "not of its source"
    )


def same_code(code: bytes, source: bytes, path: str, level: int) -> bool:
    """Whether marshalled code equals what the source compiles to; where it was compiled doesn't matter."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = compile(source, path, "exec", dont_inherit=True, optimize=level)
        return bool(marshal.loads(code) == compiled)  # noqa: S302 - looked at, and never run
    except (SyntaxError, ValueError, TypeError, EOFError, RecursionError):
        return False


def read(path: str) -> bytes:
    """A file's content. Raises `FileNotFoundError`; what is too long to be a module gives its beginning."""
    with Path(path).open("rb") as file:
        return file.read(LONGEST_BYTES)
