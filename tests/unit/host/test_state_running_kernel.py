"""Mounts and settings without what differs by machine, and files that give rights to whoever runs them."""

import os
import stat
import struct

import pytest

from amanat_host.state import files_dpkg, kernel, listing, owned, privileges
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


def test_files_that_give_rights_are_told_by_owner_and_mode(monkeypatch, tmp_path):
    (tmp_path / "deep").mkdir()
    for name, mode in (("deep/shell", 0o4755), ("group", 0o2755), ("plain", 0o755), ("held", 0o755)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "link").symlink_to("deep/shell")
    data = struct.pack("<5I", 0x02000001, 1 << 7, 0, 1 << 6, 0)

    def xattr(path, _name, **_options):
        if path.endswith("held"):
            return data
        raise OSError

    monkeypatch.setattr(privileges.os, "getxattr", xattr)
    monkeypatch.setattr(privileges, "owner", lambda _status: "root:root")
    monkeypatch.setattr(
        privileges, "text", lambda _path: f"d {tmp_path} ext4 rw 0 0\nd {tmp_path}/deep ext4 rw 0 0\n"
    )
    assert dict(privileges.read().items) == {
        f"set-user-ID {tmp_path}/deep/shell": "root:root 4755",
        f"set-user-ID {tmp_path}/group": "root:root 2755",
        f"capabilities of {tmp_path}/held": "setuid,perfmon effective",
    }


@pytest.mark.parametrize(
    ("kind", "numbers", "device"),
    [
        (stat.S_IFBLK, (8, 0), "block 8:0"),
        (stat.S_IFBLK, (7, 3), ""),
        (stat.S_IFCHR, (1, 1), "character 1:1"),
        (stat.S_IFCHR, (0, 0), ""),
        (stat.S_IFREG, (0, 0), ""),
    ],
)
def test_a_device_is_told_by_kind_and_numbers(kind, numbers, device):
    status = os.stat_result((kind | 0o600,) + (0,) * 9, {"st_rdev": os.makedev(*numbers)})
    assert privileges.device_of(status) == device


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
