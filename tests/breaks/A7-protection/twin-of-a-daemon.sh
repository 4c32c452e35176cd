#!/bin/sh
# A process stands beside the guard of the database's roles, with its unit, account, program and words, and more rights.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: process of amanat-postgresql-guard.service
set -eu
# The guard is started after it, so that the guard is the one that a list by number names last.
twin='
import ctypes, os, signal, subprocess, sys
UNIT = "amanat-postgresql-guard.service"
subprocess.run(["systemctl", "restart", UNIT], check=True)
shown = subprocess.run(["systemctl", "show", "--property=MainPID,ControlGroup", UNIT], stdout=subprocess.PIPE, text=True)
guard = dict(line.split("=", 1) for line in shown.stdout.splitlines())
words = b""
while not words.startswith(b"/usr/bin/python3"):  # systemd still prepares it
    words = open("/proc/%s/cmdline" % guard["MainPID"], "rb").read()
for tree in ("unified", "systemd", "."):
    procs = "/sys/fs/cgroup/%s%s/cgroup.procs" % (tree, guard["ControlGroup"])
    if os.path.exists(procs):
        open(procs, "w").write(str(os.getpid()))
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
begin, end = int(fields[45]), int(fields[46])
with open("/proc/self/mem", "r+b", 0) as memory:
    memory.seek(begin)
    memory.write(words.ljust(end - begin, b"\0"))
status = dict(line.split(":", 1) for line in open("/proc/%s/status" % guard["MainPID"]))
os.setgroups([int(one) for one in status["Groups"].split()])
os.setgid(int(status["Gid"].split()[0]))
os.setuid(int(status["Uid"].split()[0]))
ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: it looks like any other
signal.pause()
'
env -i LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin /usr/bin/python3 -IB -c "$twin" > /dev/null 2>&1 < /dev/null &
echo $! > /run/amanat-break.twin
until test "$(stat -c %U /proc/$!)" = postgres; do kill -0 $!; done
# undo
kill "$(cat /run/amanat-break.twin)"
rm /run/amanat-break.twin
