"""Mounts and settings without what differs by machine, and libraries of no package."""

import pytest

from amanat_host.state import files_dpkg, kernel, listing, owned
from amanat_host.state.listing import Listing

CONTAINER = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def packaged(monkeypatch):
    """Paths that packages brought, by package."""
    paths = {"/usr/lib/x86_64-linux-gnu/libc.so.6": "libc6"}
    monkeypatch.setattr(owned, "packages_by_path", lambda: paths)
    return paths


def told(read):
    found = Listing()
    read(found)
    return found.items


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (
            "/ / rw,relatime master:140 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d",
            "overlay rw; rw",
        ),
        ("/ / rw - tmpfs shm rw,size=65536k,nr_inodes=1024,inode64,mode=755", "tmpfs shm rw; mode=755,rw"),
        ("/ / ro,nosuid - ext4 /dev/vda rw,discard", "ext4 nosuid,ro; rw"),
        (
            f"/var/lib/e/containers/{CONTAINER}/hosts / rw - ext4 /dev/vda rw",
            "the engine's hosts rw",
        ),
        ("/root/evil / rw - ext4 /dev/vda rw", "ext4 of /root/evil rw; rw"),
    ],
    ids=["layers", "sizes", "disk", "engine's file", "another's file"],
)
def test_a_mount_is_told_without_sizes_and_names_of_the_engine(monkeypatch, line, value):
    monkeypatch.setattr(kernel, "text", lambda _path: f"1 2 0:3 {line}\n")
    assert told(kernel.read_mounts) == {"mount /": value}


def test_a_mount_over_another_is_told_beside_it(monkeypatch):
    line = "1 2 0:3 / /a\\040b rw - tmpfs tmpfs rw\n"
    monkeypatch.setattr(kernel, "text", lambda _path: line + line)
    assert set(told(kernel.read_mounts)) == {"mount /a b", "mount /a b #2"}


def test_a_setting_of_the_machine_outside_is_told_as_that(monkeypatch):
    monkeypatch.setattr(kernel, "SETTINGS", ("kernel.modprobe", "fs.suid_dumpable", "net.x"))
    monkeypatch.setattr(kernel, "kernel_settings", dict)
    monkeypatch.setattr(kernel.os.path, "exists", lambda _path: True)
    monkeypatch.setattr(kernel, "writable", lambda path: path.endswith("suid_dumpable"))
    monkeypatch.setattr(kernel, "text", lambda _path: "0\n")
    assert told(kernel.read_settings) == {
        "kernel setting fs.suid_dumpable": "0",
        "kernel setting kernel.modprobe": "of the machine outside",
    }


def test_a_library_from_outside_of_the_loaders_directories_is_told(monkeypatch):
    cache = "3 libs found in cache\n\tlibc.so.6 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libc.so.6\n"
    cache += (
        "\tlibc.so.6 (libc6,x86-64) => /opt/lib/libc.so.6\n\tlibc.so.6 (libc6,x86-64) => /srv/libc.so.6\n"
    )
    texts = {"/etc/ld.so.preload": "/x.so\n", "/etc/ld.so.conf": "/opt/lib\n"}
    monkeypatch.setattr(kernel, "output", lambda *_command: cache)
    monkeypatch.setattr(kernel.os.path, "lexists", lambda path: path == "/etc/ld.so.preload")
    monkeypatch.setattr(kernel, "text", lambda path: texts.get(path, ""))
    monkeypatch.setattr(kernel.glob, "glob", lambda _pattern: [])
    assert told(kernel.read_loader) == {
        "loader: /etc/ld.so.preload": "/x.so",
        "loader: directory /opt/lib": "/etc/ld.so.conf",
        "loader: /srv/libc.so.6": "from outside of its directories",
    }


def test_a_listing_numbers_what_is_there_twice():
    found = Listing()
    for _ in range(3):
        found.add_numbered("x", "v")
    found.add("y", "v", 0.5)
    assert list(found.items) == ["x", "x #2", "x #3", "y"]
    assert listing.joined(found).since == {"y": "1970-01-01T00:00:00Z"}


def test_paths_of_merged_directories_are_the_same_files(packaged):
    assert owned.package_of("/lib/x86_64-linux-gnu/libc.so.6") == "libc6"
    assert owned.package_of("/libexec/x") == ""


def test_paths_are_their_packages_as_dpkg_diverted_them(monkeypatch, tmp_path):
    monkeypatch.undo()
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "libc6:amd64.list").write_text("/.\n/lib/libc.so\n/lib/old.so\n")
    (info / "unknown.list").write_text("/lib/planted.so\n")
    status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\n"
    (info.parent / "status").write_text(status)
    (info.parent / "diversions").write_text("/lib/old.so\n/lib/away.so\nnew\n")
    read = files_dpkg.read
    monkeypatch.setattr(files_dpkg, "read", lambda: read(str(tmp_path)))
    monkeypatch.setattr(owned, "LISTS", str(info))
    owned.packages_by_path.cache_clear()
    owners = [owned.package_of(f"/usr/lib/{name}.so") for name in ("libc", "old", "away", "planted")]
    owned.packages_by_path.cache_clear()
    assert owners == ["libc6", "", "libc6", ""]
    assert owned.installed_at("libc6") == (info / "libc6:amd64.list").stat().st_mtime
    assert owned.installed_at("other") == 0.0
