"""A host that was changed by hand: seen as drift, put right by `up`, and nothing is left to change then."""

import os
import re
import subprocess
from ipaddress import IPv4Network

import pytest

from amanat.audit.session import NOT_CHOSEN
from amanat.paths import PROJECT_ROOT
from amanat.stack import Stack
from tests.hosts.live import FOREIGN, audited, failing
from tests.hosts.proxy import proxy

LOOSENED = "/etc/ssh/sshd_config.d/00-amanat.conf"


def playbook(live_stack, *options):
    """Run the playbook as somebody would who uses Ansible without the kit; its output."""
    command = [
        ".venv/bin/ansible-playbook",
        "-i",
        str(live_stack.paths.inventory),
        "ansible/playbooks/site.yml",
        *options,
    ]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    ran = subprocess.run(command, cwd=PROJECT_ROOT, env=plain, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
    return ran.stdout


def test_packages_come_through_the_proxy_of_the_hosts(live_stack):
    """By the role and one tag; the next test's `up` puts the host back to what the settings say."""
    controller = Stack(live_stack.paths).outputs()["network"]["controller"]
    with proxy(IPv4Network(f"{controller}/24", strict=False)) as (address, asked):
        chosen = f"--extra-vars=base_http_proxy={address}"
        playbook(live_stack, "--limit=vault", "--tags=A7-protection", chosen)
        asked.clear()
        live_stack.root("vault", "apt-get --quiet update && apt-get --quiet --download-only install hello")
        assert [url for url in asked if url.endswith("/InRelease")]
        assert [url for url in asked if "/hello_" in url]
    gone = "apt-get --quiet --option Acquire::Retries=0 --option APT::Update::Error-Mode=any update"
    assert "hello" not in live_stack.root("vault", f"if {gone}; then echo hello; fi")


def test_drift_is_seen_and_put_right(live_stack):
    live_stack.root(
        "store", f"sed -i 's/^PermitRootLogin.*/PermitRootLogin yes/' {LOOSENED} && systemctl reload ssh"
    )
    assert "permitrootlogin yes" in live_stack.root("store", "sshd -T")

    drift = live_stack.amanat("drift", "--json", **FOREIGN)
    assert drift.code == 1, drift.err
    assert any("PermitRootLogin yes" in line for line in drift.json["drift"])
    assert "permitrootlogin yes" in live_stack.root("store", "sshd -T"), "looking for drift changed the host"

    up = live_stack.amanat("up", "--no-audit", "--json", **FOREIGN)
    assert up.code == 0, up.err
    assert "permitrootlogin no" in live_stack.root("store", "sshd -T")


def test_an_audit_is_the_same_in_anybodys_environment(live_stack):
    """Its verdicts, each with the number of its checks: none is left out, and none asks another server."""
    only = ("--only", "U-currency", "--only", "A6-7-2-transactions")
    clean, foreign = (live_stack.amanat("audit", "--json", *only, **given) for given in ({}, FOREIGN))
    assert clean.code == foreign.code == 0, foreign.err
    assert foreign.json["requirements"] == clean.json["requirements"]


@pytest.mark.parametrize(("halt", "status"), [("pause", "paused"), ("stop", "stopped")])
def test_a_host_that_does_not_run_is_drift_and_is_not_started(live_stack, halt, status):
    name = f"{live_stack.paths.stack_id}-vault"
    subprocess.run(["docker", halt, name], check=True, capture_output=True)
    drift = live_stack.amanat("drift", "--json")
    assert drift.code == 1, drift.err
    assert f"host vault is {status}" in drift.json["drift"]
    assert Stack(live_stack.paths).target.states()["vault"] == status

    assert live_stack.amanat("up", "--no-audit", "--json").code == 0
    assert live_stack.amanat("drift", "--json").json["drift"] == []


def test_after_the_repair_a_forced_converge_changes_no_task(live_stack):
    forced = live_stack.amanat("up", "--no-audit", "--force", "--json")
    assert forced.code == 0, forced.err
    changed = {
        part: {host: counts["changed"] for host, counts in recap.items()}
        for part, recap in forced.json["recap"].items()
    }
    each, vault = {"logs": 0, "store": 0, "vault": 0}, {"vault": 0}
    own = {"tang": vault, "vault": vault, "logs": {"logs": 0}, "store": {"store": 0}}
    own["edge"] = {"store": 0}
    assert changed == {"base": each, **own, "backups": each}


def test_all_that_needs_no_drill_is_satisfied_then(live_stack, tmp_path):
    """After all that this stack went through: killed runs, crashes, outages, faults, drift."""
    drill = "--ignore=policies/article5/test_durable_drill.py"
    status, requirements = audited(live_stack.stack, tmp_path, "policies", drill)
    left_out = dict.fromkeys(("A5-6-1-durable", "A5-6-1-integrity"), NOT_CHOSEN)
    assert (status, failing(requirements)) == (1, left_out)


def test_the_playbook_runs_from_the_inventory_alone_and_leaves_nothing_on_the_host(live_stack):
    """For whoever uses Ansible without the kit; one tag stands for all, the run before had them all."""
    began = live_stack.root("store", "date +%s").strip()
    output = playbook(live_stack, "--check", "--tags=A5-6-1-integrity")
    assert re.findall(r"changed=(\d+)", output) == ["0"] * len(live_stack.machines)
    # What modules are given, whole files among it, is not for the host's journal.
    told = live_stack.root("store", f"journalctl --quiet --since=@{began} --grep='Invoked with' || true")
    assert told == ""
    assert ".ansible" not in live_stack.root("store", "ls -A /root /var/lib/postgresql")
    # But for the modules' bytecode, which spares the next run half of the work: nobody but root may change it.
    assert live_stack.root("store", "ls /run/amanat-bytecode-*").split()
    assert live_stack.root("store", "find /run/amanat-bytecode-* ! -user root -o -perm /022") == ""
