"""What is written on cgroups: all but systemd's own notes is told."""

import os

from amanat_host.state import cgroup_attributes

FILTER = "user.journald_log_filter_patterns"


def test_an_attribute_of_a_cgroup_is_told_and_systemds_notes_are_not(tmp_path):
    unit = tmp_path / "system.slice/ssh.service"
    unit.mkdir(parents=True)
    os.setxattr(unit, FILTER, b"\xffAccepted\0")
    os.setxattr(unit, "user.invocation_id", b"0" * 32)
    assert cgroup_attributes.read(tmp_path).items == {
        f"attribute {FILTER} of cgroup system.slice/ssh.service": "\\xffAccepted\\x00"
    }


def test_a_cgroup_that_has_gone_has_none(tmp_path):
    assert list(cgroup_attributes.attributes(str(tmp_path / "gone"))) == []
