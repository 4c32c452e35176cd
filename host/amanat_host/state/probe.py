"""Read one dimension of the host's whole state and print it as JSON. Changes nothing, takes no file names.

access     who may come in, how, and with whose rights
files      what no package brought, and what differs from it
network    what is listened on, let through and routed
running    what runs, starts by itself, and with what
"""

from __future__ import annotations

from amanat_host.entry import probe
from amanat_host.state import access, files, network, running

main = probe(
    __doc__,
    {"access": access.read, "files": files.read, "network": network.read, "running": running.read},
)
