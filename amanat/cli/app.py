"""The `amanat` command: what `make` calls, and all a person needs from day to day."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from amanat import __version__
from amanat.cli import access, bench, disclose, evidence, hold, logs, operations, recover, site, watch
from amanat.cli import audit as auditing
from amanat.cli.setup import run_setup
from amanat.cli.show import Show
from amanat.errors import AmanatError, BadInput, of_os
from amanat.exit_codes import SUMMARY, ExitCode
from amanat.paths import StackPaths, require_own_checkout
from amanat.secrets_socket import serve_secrets_to_children
from amanat.settings import Settings
from amanat.setup.proxies import direct_loopback
from amanat.stack import Stack
from amanat.start import COMPLETING
from amanat.stopping import STOPPED, STOPPING
from amanat.streams import OutputLost, guarded, require_text
from amanat.targets import operations as target_operations

DEFAULT_STACK = "local"

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Stand up, update and audit the machines that ISIC 521129 demands of a messaging operator.",
    epilog=SUMMARY,
)
app.add_typer(evidence.app, name="evidence")
app.add_typer(disclose.app, name="disclosure")
app.add_typer(hold.app, name="hold")
app.add_typer(logs.app, name="logs")
app.command()(access.access)
app.command()(site.site)

StackName = Annotated[str, typer.Option("--stack", envvar="AMANAT_STACK", help="The stack's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Source = Annotated[
    str | None, typer.Option("--source", help="Where Pulumi's tools come from: build or download.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"amanat {__version__}")
        raise typer.Exit


@app.callback()
def _amanat(
    version: Annotated[  # noqa: ARG001 - its callback has done it
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say the version.")
    ] = False,
) -> None:
    """Stand up, update and audit the machines that ISIC 521129 demands of a messaging operator."""


@app.command()
def setup(
    stack: StackName = DEFAULT_STACK,
    source: Source = None,
    tools_only: Annotated[bool, typer.Option(help="Leave the engine alone.")] = False,
) -> None:
    """Make this machine ready: programs, Pulumi's tools, and what runs the machines, as the stack's settings say."""
    paths = StackPaths(stack)
    run_setup(source, None if tools_only else target_operations(Settings.of(paths), paths))


@app.command()
def up(
    stack: StackName = DEFAULT_STACK,
    source: Source = None,
    force: Annotated[bool, typer.Option(help="Run the playbook though nothing changed.")] = False,
    audit_after: Annotated[
        bool, typer.Option("--audit/--no-audit", help="Audit the hosts at the end.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Stand up or update the stack, drill a restore when one is due, then audit."""
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    own = Stack(paths)
    os.environ.update(run_setup(source, own.target, check_target=own.require_target).environment)
    done, secrets = operations.up(paths, force=force)
    operations.render(done, as_json)
    if audit_after:
        recover.drill_if_due(paths)
        with serve_secrets_to_children(
            json.dumps(secrets)
        ):  # the audit redacts them, and need not ask Pulumi again
            code = auditing.run_audit(paths, [], on_stderr=as_json)
        for line in operations.site_lines(done.values.get("endpoints", {}), paths):
            typer.echo(line, err=True)
        raise typer.Exit(code)


@app.command()
def restore(
    target_time: Annotated[
        str, typer.Option(help="The time to go back to, ISO 8601 (UTC unless it says), or latest.")
    ] = recover.LATEST,
    reason: Annotated[str, typer.Option(help="Why; it is written down beside the anchors.")] = "restore",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    lose_unsent: Annotated[
        bool, typer.Option("--lose-unsent", help="Give up what the store has recorded and could not send.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the archive's place, verify it, and converge the hosts."""
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    target = recover.instant(target_time)
    os.environ.update(run_setup(target=Stack(paths).target).environment)
    done = recover.restore(paths, target, reason, yes=yes, lose_unsent=lose_unsent)
    operations.render(done, as_json)


@app.command()
def drill(
    target_time: Annotated[
        str, typer.Option(help="The time to restore, ISO 8601 (UTC unless it says), or latest.")
    ] = recover.LATEST,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Only when the last drill is older than restore_drill_days.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Prove the backups: restore on a scratch host, compare, keep the evidence, remove the host."""
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    target = recover.instant(target_time)
    if if_due and not recover.is_due(paths):
        typer.echo("no drill is due", err=True)
        return
    os.environ.update(run_setup(target=Stack(paths).target).environment)
    operations.render(recover.drill(paths, target), as_json)


@app.command()
def schedule(
    remove: Annotated[bool, typer.Option("--remove", help="Remove the timers.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Change nothing, only say what is scheduled.")] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Have systemd on this machine drill, converge and audit as the settings say; say what is, and ran last."""
    if remove and show:
        raise BadInput("both were given", "--remove, --show", "Give one of them.")
    operations.render(recover.schedule(StackPaths(stack), remove=remove, show=show), as_json)


@app.command()
def preview(stack: StackName = DEFAULT_STACK, as_json: AsJson = False) -> None:
    """Say what `up` would change; change nothing."""
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    own = Stack(paths)
    os.environ.update(run_setup(target=own.target, check_target=own.require_target).environment)
    operations.render(operations.preview(paths), as_json)


@app.command()
def audit(
    stack: StackName = DEFAULT_STACK,
    only: Annotated[list[str] | None, typer.Option(help="This requirement only; repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the hosts against the law; leave signed evidence."""
    raise typer.Exit(auditing.run_audit(StackPaths(stack), only or [], as_json=as_json))


@app.command()
def drift(stack: StackName = DEFAULT_STACK, as_json: AsJson = False) -> None:
    """Say what differs on the hosts from what `up` made. Exit code 1 when something does."""
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    os.environ.update(run_setup(target=Stack(paths).target).environment)
    found = operations.drift(paths)
    operations.render(found, as_json)
    raise typer.Exit(ExitCode.FAILED if found.values["drift"] else ExitCode.DONE)


@app.command()
def status(
    stack: StackName = DEFAULT_STACK,
    watching: Annotated[
        bool,
        typer.Option(
            "--watch", help="Look again and again, until Ctrl-C; without a terminal: print each change."
        ),
    ] = False,
    every: Annotated[
        int | None,
        typer.Option(
            min=watch.FASTEST_SECONDS,
            max=watch.SLOWEST_SECONDS,
            help=f"Seconds between two looks with --watch ({watch.EVERY_SECONDS} otherwise).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which hosts run, where they are reached, and what the last audit found."""
    if watching and as_json:
        raise BadInput(
            "both were given", "--watch, --json", "Give one of them; call --json again for another look."
        )
    if every is not None and not watching:
        raise BadInput("there is one look only", "--every", "Give --watch as well, or leave it out.")
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    os.environ.update(run_setup().environment)
    if watching:
        watch.watch(lambda: operations.status(paths).lines, every or watch.EVERY_SECONDS)
    else:
        operations.render(operations.status(paths), as_json)


@app.command("bench")
def bench_command(
    only: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=f"Of {', '.join(bench.BENCHES)}; all without."),
    ] = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Measure as ratios what records, the encrypted volume, backups and logs cost against plain ones; takes minutes."""
    paths = StackPaths(stack)
    operations.adopt_mirrors(paths)
    os.environ.update(run_setup().environment)
    operations.render(bench.measure(paths, only or (), Show().line), as_json)


@app.command()
def down(
    stack: StackName = DEFAULT_STACK,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; the messages are deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove every container, network and volume of the stack, and nothing else."""
    paths = StackPaths(stack)
    if not yes:
        operations.ask(f"Delete stack {stack} of {paths.project} with every message in it?")
    os.environ.update(run_setup(target=Stack(paths).target).environment)
    operations.render(operations.down(paths), as_json)


@app.command()
def env(stack: StackName = DEFAULT_STACK) -> None:
    """Print shell exports with which plain `pulumi` and `ansible-playbook` work: eval "$(amanat env)"."""
    ready = run_setup()
    typer.echo(operations.exports(StackPaths(stack), ready.environment))


def main() -> None:
    """Run the command; a failure that a person can act on is one message and no traceback."""
    if COMPLETING in os.environ:
        app()
    as_json = "--json" in sys.argv
    os.environ.update(direct_loopback())  # Docker's client in this process reads them, too
    try:
        with STOPPING.handled(), guarded():
            require_text(sys.argv[1:])
            require_own_checkout(Path(sys.argv[0]))
            app()
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED or (end.code and STOPPING.asked):
            _stopped(as_json)
        raise
    except (Exception, KeyboardInterrupt) as error:
        if STOPPING.asked:  # what was ended failed: that says nothing more
            _stopped(as_json)
        reported = of_os(error) if isinstance(error, OSError) else error
        if not isinstance(reported, AmanatError):
            raise
        _failed(reported, as_json)


def _stopped(as_json: bool) -> NoReturn:
    if as_json:
        what, _, fix = STOPPED.partition("; ")
        typer.echo(json.dumps({"error": {"what": what, "where": "", "fix": fix}}))
    else:
        typer.echo(STOPPED, err=True)
    sys.exit(ExitCode.INTERRUPTED)


def _failed(error: AmanatError, as_json: bool) -> NoReturn:
    if as_json and not isinstance(error, OutputLost):
        typer.echo(json.dumps({"error": error.as_json()}))
    else:
        typer.echo(f"error: {error}", err=True)
    sys.exit(error.exit_code)
