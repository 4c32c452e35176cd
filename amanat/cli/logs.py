"""`amanat logs`: what is stored of the machines' journals and of sudo's recordings, and whether it is whole."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from amanat import stored_logs
from amanat.audit.holes import describe_hole
from amanat.calendars import both
from amanat.errors import BadInput
from amanat.exit_codes import ExitCode
from amanat.paths import StackPaths
from amanat.stored_logs import MachineLogs
from amanat_host.answers.logs import StoredSession
from amanat_host.questions import PROGRAMS

app = typer.Typer(no_args_is_help=True, help="Verify and list what is stored of the machines' journals.")


@app.callback()
def _logs() -> None:
    """Verify and list what is stored of the machines' journals."""


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


@app.command("recordings")
def recordings(
    stack: Annotated[str, typer.Option("--stack", envvar="AMANAT_STACK", help="The stack's name.")] = "local",
    machine: Annotated[str, typer.Option("--machine", help="Of this machine alone.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """List what sudo recorded of sessions as root, as it is stored on the log server: the newest of each machine.

    What a session printed is not told: root on the log server writes a recording out, as the last line says. Exit
    codes: 0 all could be read, 1 those of a machine could not.
    """
    found = stored_logs.recordings(StackPaths(stack))
    machines = {name: one.sessions for name, one in found.machines.items() if machine in ("", name)}
    unreadable = {name: why for name, why in found.unreadable.items() if machine in ("", name)}
    if not machines and not unreadable:
        raise BadInput("nothing is stored of this machine", machine, "`amanat status` lists the machines.")
    if as_json:
        told = {name: [asdict(one) for one in sessions] for name, sessions in machines.items()}
        typer.echo(json.dumps(told))
    else:
        for name, sessions in machines.items():
            for one in sessions:
                typer.echo(_session(name, one))
        typer.echo(
            f"To see one, as root on the log server: {PROGRAMS}/recording-read MACHINE DAY NAME DIRECTORY"
        )
    for name, why in unreadable.items():
        typer.echo(f"- {name}: {why}", err=True)
    raise typer.Exit(ExitCode.FAILED if unreadable else ExitCode.DONE)


def _session(machine: str, one: StoredSession) -> str:
    mark = "+" if one.is_whole and not one.left_out_bytes else "-"
    kind = "whole" if one.is_whole else "not ended, or parts are missing"
    left = f"; {one.left_out_bytes} bytes are on the machine alone" if one.left_out_bytes else ""
    return f"{mark} {machine:<12} {one.name:<24} {both(datetime.fromisoformat(one.at))}  {kind}{left}"


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
