"""The file systems that a unit's programs see: what is told of a namespace, and that the machine's own isn't."""

import pytest

from amanat_host.state import mount_namespaces, proc

MACHINES = """\
1 0 0:1 / / rw,relatime - ext4 /dev/vda rw
2 1 0:2 / /run rw,nosuid - tmpfs tmpfs rw,size=9k
3 1 0:3 / /proc rw - proc proc rw
4 3 0:3 /sys /proc/sys ro - proc proc rw
"""
STRICT = """\
1 0 0:1 / / ro,relatime shared:1 - ext4 /dev/vda rw
3 1 0:3 / /proc rw - proc proc rw
4 3 0:3 /sys /proc/sys ro - proc proc rw
"""
UNIT = "x.service"


@pytest.fixture
def told(monkeypatch, tmp_path):
    """What is told of a unit whose one process has these mounts."""
    monkeypatch.setattr(proc, "PROC", tmp_path)
    proc.firsts_namespace.cache_clear()

    def of(mounts, namespace="mnt:[2]"):
        for number, name, text in ((1, "mnt:[1]", MACHINES), (7, namespace, mounts)):
            (tmp_path / str(number) / "ns").mkdir(parents=True)
            (tmp_path / str(number) / "ns" / "mnt").symlink_to(name)
            (tmp_path / str(number) / "mountinfo").write_text(text)
            (tmp_path / str(number) / "status").touch()
        process = proc.Process(7, 1, 0.0, "", (), UNIT, {}, {}, frozenset(), {"mnt": namespace}, "/")
        return mount_namespaces.read([process]).items

    return of


def test_the_machines_own_to_read_only_is_no_item(told):
    assert told(STRICT) == {}


def test_a_process_of_the_machines_own_namespace_is_none(told):
    assert told(f"{STRICT}5 1 0:9 / /tmp rw - tmpfs tmpfs rw\n", "mnt:[1]") == {}


def test_what_may_be_written_to_is_told(told):
    assert told(f"{STRICT}2 1 0:2 / /run rw,nosuid - tmpfs tmpfs rw,size=9k\n") == {
        f"mount for {UNIT}: /run": "/run nosuid,rw"
    }


def test_a_root_that_was_made_writable_is_told(told):
    assert told(STRICT.replace("/ / ro", "/ / rw")) == {f"mount for {UNIT}: /": "/ rw"}


def test_a_mount_over_another_counts_as_the_last_one(told):
    assert told(f"{STRICT}9 1 0:1 /srv/evil / ro - ext4 /dev/vda rw\n") == {
        f"mount for {UNIT}: /": "/srv/evil ro"
    }


def test_part_of_the_machines_disk_on_another_place_is_told(told):
    found = told(f"{STRICT}9 1 0:1 /srv/evil /usr/lib/x ro,nosuid - ext4 /dev/vda rw\n")
    assert found == {f"mount for {UNIT}: /usr/lib/x": "/srv/evil nosuid,ro"}


def test_a_file_system_that_the_machine_does_not_see_is_told_by_its_kind(told):
    assert told(f"{STRICT}9 1 0:9 / /opt ro - tmpfs evil rw\n") == {
        f"mount for {UNIT}: /opt": "tmpfs of / ro"
    }


def test_a_private_directory_is_named_without_its_number(told):
    place = "/var/tmp/systemd-private-" + "0" * 32 + f"-{UNIT}-RPveiV/tmp"
    found = told(f"{STRICT}9 1 0:1 {place} /var/tmp rw - ext4 /dev/vda rw\n")
    assert found == {f"mount for {UNIT}: /var/tmp": f"/var/tmp/private/{UNIT}/tmp rw"}


def test_a_setting_of_the_kernel_that_was_made_writable_is_told(told):
    found = told(STRICT.replace("/sys /proc/sys ro", "/sys /proc/sys rw"))
    assert found == {f"mount for {UNIT}: /proc/sys": "/proc/sys rw"}


def test_what_of_the_kernel_is_hidden_is_no_item(told):
    assert told(f"{STRICT}9 3 0:2 /systemd/inaccessible/reg /proc/kmsg ro - tmpfs tmpfs rw\n") == {}
