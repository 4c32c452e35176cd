#!/usr/bin/env python3
"""Write `config` of Pulumi.yaml from amanat/settings.py: `.venv/bin/python scripts/pulumi_config.py`.

A contract test keeps the file equal to the settings.
"""

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from amanat.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "Pulumi.yaml"
HEADING = """# Written by scripts/pulumi_config.py from amanat/settings.py. Change that, not this. Set one with
# `pulumi config set <name> <value>` or in Pulumi.<stack>.yaml.
config:
"""
SIMPLE = {bool: "boolean", int: "integer", str: "string"}
WIDTH = 130  # as .yamllint has it


class Dumper(yaml.SafeDumper):
    """YAML with double quotes, which need no doubling of an apostrophe."""

    def choose_scalar_style(self) -> str:
        """The quotes of a scalar, or "" for none."""
        style: str = super().choose_scalar_style()
        return '"' if style == "'" else style


def schema(annotation: Any) -> dict[str, Any]:  # noqa: ANN401 - any annotation of a field
    """How Pulumi's project schema writes a Python type: one of string, integer, boolean, array and object.

    Raises TypeError for a type that it has no word for.
    """
    origin = get_origin(annotation) or annotation
    if origin is Literal:
        (kind,) = {type(one) for one in get_args(annotation)}
        return schema(kind)
    if origin in SIMPLE:
        return {"type": SIMPLE[origin]}
    if isinstance(origin, type) and issubclass(origin, Mapping | BaseModel):
        return {"type": "object"}
    if isinstance(origin, type) and issubclass(origin, Collection):
        (item,) = {one for one in get_args(annotation) if one is not ...}
        return {"type": "array", "items": schema(item)}
    raise TypeError(f"Pulumi's configuration has no type for {annotation}")


def declaration(field: FieldInfo) -> dict[str, Any]:
    """A setting as Pulumi.yaml declares it."""
    declared = {**schema(field.annotation), "description": field.description}
    if not field.is_required():
        declared["default"] = to_jsonable_python(field.get_default(call_default_factory=True))
    return declared


def config(model: type[BaseModel]) -> dict[str, Any]:
    """The declarations of all settings of a model, in its order."""
    return {name: declaration(field) for name, field in model.model_fields.items()}


def render(text: str, model: type[BaseModel] = Settings) -> str:
    """The project file `text` with the settings of `model`; what stands before them stays."""
    head = text.partition("# Written by ")[0]
    document = yaml.dump(config(model), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return head + HEADING + "".join(f"  {line}\n" for line in document.splitlines())


def main() -> int:
    """Entry point."""
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
