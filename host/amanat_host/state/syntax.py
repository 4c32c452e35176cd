"""Takes apart what files and programs say: lines, words, paths of proc(5)."""

from __future__ import annotations

import re
import shlex


def uncommented(content: str) -> list[str]:
    """A text's lines without blanks around them, empty ones and those that are comments."""
    lines = (line for line in content.splitlines() if not line.startswith("#"))
    return [line.strip() for line in lines if line.strip()]


def shell_words(line: str) -> list[str]:
    """Words as a shell quotes them; plain ones where the quotes don't match."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def unescaped(path: str) -> str:
    """A path of proc(5), where space, tab, newline and backslash are octal."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), path)
