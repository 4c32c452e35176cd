"""Running the audit: pytest over `policies/`, its exit status as ours."""

import subprocess
import sys
from time import monotonic

import typer

from amanat.places import PROJECT_ROOT, Places
from amanat.setup.progress import elapsed

QUIET = ("-q", "--tb=no", "-rN")  # the audit's own summary says what failed and why


def audit(places: Places, only: list[str], *, as_json: bool = False, on_stderr: bool = False) -> int:
    """Audit the stack; 0 green, 1 not green, 2 refused or interrupted. `on_stderr` leaves standard output alone."""
    command = [sys.executable, "-m", "pytest", "policies", f"--stack={places.stack}", *QUIET]
    command += [f"--only={one}" for one in only] + (["--json=-"] if as_json else [])
    began = monotonic()
    stdout = sys.stderr if on_stderr else None
    code = subprocess.run(command, cwd=PROJECT_ROOT, stdout=stdout, check=False).returncode
    typer.echo(f"audit took {elapsed(monotonic() - began)}; {_next(code)}", err=True)
    return min(code, 2) if code >= 0 else 2


def _next(code: int) -> str:
    if code == 0:
        return "next: `make status`, `make drift`, or `amanat evidence verify`."
    return "next: read the reasons above, mend them, and run `make audit` again."
