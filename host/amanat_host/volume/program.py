"""The encrypted volume of this host: make it, keep its key, open it at boot, close it.

Run by root.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from amanat_host.entry import program
from amanat_host.volume import bind_key, loop, make, open, wait_for_key
from amanat_host.volume.layout import Layout


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    method = commands.add_parser("method", help="print luks or fscrypt")
    method.add_argument("wanted", choices=["auto", "luks", "fscrypt"])
    method.add_argument("backing", type=Path)
    keep = commands.add_parser(
        "keep-key", help="keep the key given on standard input (64 hexadecimal digits)"
    )
    for name in ("signing", "exchange"):
        text = f"thumbprint of a {name} key of the host that the key is bound to; may be repeated"
        # One option for each, written --name=value: a thumbprint may begin with a dash.
        keep.add_argument(f"--{name}", action="append", default=[], metavar="THUMBPRINT", help=text)
    make = commands.add_parser(
        "make", help="make the volume if there is none, or reserve what it lacks in size"
    )
    for command in (keep, make):
        command.add_argument("--dry-run", action="store_true", help="only say whether something would change")
    commands.add_parser("open", help="wait for its key, mount and unlock it")
    commands.add_parser("nodes", help="make the nodes of loop devices that a container's /dev lacks")
    commands.add_parser("close", help="unmount it")
    return parser.parse_args(words)


def act(given: argparse.Namespace) -> str:
    """Do what was asked and return what to say about it."""
    if given.command == "method":
        return make.method(given.wanted, given.backing)
    if given.command == "nodes":
        loop.make_nodes()
        return "made"
    layout = Layout.load()
    if given.command == "open":
        open.must_exist(layout)
        open.unlock(layout, wait_for_key.key_when_it_comes(layout))
        return "open"
    if given.command == "close":
        open.lock(layout)
        return "closed"
    if given.command == "keep-key":
        trusted = bind_key.Trusted(given.signing, given.exchange)
        changed = bind_key.keep(layout, sys.stdin.read(), trusted, given.dry_run)
    else:
        changed = make.make(layout, given.dry_run)
    return "changed" if changed else "unchanged"


@program
def main() -> None:
    """Do what was asked and say what came of it."""
    sys.stdout.write(act(arguments()) + "\n")
