"""Where the data lies, and whether a stolen disk would open: what the volume's probes make of what they see."""

import os
from types import SimpleNamespace

import pytest

from amanat_host.answers.volume import Mount, Policy
from amanat_host.errors import HostError
from amanat_host.volume import probe, probe_unlock
from amanat_host.volume.layout import Layout

KEY = bytes(range(32))


@pytest.fixture
def layout(tmp_path):
    mount = tmp_path / "mount"
    (mount / "encrypted/data/base/pgsql_tmp").mkdir(parents=True)
    (mount / "encrypted/data/pg_tblspc").mkdir()
    (tmp_path / "volume.img").write_bytes(bytes(8192))
    (tmp_path / "volume.key").write_bytes(KEY)
    (tmp_path / "volume.key").chmod(0o400)
    return Layout(
        method="fscrypt",
        backing=tmp_path / "volume.img",
        mount=mount,
        encrypted_dir=mount / "encrypted",
        key=tmp_path / "volume.key",
        bound=tmp_path / "volume.jwe",
        tang_url="",
        size_gib=1,
    )


@pytest.fixture
def host(layout, monkeypatch):
    """A host whose server runs on the volume and whose key lies open."""
    policy = Policy(2, "AES-256-XTS", "AES-256-CTS", "ab" * 16)
    for module in (probe, probe_unlock):
        monkeypatch.setattr(module.Layout, "load", classmethod(lambda _: layout))
    monkeypatch.setattr(probe.fscrypt, "policy_of", lambda path: policy)
    monkeypatch.setattr(probe.fscrypt, "key_state", lambda mount, identifier: "present")
    monkeypatch.setattr(probe.ext4, "signature", lambda backing: "ext4")
    monkeypatch.setattr(probe.ext4, "mounted_device", lambda mount: "/dev/loop7")
    monkeypatch.setattr(probe.loop, "attachments", lambda image: iter(()))
    data = layout.encrypted_dir / "data"
    monkeypatch.setattr(probe, "server_directories", lambda: {"data": data, "wal": layout.mount})
    return policy


def test_a_directory_beside_the_encrypted_one_is_told(host):
    found = probe.volume()
    assert (found.server["data"].on_volume, found.server["wal"].on_volume) == (True, False)
    assert (found.encrypted_dir.policy, found.encrypted_dir.key_state) == (host, "present")
    assert found.mapping is None


def test_an_open_key_is_told_and_never_said(host, call):
    found = probe.volume().key
    assert (found.mode, found.owner, found.plaintext_key, found.bound_to) == ("0400", os.getuid(), True, None)
    status, out = call(probe.main)
    assert status == 0
    assert KEY.hex() not in out


def test_of_the_mounts_the_nearest_counts(monkeypatch, tmp_path):
    mounts = "/dev/sda / ext4 rw 0 0\n/dev/loop7 /srv ext4 rw,noatime,lowerdir=/x 0 0\n"
    monkeypatch.setattr(probe.Path, "read_text", lambda _: mounts)
    assert probe.filesystem(probe.Path("/srv/archive")) == Mount(
        "/srv", "/dev/loop7", "ext4", ["rw", "noatime"]
    )
    assert probe.filesystem(probe.Path("/etc")).mount == "/"


def test_a_server_that_does_not_run_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "PID_FILE", tmp_path / "none.pid")
    with pytest.raises(HostError, match="PostgreSQL does not run"):
        probe.server_directories()


def test_a_directory_that_the_server_did_not_sign_is_refused(monkeypatch, tmp_path):
    """The directory is that of a process' command line, which anybody may choose; the server's own file settles it."""
    (tmp_path / "postmaster.pid").write_text("1\n")
    (tmp_path / "17-main.pid").write_text(str(os.getpid()))
    monkeypatch.setattr(probe, "PID_FILE", tmp_path / "17-main.pid")
    command = f"postgres\0-D\0{tmp_path}\0".encode()
    monkeypatch.setattr(probe.Path, "read_bytes", lambda _: command)
    with pytest.raises(HostError, match="runs elsewhere"):
        probe.server_directories()


@pytest.fixture
def disks(host, layout, monkeypatch, tmp_path):
    """The host's disks are a directory of the test's own."""
    here = tmp_path / "disks"
    here.mkdir()
    monkeypatch.setattr(probe_unlock, "files_outside", lambda _: sorted(here.iterdir()))
    monkeypatch.setattr(probe_unlock.key, "opens", lambda layout, key: key == KEY)
    return here


def test_a_key_that_lies_about_is_found_in_each_of_its_forms(disks):
    (disks / "raw").write_bytes(b"x" * 100 + KEY)
    (disks / "hex").write_text(f"key = {KEY.hex()}\n")
    (disks / "clean").write_text("nothing\n")
    found = probe_unlock.unlock()
    assert found.key_found_in == [str(disks / "hex"), str(disks / "raw")]
    assert (found.bound, found.opens_alone, found.opens_with_help) == (False, True, True)
    assert found.searched_files == 3


def test_a_bound_key_is_tried_without_a_network_and_its_other_half_looked_for(disks, layout, monkeypatch):
    layout.bound.write_bytes(b"jwe")
    (disks / "stolen").write_text('{"x": "HELPERS-PUBLIC"}')
    ran = []
    monkeypatch.setattr(probe_unlock, "run", lambda *command: ran.append(command) or "")

    def refused(*command, **_options):
        ran.append(command)
        raise HostError("clevis failed")

    monkeypatch.setattr(probe_unlock, "run_raw", refused)
    monkeypatch.setattr(probe_unlock.tang, "binding", lambda jwe: SimpleNamespace(public="HELPERS-PUBLIC"))
    monkeypatch.setattr(probe_unlock.key, "read", lambda layout: KEY)
    found = probe_unlock.unlock()
    assert (found.bound, found.opens_alone) == (True, False)
    assert found.helper_found_in == [str(disks / "stolen")]
    assert ran == [("unshare", "--net", "true"), ("unshare", "--net", "clevis", "decrypt")]


def test_a_trial_that_is_not_possible_proves_nothing(disks, layout, monkeypatch):
    layout.bound.write_bytes(b"jwe")

    def forbidden(*_command):
        raise HostError("unshare failed")

    monkeypatch.setattr(probe_unlock, "run", forbidden)
    monkeypatch.setattr(probe_unlock.tang, "binding", lambda jwe: SimpleNamespace(public="x"))
    monkeypatch.setattr(probe_unlock.key, "read", lambda layout: KEY)
    with pytest.raises(HostError, match="unshare"):
        probe_unlock.unlock()


def test_the_volume_itself_and_what_is_no_disk_are_left_out(layout, monkeypatch):
    mounts = f"proc /proc proc rw 0 0\n/dev/loop7 {layout.mount} ext4 rw 0 0\n"
    monkeypatch.setattr(probe_unlock.Path, "read_text", lambda _: mounts)
    left_out = []
    tree = [
        ("/", ["proc", "etc"], []),
        ("/etc", [], ["volume.key"]),
        (str(layout.backing.parent), [], ["volume.img"]),
    ]

    def walk(_root):
        for directory, below, names in tree:
            yield directory, below, names
            left_out.append(below)

    monkeypatch.setattr(probe_unlock.os, "walk", walk)
    assert list(map(str, probe_unlock.files_outside(layout))) == ["/etc/volume.key"]
    assert left_out[0] == ["etc"]
