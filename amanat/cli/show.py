"""What a person sees while Pulumi works: a line per step with the time since the start, errors kept for the end."""

import sys
from time import monotonic

from pulumi.automation import EngineEvent
from rich.console import Console

from amanat.pulumi_events import plain
from amanat.setup.progress import elapsed

_VERBS = {
    "create": "made",
    "update": "updated",
    "delete": "removed",
    "replace": "replaced",
    "create-replacement": "made anew",
    "delete-replaced": "removed the old",
    "refresh": "read",
}
_QUIET = {"same", "read", "refresh", "replace"}


class _Persevering(Console):
    """A console whose reader may go away: rich would end the thread, and with it the run that waits for it."""

    def on_broken_pipe(self) -> None:
        """Say nothing from now on."""
        self.quiet = True


class Show:
    """Prints Pulumi's events on the error stream, so that the answer alone is on standard output."""

    def __init__(self, planning: bool = False) -> None:
        self.console: Console = _Persevering(file=sys.stderr)
        self.changes = 0
        self._planning = planning
        self._began = monotonic()

    def __call__(self, event: EngineEvent) -> None:
        """Show one engine event, if it tells a person something."""
        if self._planning and event.resource_pre_event:
            self._step(event.resource_pre_event.metadata, "would be ")
        elif event.res_outputs_event and not self._planning:  # a preview has outputs, too: nothing was made
            self._step(event.res_outputs_event.metadata, "")
        elif event.diagnostic_event and event.diagnostic_event.severity in ("info", "info#err", "warning"):
            self.line(plain(event.diagnostic_event.message))

    def line(self, text: str) -> None:
        """One line with the time since the start; nothing for an empty text."""
        if text:
            self.console.print(
                f"{elapsed(monotonic() - self._began):>7}  {text}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

    def _step(self, step: object, would: str) -> None:
        operation = str(getattr(getattr(step, "op", ""), "value", getattr(step, "op", "")))
        if operation in _QUIET:
            return
        self.changes += 1
        urn = str(getattr(step, "urn", ""))
        kind, _, name = urn.split("::")[-2].rpartition(":")[2], "", urn.split("::")[-1]
        self.line(f"{name} ({kind}) {would}{_VERBS.get(operation, operation)}")
