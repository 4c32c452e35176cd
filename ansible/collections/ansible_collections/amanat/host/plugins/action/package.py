"""The controller's half of `amanat.host.package`: builds the package, and sends it where the host lacks it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.amanat.host.plugins.plugin_utils.deb import NAME, build

from ansible import constants


class ActionModule(ActionBase):
    """Builds, asks the host, and sends."""

    _requires_connection = True
    _VALID_ARGS = frozenset({"source"})

    def run(self, tmp: str | None = None, task_vars: dict | None = None) -> dict:
        """Ask the module on the host what it has; give it the package only if that is another one."""
        super().run(tmp, task_vars)
        package = build(Path(self._task.args["source"]))
        wanted = {"name": NAME, "version": package.version}
        result = self._execute_module("amanat.host.package", wanted, task_vars=task_vars)
        if result.get("failed") or not result.get("changed") or self._task.check_mode:
            return result
        handle, local = tempfile.mkstemp(dir=constants.DEFAULT_LOCAL_TMP, suffix=".deb")
        with os.fdopen(handle, "wb") as stream:
            stream.write(package.content)
        try:
            directory = self._connection._shell.tmpdir or self._make_tmp_path()
            remote = self._connection._shell.join_path(directory, f"{NAME}.deb")
            self._transfer_file(local, remote)
            return self._execute_module("amanat.host.package", {**wanted, "deb": remote}, task_vars=task_vars)
        finally:
            os.unlink(local)
            self._remove_tmp_path(self._connection._shell.tmpdir)
