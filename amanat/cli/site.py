"""`amanat site`: the operator's site as static pages, from the stack's settings."""

from pathlib import Path
from typing import Annotated

import typer

from amanat import validity
from amanat.cli.operations import Result, as_warning
from amanat.cli.operations import render as show
from amanat.errors import BadInput
from amanat.exit_codes import ExitCode
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.site.content import Content
from amanat.site.output import differences, digests, write
from amanat.site.render import render


def site(
    stack: Annotated[str, typer.Option("--stack", envvar="AMANAT_STACK", help="The stack's name.")] = "local",
    output: Annotated[
        Path | None, typer.Option("--output", help="The directory to render to; empty, or of an earlier run.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; with --output, say what differs there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Render the operator's site from the stack's declarations, and verify what its pages publish.

    Exit codes: 0 rendered or as it should be, 1 the directory differs (--check), 2 settings or templates are refused.
    """
    if output is None and not check:
        raise BadInput("nobody says where to", "--output", "Give a directory, or --check to verify only.")
    paths = StackPaths(stack)
    settings = Settings.of(paths)
    content = Content.of(settings, paths.settings_file.name)
    files = render(content, settings.own_site_templates(paths.project))
    differ = []
    if output is not None:
        differ = differences(output, files) if check else write(output, files)
    warnings = validity.warnings(content.declared)
    values = {
        "stack": paths.stack_id,
        "output": str(output) if output else "",
        "files": digests(files),
        "differences" if check else "changed": differ,
        "warnings": warnings,
        "undeclared": validity.undeclared(content.declared),
    }
    lines = [*(differ if check else ()), *map(as_warning, warnings)]
    lines += [f"not declared: {what}" for what in validity.undeclared(content.declared)]
    lines.append(_summary(len(files), output, differ, check))
    show(Result(values, tuple(lines)), as_json)
    raise typer.Exit(ExitCode.FAILED if check and differ else ExitCode.DONE)


def _summary(count: int, output: Path | None, differ: list[str], check: bool) -> str:
    if check:
        where = "" if output is None else f"; {output} {'differs' if differ else 'is the same'}"
        return f"{count} files publish all that is declared{where}"
    if not differ:
        return f"nothing to change: {output} has all {count} files"
    return f"{count} files in {output}; open {output}/index.html"
