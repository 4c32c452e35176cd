#!/bin/sh
# The bytecode of a module of Python's own was exchanged; its source is untouched, and dpkg finds no change.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: __pycache__/colorsys.cpython-313.pyc: file 0644 root root: not of its source
set -eu
/usr/bin/python3 -I -B - << 'EOF'
import importlib.util, marshal, os, struct
source = "/usr/lib/python3.13/colorsys.py"
status = os.stat(source)
code = compile(open(source).read() + "\nEXTRA = 1\n", source, "exec")
header = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(status.st_mtime), status.st_size)
with open(importlib.util.cache_from_source(source), "wb") as file:
    file.write(header + marshal.dumps(code))
EOF
# undo
rm /usr/lib/python3.13/__pycache__/colorsys.cpython-313.pyc
/usr/bin/python3 -I -c 'import py_compile; py_compile.compile("/usr/lib/python3.13/colorsys.py")'
