#!/usr/bin/env python3
"""Write docs/errors.md from the exceptions of amanat/ and its exit codes: `.venv/bin/python scripts/error_tree.py`.

A contract test keeps the page equal to its sources.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import amanat
from amanat.errors import AmanatError
from amanat.exit_codes import ExitCode

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "errors.md"
INTRODUCTION = """# Errors and exit codes

<!-- Written by scripts/error_tree.py from the exceptions of amanat/ and its exit codes. Change those, not this. -->

A failure that a person can act on is an `AmanatError`: one message that says what was wrong, where, and what to do. The
command shows it without a traceback; with `--json` it is `{"error": {"what": …, "where": …, "fix": …}}`. Anything else
that is raised is a fault of the kit, and keeps its traceback.
"""


def exception_classes() -> list[type[AmanatError]]:
    """The root of the tree and all that inherit from it, wherever they are defined."""
    for module in pkgutil.walk_packages(amanat.__path__, "amanat."):
        if module.name != "amanat.__main__":
            importlib.import_module(module.name)

    def below(one: type[AmanatError]) -> Iterator[type[AmanatError]]:
        yield one
        for child in one.__subclasses__():
            yield from below(child)

    return list(dict.fromkeys(one for one in below(AmanatError) if one.__module__.startswith("amanat.")))


def first_sentence(one: type) -> str:
    """What the class says of itself."""
    text = " ".join((one.__doc__ or "").split())
    return text.partition(". ")[0].removesuffix(".")


def branch(one: type[AmanatError], known: list[type[AmanatError]], depth: int = 0) -> Iterator[str]:
    """A class and those below it, one line each."""
    yield f"{'  ' * depth}- `{one.__name__}` ({one.__module__}, {one.exit_code.value}): {first_sentence(one)}"
    for child in sorted((each for each in known if one in each.__bases__), key=lambda each: each.__name__):
        yield from branch(child, known, depth + 1)


def render() -> str:
    """The whole page."""
    table = ["## Exit codes", "", "| code | name | meaning |", "|---|---|---|"]
    table += [f"| {code.value} | `{code.name}` | {code.meaning} |" for code in ExitCode]
    tree = ["## The tree", "", "Each with its module and the exit code of a command that it ends.", ""]
    return "\n".join([INTRODUCTION, *table, "", *tree, *branch(AmanatError, exception_classes())]) + "\n"


def main() -> int:
    """Entry point."""
    PAGE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
