"""`amanat disclosure`: hand out records under a court order (article 7), and open what was handed out."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from amanat import disclosure
from amanat.choices import latin_digits
from amanat.errors import BadInput, shown
from amanat.evidence.signature import public_key, signing_key
from amanat.places import Places, write_private
from amanat.stack import Stack

app = typer.Typer(no_args_is_help=True, help="Disclose records under a court order; open a bundle.")
StackName = Annotated[str, typer.Option("--stack", envvar="AMANAT_STACK", help="The stack's name.")]


@app.callback()
def _disclosure() -> None:
    """Disclose records under a court order; open a bundle."""


@app.command("make")
def make(
    order: Annotated[str, typer.Option(help="The court order's number.")],
    order_date: Annotated[str, typer.Option(help="The order's date, YYYY-MM-DD.")],
    approver: Annotated[str, typer.Option(help="Who approved carrying the order out.")],
    since: Annotated[
        str, typer.Option(help="Records made from this time on, ISO 8601 (UTC unless it says).")
    ],
    until: Annotated[str, typer.Option(help="Records made before this time; at most 31 days later.")],
    party: Annotated[list[str] | None, typer.Option(help="Origin or destination; repeatable.")] = None,
    record_id: Annotated[list[int] | None, typer.Option("--id", help="A record's id; repeatable.")] = None,
    into: Annotated[Path, typer.Option(help="The directory for the bundle.")] = Path("disclosures"),
    stack: StackName = "local",
) -> None:
    """Ask the archive for what a court order covers; write a signed, still sealed bundle."""
    places = Places(stack)
    what = disclosure.Selector(
        since=_instant("--since", since),
        until=_instant("--until", until),
        parties=tuple(party or ()),
        ids=tuple(record_id or ()),
    )
    named = disclosure.Order(order, _day("--order-date", order_date), approver)
    port = int(Stack(places).outputs()["ports"]["store_database_port"])
    clients = places.clients
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disclosure.connection(
        "127.0.0.1",
        port,
        clients / "archive_discloser.crt",
        clients / "archive_discloser.key",
        clients / "ca.crt",
        (clients / "archive_discloser.password").read_text("utf-8").strip(),
    ) as session:
        bundle = disclosure.disclose(session, named, what, signing_key(places.evidence_key), into)
    typer.echo(
        f"{bundle}\nnext: amanat disclosure open {bundle} --key {places.sealing_private_key} --into FILE"
    )


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
    stack: StackName = "local",
) -> None:
    """Check a bundle's signature, open it with the private key, and write the records as JSON."""
    if into.exists():
        raise BadInput(f"{into} is there already", "--into", "Name a new file.")
    opened = disclosure.open_bundle(bundle, key, public_key(signer or Places(stack).evidence_key))
    clear = {"disclosure": opened.disclosure, "records": opened.records}
    write_private(into.absolute(), json.dumps(clear, indent=1, ensure_ascii=False, default=str) + "\n")
    typer.echo(f"{len(opened.records)} records in {into}")


def _instant(option: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(latin_digits(text.strip()))
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no time", option, "Write it as 2026-11-22T14:00+03:30.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(latin_digits(text.strip()))
    except ValueError as error:
        raise BadInput(f"{shown(text)} is no date", option, "Write it as 2026-11-22.") from error
