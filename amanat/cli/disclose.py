"""`amanat disclosure`: hand out records under a court order (article 7), and open what was handed out."""

import json
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from amanat import disclosure
from amanat.calendars import TEHRAN, both, day_of, instant_of, with_solar_hijri
from amanat.errors import BadInput
from amanat.evidence.signature import public_key, signing_key
from amanat.files import write_private
from amanat.paths import StackPaths
from amanat.private_key import passphrase_of
from amanat.stack import Stack

app = typer.Typer(no_args_is_help=True, help="Disclose records under a court order; open a bundle.")
StackName = Annotated[str, typer.Option("--stack", envvar="AMANAT_STACK", help="The stack's name.")]


@app.callback()
def _disclosure() -> None:
    """Disclose records under a court order; open a bundle."""


@app.command("make")
def make(
    order: Annotated[str, typer.Option(help="The court order's number.")],
    order_date: Annotated[str, typer.Option(help="The order's date, YYYY-MM-DD, Gregorian or Solar Hijri.")],
    approver: Annotated[str, typer.Option(help="Who approved carrying the order out.")],
    since: Annotated[
        str,
        typer.Option(
            help="Records made from this time on, ISO 8601, Gregorian (UTC unless it says) or Solar Hijri (Tehran's)."
        ),
    ],
    until: Annotated[str, typer.Option(help="Records made before this time; at most 31 days later.")],
    party: Annotated[list[str] | None, typer.Option(help="Origin or destination; repeatable.")] = None,
    record_id: Annotated[list[int] | None, typer.Option("--id", help="A record's id; repeatable.")] = None,
    into: Annotated[Path, typer.Option(help="The directory for the bundle.")] = Path("disclosures"),
    stack: StackName = "local",
) -> None:
    """Ask the archive for what a court order covers; write a signed, still sealed bundle."""
    paths = StackPaths(stack)
    what = disclosure.Selector(
        since=instant_of(since, "--since"),
        until=instant_of(until, "--until"),
        parties=tuple(party or ()),
        ids=tuple(record_id or ()),
    )
    named = disclosure.Order(order, day_of(order_date, "--order-date"), approver)
    bundle = hand_out(paths, named, what, into, _asked_for(what))
    _told(bundle, what)
    typer.echo(f"next: amanat disclosure open {bundle.path} --key {paths.sealing_private_key} --into FILE")


def hand_out(
    paths: StackPaths, order: disclosure.Order, what: disclosure.Selector, into: Path, asked_for: str
) -> disclosure.Bundle:
    """Check the order's times, tell what it asks for, and have the archive answer it with a signed bundle in `into`.

    Raises BadInput for a time to come, and DisclosureFailed.
    """
    _checked(order, what)
    typer.echo(f"order {order.number} of {both(order.date)}: {asked_for}", err=True)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive_session(paths) as session:
        return disclosure.disclose(session, order, what, signing_key(paths.evidence_key), into)


@app.command("open")
def open_(
    bundle: Annotated[Path, typer.Argument(help="The bundle; its signature lies beside it.")],
    key: Annotated[Path, typer.Option(help="The private half of the sealing key.")],
    into: Annotated[
        Path, typer.Option(help="The file for the records in clear; made readable by you alone.")
    ],
    signer: Annotated[
        Path | None, typer.Option(help="The stack's public evidence key, when it isn't here.")
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(help="A file with the key's passphrase; else it is asked for, if the key has one."),
    ] = None,
    stack: StackName = "local",
) -> None:
    """Check a bundle's signature, open it with the private key, and write the records as JSON."""
    if into.exists():
        raise BadInput(f"{into} is there already", "--into", "Name a new file.")
    opened = disclosure.open_bundle(
        bundle,
        key,
        public_key(signer or StackPaths(stack).evidence_key),
        passphrase_of(key, passphrase_file, "--passphrase-file"),
    )
    clear = {
        "disclosure": with_solar_hijri(opened.disclosure),
        "records": [with_solar_hijri(record) for record in opened.records],
    }
    write_private(into.absolute(), json.dumps(clear, indent=1, ensure_ascii=False, default=str) + "\n")
    typer.echo(f"{_counted(len(opened.records))} in {into}")
    if not opened.records:
        _warn("the bundle held 0 records: there is nothing to hand over but that.")


def archive_session(paths: StackPaths) -> AbstractContextManager[psycopg.Connection]:
    """A session with the stack's archive as the role that carries court orders out. Raises DisclosureFailed."""
    host, port = Stack(paths).endpoint("store", "postgresql")
    clients = paths.clients
    return disclosure.connection(
        host,
        port,
        clients / "archive_discloser.crt",
        clients / "archive_discloser.key",
        clients / "ca.crt",
        (clients / "archive_discloser.password").read_text("utf-8").strip(),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _of_the_past(what: str, moment: date, option: str) -> None:
    """Refuse a day or an instant that has not come: a year of a third calendar mostly."""
    now = _now()
    if moment > (now if isinstance(moment, datetime) else now.astimezone(TEHRAN).date()):
        raise BadInput(f"{what} {both(moment)} lies in the future", option, f"Today is {both(now.date())}.")


def _checked(order: disclosure.Order, what: disclosure.Selector) -> None:
    _of_the_past("the order's date", order.date, "--order-date")
    _of_the_past("the first record's time", what.since, "--since")
    if what.until <= what.since:
        message = f"{both(what.until)} is not after {both(what.since)}"
        raise BadInput(message, "--until", "Name the end of the time that the order covers.")


def _asked_for(what: disclosure.Selector) -> str:
    wanted = [*what.parties, *(f"id {one}" for one in what.ids)]
    return f"records of {', '.join(wanted)} made from {both(what.since)} until {both(what.until)}"


def _told(bundle: disclosure.Bundle, what: disclosure.Selector) -> None:
    """Say how many records there are; that there is none must not pass for an answer to the order."""
    typer.echo(f"{bundle.path}\n{_counted(bundle.records)}")
    if not bundle.records:
        _warn(
            f"the bundle holds 0 records: the archive has no {_asked_for(what)}.\n"
            f"         Check parties and times against the order. The request is on record as disclosure"
            f" {bundle.number}."
        )


def _counted(records: int) -> str:
    return f"{records} record{'' if records == 1 else 's'}"


def _warn(text: str) -> None:
    typer.secho(f"warning: {text}", err=True, fg="red", bold=True)
