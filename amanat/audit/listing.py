"""A plugin for pytest that writes down which checks a collection has found (amanat/audit/known.py reads it)."""

import json
from pathlib import Path

import pytest

from amanat.audit.known import KnownCheck, check_id, proves
from amanat.audit.markers import ids_of

OPTION = "--listing"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=Path, required=True, help="the file to write")
    parser.addoption("--carriers", default="{}", help="JSON: service -> the machines that carry it")


def pytest_collection_finish(session: pytest.Session) -> None:
    found = {check_id(item): KnownCheck(ids_of(item), proves(item)) for item in session.items}
    path: Path = session.config.getoption(OPTION)
    path.write_text(json.dumps(found), "utf-8")
