"""The download route against a server with the official layout: what is taken, refused, resumed."""

import io
import socket
import tarfile
from dataclasses import replace

import pytest
import requests

from amanat.setup import versions
from amanat.setup.download import CHUNK_BYTES, Downloads, extract
from amanat.setup.errors import DownloadRefused, DownloadUnreachable

CONTENT = bytes(range(256)) * (CHUNK_BYTES // 128)


@pytest.fixture
def component():
    return versions.load(system="linux", machine="x86_64").docker


@pytest.fixture
def downloads(mirror, report):
    return Downloads(mirror.base, mirror.authority, report)


def test_the_official_layout(component):
    sdk = versions.load(system="linux", machine="amd64").pulumi
    assert sdk.archive == "releases/sdk/pulumi-v3.258.0-linux-x64.tar.gz"
    assert sdk.checksums.endswith("/pulumi-3.258.0-checksums.txt")
    assert component.archive == "releases/plugins/pulumi-resource-docker-v5.2.0-linux-amd64.tar.gz"


def test_a_published_archive_is_fetched(mirror, downloads, component, tmp_path):
    mirror.publish(component, CONTENT)
    assert downloads.fetch(component, tmp_path).read_bytes() == CONTENT


def test_other_bytes_than_published_are_refused_and_not_kept(mirror, downloads, component, tmp_path):
    mirror.publish(component, CONTENT, digest="ab" * 32)
    with pytest.raises(DownloadRefused, match=f"but {'ab' * 32} is published by its makers"):
        downloads.fetch(component, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_broke_off_goes_on_where_it_stopped(mirror, downloads, component, tmp_path):
    mirror.publish(component, CONTENT)
    mirror.breaks_off_after = CHUNK_BYTES + 1000
    with pytest.raises(DownloadUnreachable, match="broke off"):
        downloads.fetch(component, tmp_path)
    mirror.breaks_off_after = None
    assert downloads.fetch(component, tmp_path).read_bytes() == CONTENT
    assert mirror.asked[-1] == (f"/{component.archive}", f"bytes={CHUNK_BYTES}-")


@pytest.mark.parametrize("left", [b"bytes of something else", CONTENT + b"too long", CONTENT])
def test_what_a_killed_run_left_never_spoils_the_next(mirror, downloads, component, tmp_path, left):
    mirror.publish(component, CONTENT)
    (tmp_path / f"{component.file}.part").write_bytes(left)
    assert downloads.fetch(component, tmp_path).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == [component.file]


def test_a_truncated_archive_with_a_plausible_length_is_refused(mirror, downloads, component, tmp_path):
    mirror.publish(component, CONTENT)
    mirror.files[f"/{component.archive}"] = CONTENT[:-1]
    with pytest.raises(DownloadRefused):
        downloads.fetch(component, tmp_path)


def test_an_unknown_authority_is_not_trusted(mirror, report, component, tmp_path, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    mirror.publish(component, CONTENT)
    with pytest.raises(DownloadUnreachable, match="isn't trusted") as refusal:
        Downloads(mirror.base, None, report).fetch(component, tmp_path)
    assert "AMANAT_CA_BUNDLE" in refusal.value.fix
    assert mirror.asked == []


def test_a_missing_list_is_said(downloads, component, tmp_path):
    with pytest.raises(DownloadUnreachable, match="404"):
        downloads.fetch(component, tmp_path)


def test_a_list_without_the_archive_is_said(mirror, downloads, component, tmp_path):
    mirror.publish(replace(component, archive=component.archive.replace("5.2.0", "5.1.0")), CONTENT)
    with pytest.raises(DownloadUnreachable, match=f"names no {component.file}"):
        downloads.fetch(component, tmp_path)


def test_a_closed_port_is_said(report, component, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DownloadUnreachable, match="refused"):
        Downloads(f"https://127.0.0.1:{port}", None, report).fetch(component, tmp_path)


def test_a_pin_needs_no_list_and_outweighs_it(mirror, downloads, component, tmp_path):
    mirror.publish(component, CONTENT)
    with pytest.raises(DownloadRefused, match="pinned"):
        downloads.fetch(replace(component, pin="cd" * 32), tmp_path)
    assert [path for path, _ in mirror.asked] == [f"/{component.archive}"]


def test_only_wanted_regular_files_leave_the_archive(tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, kind in {
            "../../pulumi": tarfile.REGTYPE,
            "a/pulumi-link": tarfile.SYMTYPE,
            "a/pulumi-pipe": tarfile.FIFOTYPE,
            "a/other": tarfile.REGTYPE,
        }.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member, io.BytesIO())
    archive, target = tmp_path / "archive.tar.gz", tmp_path / "deep" / "target"
    archive.write_bytes(buffer.getvalue())
    target.mkdir(parents=True)
    assert extract(archive, target, lambda name: name.startswith("pulumi")) == ["pulumi"]
    assert [path.name for path in target.iterdir()] == ["pulumi"]
    assert not (tmp_path / "pulumi").exists()


def test_an_archive_that_is_none_is_refused(tmp_path):
    (tmp_path / "archive.tar.gz").write_bytes(b"<html>blocked</html>")
    with pytest.raises(DownloadRefused, match="can't be unpacked"):
        extract(tmp_path / "archive.tar.gz", tmp_path, lambda name: True)


@pytest.mark.parametrize(
    "login", ["machine 127.0.0.1 login somebody password secret", "default login x password y"]
)
def test_no_login_of_the_persons_netrc_is_sent(downloads, tmp_path, monkeypatch, login):
    """requests sends what it finds there for a host, or for any."""
    (tmp_path / ".netrc").write_text(f"{login}\n", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    request = requests.Request("GET", "https://127.0.0.1/releases/x")
    assert "Authorization" in requests.Session().prepare_request(request).headers
    assert "Authorization" not in downloads._session.prepare_request(request).headers
