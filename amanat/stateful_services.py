"""The machines of the services that keep records, in the stack's state: a service's records don't move with it."""

import secrets
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from amanat.errors import BadInput
from amanat.placement import SETTING, Placement
from amanat.topology import SERVICES


class WouldLeaveRecords(BadInput):
    """A service would begin anew on another machine, or be left out, while its records lie on the one it was on."""


class _Placements(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=secrets.token_hex(8), outs=props)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        refuse_to_leave_records(olds["machines"], news["machines"])
        return UpdateResult(outs=news)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        refuse_to_leave_records(olds["machines"], news["machines"])
        return DiffResult(changes=olds["machines"] != news["machines"], replaces=[])


class StatefulServices(Resource, module="amanat", name="StatefulServices"):
    """Service -> machine, for each that keeps records. `preview` and `up` are refused when one would leave its own."""

    machines: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, placement: Placement, opts: pulumi.ResourceOptions | None = None) -> None:
        machines = {
            service: placement.machine_of(service)
            for service in placement.services
            if SERVICES[service].stateful
        }
        super().__init__(_Placements(), name, {"machines": machines}, opts)


def refuse_to_leave_records(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `WouldLeaveRecords` if a service isn't on the machine that it was on. Both: service -> machine."""
    for service, machine in before.items():
        if now.get(service) != machine:
            where = f"move to {now[service]}" if service in now else "be left out"
            raise WouldLeaveRecords(
                what=f"{service} would {where}, and its records lie on {machine}",
                where=SETTING,
                fix=f"Put {service} back on {machine}. To begin anew, with empty records, take the stack down first.",
            )
