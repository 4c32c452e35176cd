#!/bin/sh
# An attribute of sshd's cgroup has journald drop its lines of who came in: no file, unit or number shows it.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known
# finding: attribute user.journald_log_filter_patterns of cgroup
set -eu
mark() {
    for place in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ ! -d "$place/system.slice/ssh.service" ] || python3 -c "$1" "$place/system.slice/ssh.service"
    done
}
mark 'import os, sys; os.setxattr(sys.argv[1], "user.journald_log_filter_patterns", b"\xffAccepted\0")'
# undo
mark() {
    for place in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ ! -d "$place/system.slice/ssh.service" ] || python3 -c "$1" "$place/system.slice/ssh.service"
    done
}
mark 'import os, sys; os.removexattr(sys.argv[1], "user.journald_log_filter_patterns")'
