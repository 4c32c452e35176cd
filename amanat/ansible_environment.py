"""How Ansible is told what is ours: its settings file, a home of its own, and what ansible-runner needs besides."""

import os
from collections.abc import Mapping
from pathlib import Path

from amanat import processes
from amanat.paths import PROJECT_ROOT

ANSIBLE = PROJECT_ROOT / "ansible"
# What ansible-runner sets for the playbook it starts (ansible_runner.config); anything else in its list was inherited.
RUNNER_VARIABLES = (
    "AWX_ISOLATED_DATA_DIR",
    "ANSIBLE_CACHE_PLUGIN",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION",
    "ANSIBLE_RETRY_FILES_ENABLED",
    "RUNNER_OMIT_EVENTS",
    "RUNNER_ONLY_FAILED_EVENTS",
)


def settings(home: Path) -> dict[str, str]:
    """Variables by which Ansible reads our settings file and no other, and keeps what it keeps in `home`."""
    return {
        "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_NOCOLOR": "1",
    }


def runner_environment(prepared: Mapping[str, str], home: Path, sockets: Path) -> dict[str, str]:
    """The environment of a playbook, from the one that ansible-runner prepared out of whatever it was started in.

    `sockets` is a private directory with a short path, for ssh's connections.
    """
    from ansible_runner.utils import get_callback_dir  # loads pexpect, which an audit does without

    own = {name: prepared[name] for name in RUNNER_VARIABLES if name in prepared}
    events = {
        "ANSIBLE_CALLBACK_PLUGINS": str(get_callback_dir()),
        "ANSIBLE_STDOUT_CALLBACK": "awx_display",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
    }
    return processes.variables(os.environ, {**own, **settings(home), **events})
