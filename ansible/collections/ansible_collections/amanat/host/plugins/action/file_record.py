"""The controller's side of the record of a machine's files: asks the machine, and keeps the answer with the stack."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.amanat.host.plugins.plugin_utils import file_record

CLOCK = "date +%s.%N"
PROBES = ("/usr/lib/amanat/probe-state files", "/usr/lib/amanat/probe-history kept")


class ActionModule(ActionBase):
    """Notes the beginning of a run, or takes what it changed."""

    _requires_connection = True
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"path", "state"})

    def run(self, tmp: str | None = None, task_vars: dict | None = None) -> dict:
        """Nothing is asked and nothing is kept in check mode."""
        result = super().run(tmp, task_vars)
        if self._task.check_mode:
            return {**result, "changed": False, "skipped": True}
        path = Path(self._task.args["path"])
        beginning = self._task.args["state"] == "begun"
        answers = []
        for command in (CLOCK,) if beginning else PROBES:
            done = self._low_level_execute_command(command)
            if done["rc"] != 0:
                said = (done["stderr"] or done["stdout"]).strip()
                return {**result, "failed": True, "msg": f"`{command}` ended with {done['rc']}: {said}"}
            answers.append(done["stdout"])
        try:
            if beginning:
                file_record.begin(path, float(answers[0]))
                return {**result, "changed": False}
            outcome = file_record.take(path, *map(json.loads, answers))
        except (OSError, ValueError, KeyError, TypeError) as error:
            return {**result, "failed": True, "msg": f"{path}: {error}"}
        return {**result, "changed": False, "taken": outcome.taken, "unexplained": list(outcome.unexplained)}
