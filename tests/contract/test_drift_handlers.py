"""What the drift probe names are handlers of the role base: a name that nobody listens to would end a converge."""

import ast
import re

import yaml

from amanat.paths import PROJECT_ROOT

PROBE = PROJECT_ROOT / "host/amanat_host/system/drift.py"
HANDLERS = PROJECT_ROOT / "ansible/roles/base/handlers/main.yml"
DOCUMENTED = (ast.Module, ast.FunctionDef, ast.ClassDef)


def test_the_probe_and_the_role_name_the_same_handlers():
    tree = ast.parse(PROBE.read_text("utf-8"))
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} - docs
    named = {text for text in texts if isinstance(text, str) and re.match(r"[A-Z][a-z]+ [A-Za-z]", text)}
    handlers = yaml.safe_load(HANDLERS.read_text("utf-8"))
    assert named == {handler.get("listen", handler["name"]) for handler in handlers}
