"""What the commands do to a stack, and how they tell it: for people, or as JSON."""

import json
import os
import shlex
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import typer

from amanat import health, validity, variables
from amanat.cli.show import Show
from amanat.errors import BadInput
from amanat.evidence.row import MANIFEST, finished, newest
from amanat.paths import StackPaths
from amanat.schedule import NoTimers, Schedule
from amanat.settings import Settings
from amanat.setup.proxies import direct_loopback
from amanat.stack import Stack
from amanat.stopping import STOPPING
from amanat.targets import operations as target_operations
from amanat.targets.endpoints import SSH, name_of

NO_DRIFT = "no drift: the hosts are as `make up` left them"
SITE = name_of("edge", "https")
MAIL = name_of("desk", "smtp")
NOT_SELECTED = "not-selected"  # the verdict on what `--only` left out


@dataclass(frozen=True)
class Result:
    """What a command found: `values` for machines, `lines` for people."""

    values: Mapping[str, Any]
    lines: tuple[str, ...]


def render(result: Result, as_json: bool) -> None:
    """Print a result on standard output."""
    typer.echo(
        json.dumps(result.values, indent=1, ensure_ascii=False) if as_json else "\n".join(result.lines)
    )


def ask(question: str) -> None:
    """Go on after a yes. Raises `typer.Abort` after a no, BadInput where standard input ends without an answer."""
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as error:
        if STOPPING.asked:
            raise
        typer.echo(err=True)  # the question's line ends
        raise BadInput(
            "nobody is there to answer", "standard input", "Give --yes to go on without asking."
        ) from error
    if not agreed:
        raise typer.Abort


def adopt_mirrors(paths: StackPaths) -> None:
    """Let the tools use the mirrors of the stack's settings where the environment names none.

    Raises BadInput for settings that can't be used.
    """
    settings = Settings.of(paths)
    for variable, value in {
        "AMANAT_PYPI_INDEX": settings.pypi_index,
        "AMANAT_GOPROXY": settings.go_proxy,
    }.items():
        if value:
            os.environ.setdefault(variable, value)


def up(paths: StackPaths, *, force: bool) -> tuple[Result, Mapping[str, Any]]:
    """Make or update the stack; what was done, and the stack's secrets for an audit that follows."""
    show = Show()
    result = Stack(paths).up(show, force=force)
    outputs = {name: output.value for name, output in result.outputs.items() if not output.secret}
    changes = _counts(result.summary.resource_changes or {})
    show.line(_changed(changes))
    key = outputs["sealing_key"]
    lines = [f"{name} is reached at ssh://{reached[SSH]}" for name, reached in outputs["endpoints"].items()]
    lines += site_lines(outputs["endpoints"], paths)
    if "create" in changes:
        lines.append(
            f"The private half of the sealing key is {key['private_half']}: move it to safe keeping off this machine;"
            " without it no message can be read again."
        )
    settings = Settings.of(paths)
    if _nobody_told(settings):
        lines.append(f"Of alerts {health.NOBODY_TOLD}.")
    lines += map(as_warning, validity.warnings(settings.declared))
    answer = Result({"stack": paths.stack_id, "changes": changes, **outputs}, tuple(lines))
    return answer, result.outputs["secrets"].value


def preview(paths: StackPaths) -> Result:
    """What `up` would do."""
    show = Show(planning=True)
    result = Stack(paths).preview(show)
    changes = _counts(result.change_summary)
    said = validity.warnings(Settings.of(paths).declared)
    values = {"stack": paths.stack_id, "changes": changes, "warnings": said}
    return Result(values, (_changed(changes), *map(as_warning, said)))


def drift(paths: StackPaths) -> Result:
    """List what differs at the target and inside the hosts; nothing is changed there."""
    found = Stack(paths).drift(Show())
    lines = [*found, "next: `make up` puts this right"] if found else [NO_DRIFT]
    return Result({"stack": paths.stack_id, "drift": found}, tuple(lines))


def status(paths: StackPaths) -> Result:
    """Hosts and how they are, endpoints, and the last audit."""
    stack = Stack(paths)
    outputs = stack.outputs()
    states = stack.target.states()
    summary = last_audit(paths)
    well = {
        **health.of_stack(paths, states),
        **health.of_declarations(Settings.of(paths).declared),
    }
    values = {
        "stack": paths.stack_id,
        "hosts": states,
        "health": {name: one.as_json() for name, one in well.items()},
        "endpoints": outputs.get("endpoints", {}),
        "network": outputs.get("network", {}),
    }
    hosts = {name: well.pop(name) for name in states}
    lines = [f"{name:<28} {states[name]:<13} {one.words}" for name, one in hosts.items()] or ["no host runs"]
    lines += [f"{name.replace('_', ' '):<28} {one.words}" for name, one in well.items()]
    lines += [
        f"{f'{machine} {endpoint}':<28} {where}"
        for machine, endpoints in values["endpoints"].items()
        for endpoint, where in endpoints.items()
    ]
    lines += site_lines(values["endpoints"], paths)
    lines.append(f"{'stack id':<28} {paths.stack_id}")
    lines.append(f"last audit: {summary or 'none yet; run `make audit`'}")
    return Result({**values, "last_audit": summary}, tuple(lines))


def site_lines(endpoints: Mapping[str, Mapping[str, str]], paths: StackPaths) -> list[str]:
    """Where the operator's site opens, and the desk's pages for agents; nothing where no machine carries the edge."""
    found = [reached[SITE] for reached in endpoints.values() if SITE in reached]
    trust = f"its certificate is of {paths.clients / 'ca.crt'}, which your browser doesn't know"
    lines = [f"the site opens at https://{where}/ ({trust})" for where in found]
    if any(MAIL in reached for reached in endpoints.values()):
        lines += [
            f"the support desk opens for its agents at https://{where}{variables.DESK_PATH}/"
            for where in found
        ]
    return lines


def down(paths: StackPaths) -> Result:
    """Remove the stack from its target."""
    stack = Stack(paths)
    stack.down(Show())
    with suppress(NoTimers):
        Schedule(paths).off()
    rest = stack.target.list_resources()
    own = (paths.settings_file, paths.sealing, paths.evidence)
    kept = [str(path) for path in own if path.exists()]
    lines = [f"stack {paths.stack_id} is gone", *(f"kept: {path}" for path in kept)]
    lines += [f"still there: {kind} {', '.join(names)}" for kind, names in rest.items()]
    return Result({"stack": paths.stack_id, "kept": kept, "left": rest}, tuple(lines))


def last_audit(paths: StackPaths) -> str:
    """When the newest finished audit ended and what it found; "" when there is none."""
    runs = newest(finished(paths.evidence))
    if not runs:
        return ""
    manifest = json.loads((runs[-1] / MANIFEST).read_text("utf-8"))
    result = manifest["result"]
    counts = Counter(one["verdict"] for one in result.get("requirements", {}).values())
    left_out, every = counts[NOT_SELECTED], counts.total()
    scope = (
        f" for {every - left_out} of {every} requirements, the others were not asked for" if left_out else ""
    )
    parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if verdict != NOT_SELECTED)
    ended = f"{manifest['finished']['utc']} ({manifest['finished']['solar_hijri']})"
    return f"{ended} {'green' if result.get('green') else 'NOT green'}{scope}: {parts}"


def exports(paths: StackPaths, environment: Mapping[str, str]) -> str:
    """Shell lines that set what `pulumi` and `ansible-playbook` need."""
    stack = Stack(paths)
    reached = _reached(stack)  # without it Pulumi would take the target's provider for changed
    wanted = {**environment, **reached, **stack.environment()}
    others = {"PATH", *reached, *direct_loopback(wanted)}
    names = [name for name in wanted if name.startswith(("PULUMI_", "AMANAT_")) or name in others]
    unset = "unset PULUMI_CONFIG_PASSPHRASE"  # Pulumi would take it before the file
    return "\n".join([unset, *(f"export {name}={shlex.quote(wanted[name])}" for name in sorted(names))])


def _reached(stack: Stack) -> Mapping[str, str]:
    """The variables that lead to the stack's target; to the default one where its settings are refused.

    Plain `pulumi` says what is wrong with them, and a shell that has them is where they are mended.
    """
    try:
        return stack.target.environment()
    except BadInput:
        return target_operations(Settings(), stack.paths).environment()


def as_warning(text: str) -> str:
    """What people read of a warning that machines read as it is."""
    return f"warning: {text}."


def _nobody_told(settings: Settings) -> bool:
    return settings.machines.carries("logs") and not (settings.alert_webhook_url or settings.alert_email)


def _counts(summary: Mapping[Any, int]) -> dict[str, int]:
    return {str(getattr(kind, "value", kind)): count for kind, count in summary.items()}


def _changed(changes: Mapping[str, int]) -> str:
    parts = [f"{count} {kind}" for kind, count in changes.items() if kind != "same"]
    return (
        "changes: " + ", ".join(parts) if parts else f"nothing to change ({changes.get('same', 0)} resources)"
    )
