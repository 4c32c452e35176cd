"""Pulumi.yaml declares the settings of amanat/settings.py: the same names, types, defaults, descriptions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
import yaml
from pydantic import BaseModel, Field

from amanat.settings import NAMESPACE, Settings
from amanat.stack_file import ensure_settings_file
from tests.loading import load

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = (ROOT / "Pulumi.yaml").read_text(encoding="utf-8")
PROJECT = yaml.safe_load(WRITTEN)
SIMPLE_TYPES = {"string", "integer", "boolean", "array", "object"}  # of Pulumi 3.258's project schema


@pytest.fixture(scope="module")
def generator():
    return load(ROOT / "scripts/pulumi_config.py")


def test_the_project_is_ours():
    assert PROJECT["name"] == NAMESPACE
    assert PROJECT["runtime"] == "python"


def test_the_project_declares_the_settings_as_they_are_read(generator):
    assert generator.render(WRITTEN) == WRITTEN, "run `.venv/bin/python scripts/pulumi_config.py`"


def test_every_setting_is_declared_with_a_type_that_pulumi_knows():
    assert list(PROJECT["config"]) == list(Settings.model_fields)
    assert {one["type"] for one in PROJECT["config"].values()} <= SIMPLE_TYPES
    assert all(one["description"] for one in PROJECT["config"].values())


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (Literal[1, 2], {"type": "integer"}),
        (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
        (list[tuple[int, ...]], {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
        (Mapping[str, int], {"type": "object"}),
        (dict[str, str], {"type": "object"}),
        (BaseModel, {"type": "object"}),
    ],
)
def test_a_type_of_python_has_its_word_in_pulumi(generator, annotation, schema):
    assert generator.schema(annotation) == schema


@pytest.mark.parametrize("annotation", [float, int | None, bytes | int])
def test_a_type_that_pulumi_lacks_is_refused(generator, annotation):
    with pytest.raises(TypeError, match="no type for"):
        generator.schema(annotation)


def test_a_default_is_written_as_yaml_has_it(generator):
    class Own(BaseModel):
        placement: Mapping[str, tuple[str, ...]] = Field(
            {"main": ("store", "desk")}, description="Who is where."
        )
        needed: int = Field(description="No default.")

    assert generator.config(Own) == {
        "placement": {
            "type": "object",
            "description": "Who is where.",
            "default": {"main": ["store", "desk"]},
        },
        "needed": {"type": "integer", "description": "No default."},
    }


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").glob("Pulumi.*.yaml")), ids=lambda path: path.name
)
def test_stacks_in_the_repository_are_good(path, tmp_path):
    own = tmp_path / "templates" / path.name
    own.parent.mkdir()
    own.write_bytes(path.read_bytes())
    made = tmp_path / path.name
    ensure_settings_file(made)
    assert Settings.from_file(made).declared.is_sample
    assert Settings.from_file(made).machines.carries("edge")
