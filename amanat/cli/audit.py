"""Running the audit: pytest over `policies/`, and whether it measured anything, as our exit status."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

import typer

from amanat import processes
from amanat.errors import AmanatError, BadInput
from amanat.evidence.row import MANIFEST
from amanat.evidence.run import new_name
from amanat.exit_codes import ExitCode
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.setup.progress import elapsed

QUIET = ("-q", "--tb=no", "-rN")  # the audit's own summary says what failed and why
# Our settings file, whatever else lies in the checkout; no cache, for the checkout may be read-only; and what somebody
# installed beside ours has no say.
OURS = ("-c", str(PROJECT_ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "--disable-plugin-autoload")


class NothingMeasured(AmanatError):
    """The audit ended without a finished run."""


class NotAudited(BadInput):
    """The audit was refused or interrupted before there was a run."""


def run_audit(paths: StackPaths, only: list[str], *, as_json: bool = False, on_stderr: bool = False) -> int:
    """Audit the stack; the exit code says whether it is green. `on_stderr` leaves standard output alone.

    Raises `NothingMeasured` when it ended well without evidence; where JSON was asked for, also when it didn't.
    """
    run = new_name()
    command = [sys.executable, "-m", "pytest", "policies", f"--stack={paths.stack}", *QUIET, *OURS]
    command += [f"--run={run}", *(f"--only={one}" for one in only)] + (["--json=-"] if as_json else [])
    began = monotonic()
    # JSON is shown when there is a run; pytest's words before that are no JSON.
    stdout = processes.PIPE if as_json else sys.stderr if on_stderr else None
    done = processes.run(command, own=True, seconds=None, cwd=PROJECT_ROOT, stdout=stdout)
    code = done.returncode
    verdicts = _verdicts(paths.evidence / run / MANIFEST)
    if verdicts:
        typer.echo(done.stdout or "", nl=False)
    elif code == ExitCode.DONE or as_json:
        kind = NothingMeasured if code in (ExitCode.DONE, ExitCode.FAILED) else NotAudited
        raise kind(**_reason(done.stdout or "", code, paths.evidence / run))
    typer.echo(f"audit took {elapsed(monotonic() - began)}; {_next(code)}", err=True)
    return code if code in (ExitCode.DONE, ExitCode.FAILED) else ExitCode.REFUSED


def _verdicts(manifest: Path) -> int:
    """How many requirements a finished run judged."""
    try:
        return len(json.loads(manifest.read_text("utf-8"))["result"]["requirements"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _reason(stdout: str, code: int, directory: Path) -> dict[str, str]:
    """Why there is no run: the audit's own line of JSON, or what can be said without it."""
    for line in stdout.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            error = json.loads(line)["error"]
            return {name: str(error[name]) for name in ("what", "where", "fix")}
    return {
        "what": f"the audit measured nothing (pytest ended {code})",
        "where": str(directory),
        "fix": "Read what it says above, correct it, and run the audit again.",
    }


def _next(code: int) -> str:
    if code == ExitCode.DONE:
        return "next: `make status`, `make drift`, or `amanat evidence verify`."
    return "next: read the reasons above, correct them, and run `make audit` again."
