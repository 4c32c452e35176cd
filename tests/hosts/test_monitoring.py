"""Alerts reach a webhook and a mailbox within two minutes, and so does their end; a silent Prometheus is noticed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from amanat.audit.waiting import wait_until
from amanat.paths import PROJECT_ROOT, StackPaths
from tests.hosts.live import STACK, amanat
from tests.hosts.receivers import receivers

PORTS = (28443, 28587)
TOLD_SECONDS = 120  # the bound
SILENT_SECONDS = 420  # three minutes of silence, looked at each minute, and the time of a loaded machine
ARCHIVING = "/etc/postgresql/17/main/postgresql.conf"
BROKEN = f"cp -p {ARCHIVING} /run/was.conf && echo \"archive_command = ''\" >> {ARCHIVING} && {{reload}}"
MENDED = f"cp -p /run/was.conf {ARCHIVING} && rm /run/was.conf && {{reload}}"
RELOAD = "systemctl reload postgresql@17-main.service"
