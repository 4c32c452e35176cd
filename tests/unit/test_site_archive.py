"""The site's archive: the same bytes for the same settings, made again when it is lost, refused when they changed."""

import hashlib
import io
import tarfile

import pytest

from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.site_archive import SiteChanged, _SiteArchives, archive, rendered
from tests.declared import settings_file
from tests.unit.conftest import mode


@pytest.fixture
def paths(tmp_path, monkeypatch):
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "home"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.unit.yaml").write_text(
        settings_file({"store": "store edge", "vault": "vault logs"}), "utf-8"
    )
    return StackPaths("unit", project)


@pytest.fixture
def props(paths, monkeypatch):
    """What the plan hands to the provider, which finds this project."""
    monkeypatch.setattr("amanat.site_archive.StackPaths", lambda stack: StackPaths(stack, paths.project))
    body = rendered(Settings.of(paths), paths)
    return {
        "path": str(paths.site_archive),
        "stack": "unit",
        "digest": hashlib.sha256(body).hexdigest(),
    }


def test_the_same_files_give_the_same_archive():
    files = {"b.css": b"2", "a/index.html": b"1"}
    assert archive(files) == archive(dict(reversed(files.items())))
    with tarfile.open(fileobj=io.BytesIO(archive(files))) as opened:
        members = [(one.name, one.size, one.mode, one.uid, one.mtime) for one in opened]
    assert members == [("a/index.html", 1, 0o644, 0, 0), ("b.css", 1, 0o644, 0, 0)]


def test_it_is_written_for_its_owner_alone_and_made_again_when_lost(paths, props):
    made = _SiteArchives().create(props).outs
    assert mode(paths.site_archive) == 0o600
    assert _SiteArchives().diff("id", made, props).changes is False
    paths.site_archive.write_bytes(b"something else")
    assert _SiteArchives().diff("id", made, props).changes is True
    _SiteArchives().update("id", made, props)
    with tarfile.open(paths.site_archive) as opened:
        assert {"index.html", "en/index.html", "errors/404.html", "site.css"} <= set(opened.getnames())
    _SiteArchives().delete("id", made)
    assert not paths.site_archive.exists()


def test_settings_that_changed_since_the_plan_are_refused(paths, props):
    file = paths.project / "Pulumi.unit.yaml"
    file.write_text(file.read_text("utf-8").replace("12500000", "12500001"), "utf-8")
    with pytest.raises(SiteChanged, match="changed during this run"):
        _SiteArchives().create(props)
    assert not paths.site_archive.exists()
