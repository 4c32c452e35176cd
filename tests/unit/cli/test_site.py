"""`amanat site`: renders, verifies, compares, and tells it to people or to machines."""

import json

import pytest

from amanat.cli import site as module
from amanat.cli.app import main
from amanat.site.output import LIST
from tests.declared import NAMES, declared


@pytest.fixture
def run(paths, monkeypatch, capsys):
    """run(*words) types `amanat site` for the stack of the test; gives exit status, output and error stream."""
    monkeypatch.setattr(module, "StackPaths", lambda stack: paths)

    def typed(*words):
        monkeypatch.setattr("sys.argv", ["amanat", "site", "--stack", paths.stack, *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return typed


@pytest.fixture
def declare(paths):
    def write(declarations=None, **others):
        config = {**NAMES, "declarations": declarations or declared(), **others}
        named = {f"amanat:{name}": value for name, value in config.items()}
        (paths.project / f"Pulumi.{paths.stack}.yaml").write_text(json.dumps({"config": named}))

    write()
    return write


def test_a_site_is_rendered_and_then_the_same(run, declare, tmp_path):
    output = tmp_path / "site"
    code, out, _ = run("--output", str(output))
    assert code == 0
    assert out.endswith(f"19 files in {output}; open {output}/index.html\n")
    assert (output / "en/index.html").is_file()
    assert run("--output", str(output))[:2] == (0, f"nothing to change: {output} has all 19 files\n")
    assert run("--check", "--output", str(output))[0] == 0


def test_a_check_writes_nothing_and_tells_what_differs(run, declare, tmp_path):
    output = tmp_path / "site"
    assert run("--check")[:2] == (0, "19 files publish all that is declared\n")
    code, out, _ = run("--check", "--output", str(output))
    assert code == 1
    assert "index.html is missing" in out
    assert out.endswith(f"19 files publish all that is declared; {output} differs\n")
    assert not output.exists()


def test_machines_are_told_files_with_digests(run, declare, tmp_path):
    output = tmp_path / "site"
    declare(declared(licence=None, enamad__issued="1400-06-01", enamad__ends="1401-06-01"))
    code, out, _ = run("--output", str(output), "--json")
    told = json.loads(out)
    assert code == 0
    listed = dict(reversed(line.split("  ")) for line in (output / LIST).read_text().splitlines())
    assert told["files"] == listed
    assert told["undeclared"] == ["the licence"]
    assert "the eNAMAD seal ended" in told["warnings"][0]


def test_people_are_warned(run, declare):
    declare(declared(licence=None, enamad__issued="1400-06-01", enamad__ends="1401-06-01"))
    _, out, _ = run("--check")
    assert out.startswith("warning: the eNAMAD seal ended ")
    assert "\nnot declared: the licence\n" in out


def test_own_templates_lie_beside_the_settings(run, declare, paths):
    own = paths.project / "own"
    own.mkdir()
    (own / "prices.html.j2").write_text('{% extends "layout.html.j2" %}')
    declare(site_templates_directory="own")
    code, _, err = run("--check")
    assert code == 2
    assert "the Persian pages don't publish the price list of 2026-11-22" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nobody says where to (--output)"),
        (("--output", "{mine}"), "it holds thesis.tex, which no rendering wrote"),
    ],
)
def test_what_cannot_be_done_is_refused(run, declare, tmp_path, words, said):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("x")
    code, _, err = run(*(word.format(mine=mine) for word in words))
    assert code == 2
    assert said in err


def test_a_stack_that_declares_nothing_has_no_site(run):
    code, _, err = run("--check")
    assert code == 2
    assert "declarations is not set, so there is nothing to show (Pulumi.unit.yaml)" in err
