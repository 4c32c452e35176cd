"""What tests of the hosts' programs share: the helpers that lie beside them on a host."""

import importlib
import os
import pwd

import pytest

from amanat.places import PROJECT_ROOT

BASE_FILES = PROJECT_ROOT / "ansible/roles/base/files"


@pytest.fixture(autouse=True)
def helpers(monkeypatch, tmp_path_factory):
    """The base role's modules can be imported; locks and notes go to a place of the test's own. Gives that place."""
    monkeypatch.syspath_prepend(str(BASE_FILES))
    own = tmp_path_factory.mktemp("run")
    places = {pwd.getpwuid(os.geteuid()).pw_name: str(own)}
    monkeypatch.setattr(importlib.import_module("amanat_scratch"), "PLACES", places)
    return own
