"""Pulumi.yaml declares the settings of amanat/settings.py: the same names, types, defaults, descriptions."""

from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import yaml

from amanat.settings import NAMESPACE, Settings

ROOT = Path(__file__).resolve().parents[2]
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))


def pulumi_type(annotation):
    if get_origin(annotation) is Literal:
        (kind,) = {type(name) for name in get_args(annotation)}
        return pulumi_type(kind)
    return {int: "integer", str: "string", dict: "object"}[get_origin(annotation) or annotation]


def test_the_project_is_ours():
    assert PROJECT["name"] == NAMESPACE
    assert PROJECT["runtime"] == "python"


def test_every_setting_is_declared_and_nothing_else():
    assert list(PROJECT["config"]) == list(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_declared_as_it_is_read(name):
    field = Settings.model_fields[name]
    assert PROJECT["config"][name] == {
        "type": pulumi_type(field.annotation),
        "description": field.description,
        "default": field.default,
    }


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").glob("Pulumi.*.yaml")), ids=lambda path: path.name
)
def test_stacks_in_the_repository_are_good(path):
    Settings.from_file(path)
