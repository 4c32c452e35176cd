"""The site on its host: unpacked at once and whole, nothing but plain files; and which requests a probe tells of."""

import io
import json
import tarfile

import pytest

from amanat.site_archive import archive
from amanat_host.answers.site import SiteRequest
from amanat_host.errors import HostError
from amanat_host.site.probe_requests import of_audits
from amanat_host.site.unpack import unpack

FILES = {"index.html": b"<html>", "en/index.html": b"<html lang=en>"}
AGENT = f"amanat-audit/{'0' * 32}"


@pytest.fixture
def place(tmp_path):
    """(the archive's path, the directory it is unpacked to)"""
    directory = tmp_path / "site"
    directory.mkdir()
    return tmp_path / "site.tar", directory


def test_what_is_served_changes_over_at_once_and_leaves_nothing(place):
    path, directory = place
    for files in (FILES, {"index.html": b"new"}):
        path.write_bytes(archive(files))
        digest = unpack(path, directory)
        current = directory / "current"
        served = {
            str(one.relative_to(current)): one.read_bytes() for one in current.rglob("*") if one.is_file()
        }
        assert served == files
        assert (directory / "digest").read_text() == digest
        assert sorted(one.name for one in directory.iterdir()) == sorted([digest, "current", "digest"])
    assert (directory / digest / "index.html").stat().st_mode & 0o777 == 0o644


def test_a_run_that_was_killed_is_finished_by_the_next(place):
    path, directory = place
    path.write_bytes(archive(FILES))
    digest = unpack(path, directory)
    (directory / digest / "index.html").write_bytes(b"half")
    (directory / ".current").symlink_to("nowhere")
    (directory / ".digest").write_text("half")
    assert unpack(path, directory) == digest
    assert (directory / "current/index.html").read_bytes() == FILES["index.html"]
    assert not [one for one in directory.iterdir() if one.name.startswith(".")]


def hostile(**changes):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        member = tarfile.TarInfo(changes.pop("name", "index.html"))
        for name, value in changes.items():
            setattr(member, name, value)
        made.addfile(member)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "/etc/passwd"},
        {"name": "../outside"},
        {"name": "a/../../outside"},
        {"type": tarfile.SYMTYPE, "linkname": "/etc"},
        {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
    ],
    ids=lambda changes: str(changes.get("name") or changes.get("type")),
)
def test_an_archive_of_more_than_plain_files_is_refused_and_nothing_is_served(place, changes):
    path, directory = place
    path.write_bytes(hostile(**changes))
    with pytest.raises(HostError, match="no plain file"):
        unpack(path, directory)
    assert not (directory / "current").exists()


def line(**changes):
    said = {
        "address": "192.0.2.9",
        "port": "40000",
        "method": "GET",
        "path": "/",
        "status": "200",
        "agent": AGENT,
    }
    return json.dumps({**said, **changes})


def test_a_probe_tells_of_audits_requests_alone():
    lines = [line(), line(agent="Mozilla/5.0"), line(agent=f"{AGENT} Mozilla"), "Started nginx", "[1]", ""]
    assert list(of_audits("\n".join(lines))) == [SiteRequest(AGENT, "192.0.2.9", "40000", "GET", "/", "200")]


def test_a_line_that_lacks_something_is_told_as_such():
    (told,) = of_audits(json.dumps({"agent": AGENT}))
    assert (told.address, told.port) == ("", "")
