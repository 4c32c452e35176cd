"""Ansible's modules are compiled once on a host, not once a task, and known by what they are."""

import os
import sys
import zipfile
import zipimport

import pytest

from amanat.paths import PROJECT_ROOT
from tests.loading import load

FILE = PROJECT_ROOT / "ansible/roles/base/files/amanat_bytecode.py"


@pytest.fixture
def bytecode(tmp_path, monkeypatch):
    """The program, with a cache of its own."""
    module = load(FILE)
    monkeypatch.setattr(module, "CACHE", str(tmp_path / "cache"))
    return module


@pytest.fixture
def payload(tmp_path):
    """payload(code, more): the path of a zip file, as Ansible sends it, with `code.py` and others."""

    def make(code, more=()):
        path = tmp_path / "ansible_command_payload.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, source in {"code.py": code, **dict(more)}.items():
                file.writestr(name, source)
        zipimport._zip_directory_cache.clear()
        return str(path)

    return make


def run(bytecode, path, name="code"):
    """The names that a module of the zip file binds."""
    values = {}
    exec(bytecode.importer(path).get_code(name), values)  # noqa: S102
    return values


def no_compiler(*arguments, **options):
    raise AssertionError("it was compiled again")


def test_the_second_import_compiles_nothing(bytecode, payload, monkeypatch):
    path = payload("x = 41 + 1")
    assert run(bytecode, path)["x"] == 42
    monkeypatch.setattr(bytecode, "compile", no_compiler, raising=False)
    assert run(bytecode, path)["x"] == 42


def test_other_code_under_the_same_name_is_compiled(bytecode, payload):
    assert run(bytecode, payload("x = 1"))["x"] == 1
    assert run(bytecode, payload("x = 2"))["x"] == 2


@pytest.mark.parametrize("rest", [b"", b"\x00", b"nonsense"])
def test_bytecode_that_was_cut_off_is_made_again(bytecode, payload, tmp_path, rest):
    path = payload("x = 3")
    run(bytecode, path)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(rest)
    assert run(bytecode, path)["x"] == 3
    assert kept.read_bytes() != rest


def test_where_nothing_can_be_kept_it_is_compiled(bytecode, payload, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(bytecode, "CACHE", str(tmp_path / "file/below"))
    assert run(bytecode, payload("x = 4"))["x"] == 4


def test_only_its_owner_may_write_what_is_kept(bytecode, payload, tmp_path):
    run(bytecode, payload("x = 5"))
    for path in (tmp_path / "cache", *(tmp_path / "cache").iterdir()):
        assert path.stat().st_mode & 0o022 == 0


def test_packages_know_where_they_lie(bytecode, payload):
    """Modules look for files of theirs; so the paths are what Python itself says."""
    path = payload("", {"package/__init__.py": "", "package/code.py": ""})
    for directory, name in ((path, "code"), (path, "package"), (f"{path}/package", "package.code")):
        python = zipimport.zipimporter(directory)
        assert bytecode.importer(directory).get_filename(name) == python.get_filename(name)


@pytest.mark.parametrize("path", ["/usr/lib/python3", "/tmp/other.zip", ""])
def test_nothing_else_is_imported_by_it(bytecode, path):
    with pytest.raises(ImportError):
        bytecode.importer(path)


def test_it_is_for_this_process_only(bytecode, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/usr/local/lib/amanat/ansible")
    monkeypatch.setattr(sys, "path_hooks", list(sys.path_hooks))
    bytecode.install()
    assert sys.path_hooks[0] is bytecode.importer
    assert "PYTHONPATH" not in os.environ


def test_kept_code_names_the_file_it_is_run_from(bytecode, payload, tmp_path):
    """The first payload's path is free again: what somebody else puts there must not be read."""
    source = "def f():\n    return [g() for g in (lambda: 1,)]\n"
    first = payload(source)
    run(bytecode, first)
    second = tmp_path / "ansible_file_payload.zip"
    os.rename(first, second)
    values = run(bytecode, str(second))
    assert values["f"].__code__.co_filename == f"{second}/code.py"
    assert first not in repr([one for one in values["f"].__code__.co_consts if hasattr(one, "co_filename")])
