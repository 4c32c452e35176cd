#!/bin/sh
# In the running server's own view the machine's disk was made writable; its unit still says that it is not.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: mount for postgresql@17-main.service: /:
set -eu
cat > /run/amanat-break-remount.py <<'END'
import ctypes, os, sys
REMOUNT, BIND, NOSUID, RELATIME, READ_ONLY = 1 << 5, 1 << 12, 1 << 1, 1 << 21, 1
libc = ctypes.CDLL(None, use_errno=True)
process, how = sys.argv[1:]
flags = REMOUNT | BIND | NOSUID | RELATIME | (READ_ONLY if how == "ro" else 0)
view = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY)
if libc.setns(view, 0) or libc.mount(None, b"/", None, flags, None):
    sys.exit(os.strerror(ctypes.get_errno()))
END
chmod 0644 /run/amanat-break-remount.py
# Only the server's own account may enter its view here.
setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=+sys_admin,+sys_chroot \
    --ambient-caps=+sys_admin,+sys_chroot python3 -IB /run/amanat-break-remount.py \
    "$(head -n 1 /srv/archive/postgresql/17/main/postmaster.pid)" rw
# undo
setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=+sys_admin,+sys_chroot \
    --ambient-caps=+sys_admin,+sys_chroot python3 -IB /run/amanat-break-remount.py \
    "$(head -n 1 /srv/archive/postgresql/17/main/postmaster.pid)" ro
rm /run/amanat-break-remount.py
