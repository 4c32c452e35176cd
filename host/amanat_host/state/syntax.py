"""Takes apart what files and programs say: lines, words, paths of proc(5)."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import NamedTuple


class MountLine(NamedTuple):
    """A mount of proc_pid_mountinfo(5); `device` is major:minor, `root` the part of the file system that is there."""

    device: str
    root: str
    target: str
    options: str
    kind: str
    source: str
    super_options: str


def mount_line(line: str) -> MountLine:
    """A line of /proc/PID/mountinfo. Raises `ValueError` for another."""
    left, _, right = line.partition(" - ")
    _, _, device, root, target, options, *_ = left.split()
    kind, source, super_options = right.split(" ", 2)  # a source may be empty
    return MountLine(device, unescaped(root), unescaped(target), options, kind, source, super_options)


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


def systemctl_time(shown: str) -> float:
    """A time as `systemctl show --timestamp=us+utc` has it, in Unix seconds; 0 for none."""
    try:
        return (
            datetime.strptime(shown.split(" ", 1)[-1], "%Y-%m-%d %H:%M:%S.%f UTC")
            .replace(tzinfo=UTC)
            .timestamp()
        )
    except ValueError:
        return 0
