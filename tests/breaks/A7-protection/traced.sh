#!/bin/sh
# A program that root runs is held by another, which reads its memory and changes what it does.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: traced: root 
set -eu
cat > /var/lib/misc/hold.py <<'EOF'
import ctypes, subprocess, time
show = ["systemctl", "show", "--property=MainPID", "--value", "unattended-upgrades.service"]
number = int(subprocess.check_output(show))
assert ctypes.CDLL(None).ptrace(0x4206, number, 0, 0) == 0  # PTRACE_SEIZE
time.sleep(1e6)
EOF
python3 /var/lib/misc/hold.py > /dev/null 2>&1 &
echo $! > /var/lib/misc/hold.pid
until grep -qs '^TracerPid:.*[1-9]' /proc/[0-9]*/status; do kill -0 $!; done
# undo
kill "$(cat /var/lib/misc/hold.pid)"
rm /var/lib/misc/hold.pid /var/lib/misc/hold.py
