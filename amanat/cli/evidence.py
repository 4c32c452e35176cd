"""`amanat evidence`: check what an audit left behind."""

import json
from pathlib import Path
from typing import Annotated

import typer

from amanat.errors import AmanatError, BadInput
from amanat.evidence import Problem, cut_off, verify, verify_all
from amanat.evidence.instruments import Checkout, Measured
from amanat.evidence.output import printable
from amanat.evidence.row import RECORDS, Memory, begun, newest
from amanat.evidence.run import PUBLIC_KEY
from amanat.evidence.signature import BadSigningKey, fingerprint, public_key
from amanat.exit_codes import ExitCode
from amanat.paths import PROJECT_ROOT, StackPaths

app = typer.Typer(no_args_is_help=True, help="Check the evidence of audits.")


@app.callback()
def _evidence() -> None:
    """Check the evidence of audits."""


@app.command("verify")
def verify_command(
    run: Annotated[
        Path | None,
        typer.Argument(
            help="A run's directory, or a stack's with all its runs. Default: the stack's newest run."
        ),
    ] = None,
    stack: Annotated[
        str, typer.Option(help="The stack whose key signed it.", envvar="AMANAT_STACK")
    ] = "local",
    key: Annotated[
        Path | None, typer.Option(help="The stack's public evidence key, when this isn't its machine.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name whatever was altered, removed, added, reordered or not signed since the audit.

    Exit codes: 0 nothing, 1 something, 2 nothing there to check.
    """
    try:
        trusted_file = key or _stack_key(StackPaths(stack))
        trusted = public_key(trusted_file) if trusted_file else None
        where = run or _newest(StackPaths(stack).evidence)
        is_run = (where / RECORDS).is_dir()
        found = {where.name: verify(where, trusted)} if is_run else verify_all(where, trusted)
        if run is None or not is_run:  # of a run that was named nothing else is asked
            _add(
                found,
                cut_off(where.parent if is_run else where, Memory.beside(StackPaths(stack).evidence_key)),
            )
    except AmanatError as error:
        if as_json:
            typer.echo(json.dumps({"error": error.as_json()}))
        else:
            typer.echo(f"error: {error}", err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    checkout = Checkout(PROJECT_ROOT)
    used = {
        name: checkout.measured(where if is_run else where / name)
        for name, problems in found.items()
        if not problems
    }
    told = _as_json(found, used) if as_json else _as_text(found, used, where, trusted_file is not None)
    typer.echo(told, nl=False)
    raise typer.Exit(ExitCode.FAILED if any(found.values()) else ExitCode.DONE)


def _stack_key(paths: StackPaths) -> Path | None:
    return paths.evidence_key if paths.evidence_key.is_file() else None


def _newest(evidence: Path) -> Path:
    runs = newest(begun(evidence))
    if not runs:
        raise BadInput(
            "no audit run here", str(evidence), "Run `make audit` first, or give a run's directory."
        )
    return runs[-1]


def _add(found: dict[str, list[Problem]], more: dict[str, list[Problem]]) -> None:
    for run, problems in more.items():
        found[run] = [*found.get(run, ()), *problems]


def _as_json(found: dict[str, list[Problem]], used: dict[str, Measured]) -> str:
    listing = {
        run: [{"kind": one.kind, "file": one.file, "detail": one.detail} for one in problems]
        for run, problems in found.items()
    }
    told = {
        "whole": not any(found.values()),
        "runs": listing,
        "measured_with": {run: one.as_json() for run, one in used.items()},
    }
    return json.dumps(told, indent=1, ensure_ascii=True) + "\n"


def _as_text(found: dict[str, list[Problem]], used: dict[str, Measured], where: Path, trusted: bool) -> str:
    lines = []
    for run, problems in found.items():
        lines.append(f"{'✗' if problems else '+'} {run}{'' if problems else ': whole'}")
        lines += [f"    {printable(str(problem))}" for problem in problems]
        lines += [f"    {printable(str(used[run]))}"] if run in used else []
    if not trusted:
        beside = next(iter(sorted(where.glob(f"**/{PUBLIC_KEY}"))), None)
        lines.append(f"The stack's own key is not here: compare {_fingerprint(beside)} with the operator's.")
    return "\n".join(lines) + "\n"


def _fingerprint(path: Path | None) -> str:
    try:
        return fingerprint(public_key(path)) if path else "the key"
    except BadSigningKey:
        return "the key"
