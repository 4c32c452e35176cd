#!/bin/sh
# A program in the kernel sees each packet before the firewall does; no tool that lists rules or filters shows it.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects bpf tcx ingress of uplink
set -eu
cat > /run/amanat-break.bpf.py <<'END'
import ctypes, platform, struct, subprocess, time
call = {"x86_64": 321, "aarch64": 280}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, -1, 0x95, 0, 0, 0))  # go on to the next
licence = ctypes.create_string_buffer(b"GPL")
load = struct.pack("<IIQQ", 3, 2, ctypes.addressof(code), ctypes.addressof(licence)) + bytes(100)
program = libc.syscall(call, 5, load, len(load))
device = subprocess.run(["ip", "-4", "route", "show", "default"], capture_output=True, text=True).stdout.split()[4]
index = int(open(f"/sys/class/net/{device}/ifindex").read())
link = struct.pack("<IIII", program, index, 46, 0) + bytes(100)
assert libc.syscall(call, 28, link, len(link)) >= 0
open("/run/amanat-break.bpf", "w").close()
time.sleep(100000)
END
systemd-run --quiet --unit=amanat-break-bpf python3 /run/amanat-break.bpf.py
until [ -e /run/amanat-break.bpf ]; do systemctl is-active --quiet amanat-break-bpf.service; done
# undo
systemctl stop amanat-break-bpf.service
rm /run/amanat-break.bpf /run/amanat-break.bpf.py
