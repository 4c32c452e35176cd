"""A host that was restarted comes back by itself, with everything in force."""

import docker


def test_the_audit_is_green_after_a_restart(live_stack):
    client = docker.from_env()
    for host in ("store", "logs"):
        client.containers.get(f"{live_stack.paths.stack_id}-{host}").restart(timeout=60)
    client.close()
    live_stack.root(
        "store",
        "for i in $(seq 240); do pg_isready -q && exit 0; sleep 0.5; done; systemctl --failed; exit 1",
    )
    audit = live_stack.audit()
    assert audit.code == 0, audit.out[-6000:] + audit.err[-2000:]
