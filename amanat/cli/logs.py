"""`amanat logs`: what is stored of the machines' journals, and whether it is whole."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from amanat import stored_logs
from amanat.audit.holes import describe_hole
from amanat.calendars import both
from amanat.exit_codes import ExitCode
from amanat.paths import StackPaths
from amanat.stored_logs import MachineLogs

app = typer.Typer(no_args_is_help=True, help="Verify what is stored of the machines' journals.")


@app.callback()
def _logs() -> None:
    """Verify what is stored of the machines' journals."""


@app.command("verify")
def verify(
    stack: Annotated[str, typer.Option("--stack", envvar="AMANAT_STACK", help="The stack's name.")] = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Read all that is stored, and tell of each machine first and last number, holes, delay, and what is wrong.

    Sealed days are compared with their seals, those with their stamps, and all with what the vault has stamped. Exit
    codes: 0 every journal is whole, 1 one is not.
    """
    found = stored_logs.verify(StackPaths(stack))
    now = datetime.now(UTC)
    if as_json:
        typer.echo(json.dumps({name: _as_json(one, now) for name, one in found.machines.items()}))
    else:
        for name, one in found.machines.items():
            typer.echo(_as_text(name, one, now))
    for digest in found.gone:
        typer.echo(f"- a sealed day's record that the vault stamped is gone: SHA-256 {digest}", err=as_json)
    raise typer.Exit(ExitCode.DONE if found.is_whole else ExitCode.FAILED)


def _as_json(one: MachineLogs, now: datetime) -> dict[str, Any]:
    stream = one.stream
    return {
        "whole": one.is_whole,
        "faults": list(one.faults),
        "first": stream.first if stream else None,
        "last": stream.last if stream else None,
        "entries": stream.entries if stream else None,
        "missing": stream.missing if stream else None,
        "lost": stream.lost if stream else None,
        "holes": [asdict(hole) for hole in stream.holes] if stream else None,
        "reused": stream.reused if stream else None,
        "began_anew": list(stream.began_anew) if stream else None,
        "sealed": one.chain.sealed if one.chain else None,
        "purged": len(one.chain.purged) if one.chain else None,
        "delay_seconds": one.delay_seconds(now),
    }


def _as_text(name: str, one: MachineLogs, now: datetime) -> str:
    mark = "+" if one.is_whole else "-"
    if one.stream is None:
        return f"{mark} {name:<12} {'; '.join(one.faults)}"
    stream = one.stream
    delay = one.delay_seconds(now)
    known = "never found complete" if delay is None else f"complete {delay:.0f} s ago"
    numbers = f"{stream.first} to {stream.last}, {stream.entries} entries"
    holes = f"{stream.missing} missing, {stream.lost} lost"
    which = [describe_hole(hole) for hole in stream.holes]
    days = [f"{one.chain.sealed} days sealed, {len(one.chain.purged)} purged"] if one.chain else []
    begun = [f"journal begun anew {both(datetime.fromisoformat(at))}" for at in stream.began_anew]
    reused = f"{stream.reused} numbers were given twice: the machine lost entries that are stored"
    again = [reused] if stream.reused else []
    return f"{mark} {name:<12} " + "; ".join(
        [numbers, holes, *which, known, *days, *begun, *again, *one.faults]
    )
