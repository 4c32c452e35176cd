"""A host that was changed by hand: seen as drift, put right by `up`."""


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

    again = live_stack.amanat("drift", "--json")
    assert (again.code, again.json["drift"]) == (0, [])
