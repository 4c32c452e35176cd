"""A host that was changed by hand: seen as drift, put right by `up`."""

import re
import subprocess

from amanat.places import PROJECT_ROOT


def test_drift_is_seen_and_put_right(live_stack):
    loosened = "/etc/ssh/sshd_config.d/00-amanat.conf"
    live_stack.root(
        "store", f"sed -i 's/^PermitRootLogin.*/PermitRootLogin yes/' {loosened} && systemctl reload ssh"
    )
    assert "permitrootlogin yes" in live_stack.root("store", "sshd -T")

    drift = live_stack.amanat("drift", "--json")
    assert drift.code == 1, drift.err
    assert any("PermitRootLogin yes" in line for line in drift.json["drift"])
    assert "permitrootlogin yes" in live_stack.root("store", "sshd -T"), "looking for drift changed the host"

    up = live_stack.amanat("up", "--no-audit", "--json")
    assert up.code == 0, up.err
    assert "permitrootlogin no" in live_stack.root("store", "sshd -T")


def test_the_playbook_runs_from_the_inventory_alone_and_finds_nothing_to_change(live_stack):
    """After the repair above no drift is left, also for whoever uses Ansible without the kit."""
    command = [
        ".venv/bin/ansible-playbook",
        "-i",
        str(live_stack.places.inventory),
        "ansible/site.yml",
        "--check",
    ]
    ran = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
    assert re.findall(r"changed=(\d+)", ran.stdout) == ["0", "0"]
