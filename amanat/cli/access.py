"""`amanat access`: who used an account or an address, under a court order (article 6 clause 7-2, article 7)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from amanat.calendars import both, day_of, instant_of
from amanat.cli.disclose import StackName, hand_out
from amanat.digits import latin_digits
from amanat.disclosure import Bundle, Order, Selector
from amanat.errors import BadInput, shown
from amanat.paths import StackPaths

SHOWN = 20  # records that are told; the bundle has all of them
LAST_PORT = 65535


def access(
    order: Annotated[str, typer.Option(help="The court order's number.")],
    order_date: Annotated[str, typer.Option(help="The order's date, YYYY-MM-DD, Gregorian or Solar Hijri.")],
    approver: Annotated[str, typer.Option(help="Who approved carrying the order out.")],
    account: Annotated[
        list[str] | None, typer.Option(help="The account whose addresses are asked for; repeatable.")
    ] = None,
    ip: Annotated[str, typer.Option(help="The address whose account is asked for.")] = "",
    port: Annotated[
        str, typer.Option(help="Its source port: behind a carrier's NAT only that tells users apart.")
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            help="The second of the access, ISO 8601, Gregorian (UTC unless it says) or Solar Hijri (Tehran's)."
        ),
    ] = "",
    since: Annotated[str, typer.Option("--from", help="Or: accesses from this time on.")] = "",
    until: Annotated[
        str, typer.Option("--to", help="Accesses before this time; at most 31 days later.")
    ] = "",
    every_account: Annotated[
        bool,
        typer.Option(
            "--every-account", help="The order covers every account that used the address: give them all."
        ),
    ] = False,
    into: Annotated[Path, typer.Option(help="The directory for the bundle.")] = Path("disclosures"),
    stack: StackName = "local",
) -> None:
    """Answer by court order who used an account, or which account used an address; write a signed bundle."""
    starts, ends = _times(at, since, until)
    if bool(account) == bool(ip):
        raise BadInput(
            "the order names an account or an address", "--account", "Give --account or --ip, not both."
        )
    if port and not ip:
        raise BadInput("a port is of an address", "--port", "Give --ip as well.")
    if every_account and not ip:
        raise BadInput("every account is of an address", "--every-account", "Give --ip, or leave it out.")
    what = Selector(
        since=starts,
        until=ends,
        parties=tuple(account or ()),
        record="access",
        address=ip,
        port=_port(port) if port else None,
        every_account=every_account,
    )
    named = Order(order, day_of(order_date, "--order-date"), approver)
    bundle = hand_out(StackPaths(stack), named, what, into, asked_for(what))
    _tell(bundle, what)


def _times(at: str, since: str, until: str) -> tuple[datetime, datetime]:
    """The span that is asked for: the one second of `at`, or from `since` to `until`. Raises BadInput."""
    if at and not since and not until:
        second = instant_of(at, "--at").replace(microsecond=0)
        return second, second + timedelta(seconds=1)
    if at or not since or not until:
        raise BadInput("the order names one time", "--at", "Give --at, or --from and --to.")
    return instant_of(since, "--from"), instant_of(until, "--to")


def _port(text: str) -> int:
    digits = latin_digits(text.strip())
    if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits) <= LAST_PORT):
        raise BadInput(f"{shown(text)} is not a port", "--port", f"Give a number from 1 to {LAST_PORT}.")
    return int(digits)


def asked_for(what: Selector) -> str:
    """What is asked for, in words."""
    peer = f"{what.address} port {what.port}" if what.port else what.address
    question = f"accounts that used {peer}" if peer else f"addresses of {', '.join(what.parties)}"
    return f"{question} from {both(what.since)} until {both(what.until)}"


def _tell(bundle: Bundle, what: Selector) -> None:
    """Say how many accounts match, and the first answers."""
    accounts = bundle.accounts or 0
    typer.echo(f"{bundle.path}\n{_number(bundle.records, 'record')} of {_number(accounts, 'account')}")
    for record in bundle.found[:SHOWN]:
        typer.echo(line_of(record))
    if bundle.records > SHOWN:
        typer.echo(f"… and {bundle.records - SHOWN} more in the bundle")
    if not accounts:
        _warn(
            f"the archive has no {asked_for(what)}.\n"
            f"         Check them against the order. The request is on record as disclosure {bundle.number}."
        )
    elif accounts > 1 and not bundle.records:
        _warn(
            f"{accounts} accounts match, and the order names no port: behind a carrier's NAT that is as many users.\n"
            "         None is given. Ask for the port, or for an order that covers every one (--every-account)."
        )


def line_of(record: Mapping[str, Any]) -> str:
    """One access, for a person."""
    when = both(datetime.fromisoformat(str(record["occurred_at"])))
    return (
        f"{when}  {record['account']}  {record['client_ip']} port {record['client_port']}"
        f"  {record['event']} {record['outcome']}"
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)
