"""A site in a directory: whole, listed, readable by all; nothing of somebody else's is touched."""

import hashlib
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from amanat.site import output
from amanat.site.output import LIST, ForeignDirectory, differences, digests, write
from tests.unit.conftest import mode

FILES = {"index.html": b"<p>", "en/index.html": b"<i>", "site.css": b"p{}"}


def test_a_site_is_written_with_its_list(tmp_path, open_umask):
    directory = tmp_path / "a" / "site"
    assert len(write(directory, FILES)) == 4
    assert (directory / "en/index.html").read_bytes() == b"<i>"
    assert digests(FILES)["site.css"] == hashlib.sha256(b"p{}").hexdigest()
    assert mode(directory) == mode(directory / "en") == 0o755
    assert mode(directory / "index.html") == mode(directory / LIST) == 0o644
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", LIST], cwd=directory, capture_output=True, text=True, check=True
    )
    assert done.stdout.count(": OK") == 3


def test_a_second_run_changes_nothing(tmp_path):
    write(tmp_path, FILES)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert write(tmp_path, FILES) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_tight_umask_hides_nothing_from_the_server(tmp_path):
    before = os.umask(0o077)
    try:
        write(tmp_path / "site", FILES)
    finally:
        os.umask(before)
    assert mode(tmp_path / "site/en") == 0o755
    assert mode(tmp_path / "site/en/index.html") == 0o644


def test_what_is_rendered_no_more_goes(tmp_path):
    write(tmp_path, FILES)
    rest = {name: body for name, body in FILES.items() if not name.startswith("en/")}
    assert write(tmp_path, rest) == ["en/index.html is too much", f"{LIST} is otherwise"]
    assert not (tmp_path / "en").exists()
    assert differences(tmp_path, rest) == []


def test_differences_are_told(tmp_path):
    write(tmp_path, FILES)
    (tmp_path / "index.html").write_text("other")
    (tmp_path / "site.css").unlink()
    (tmp_path / "own.html").write_text("x")
    assert differences(tmp_path, FILES) == [
        "site.css is missing",
        "own.html is too much",
        "index.html is otherwise",
    ]
    assert differences(tmp_path / "nowhere", FILES)[0] == "index.html is missing"


@pytest.mark.parametrize("name", ["thesis.tex", "en/notes.txt", "index.html"])
def test_a_directory_of_somebody_elses_is_left_alone(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(ForeignDirectory, match=f"it holds {name}, which no rendering wrote"):
        write(tmp_path, FILES)
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [path.name]


@pytest.mark.parametrize("name", ["../mine.txt", "/etc/hostname", "en/../../mine.txt"])
def test_a_list_that_leads_out_of_the_directory_removes_nothing(tmp_path, name):
    site = tmp_path / "site"
    write(site, FILES)
    (tmp_path / "mine.txt").write_text("mine")
    (site / LIST).write_text((site / LIST).read_text() + f"{'0' * 64}  {name}\n")
    write(site, FILES)
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("earlier", [{}, {"old/page.html": b"old", "site.css": b"old"}])
def test_a_run_that_was_killed_anywhere_is_finished_by_the_next(tmp_path, monkeypatch, earlier):
    """Each change of the directory is the last one before a kill, in turn."""
    put, remove, replace = output._put, output._remove, Path.replace
    for last in range(12):
        directory = tmp_path / str(last)
        if earlier:
            write(directory, earlier)
        left = [last]

        def counted(work, left=left):
            def do(*given):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                return work(*given)

            return do

        with monkeypatch.context() as killed, suppress(KeyboardInterrupt):
            killed.setattr(output, "_put", counted(put))
            killed.setattr(output, "_remove", counted(remove))
            killed.setattr(Path, "replace", counted(replace))
            write(directory, FILES)
        write(directory, FILES)
        assert differences(directory, FILES) == []
        assert write(directory, FILES) == []
