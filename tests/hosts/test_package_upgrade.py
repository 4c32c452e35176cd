"""Packages that are unpacked anew, as an update does it: what runs takes it up, and the audit finds nobody's work."""

import json

# Programs that wait for connections, libraries that running services have open, settings, and a watcher of files.
RENEW = r"""
packages="openssh-server openssh-client libssl3t64 libxml2 libzstd1 nftables sudo aide"
packages="$packages stunnel4 pgbackrest python3-psycopg2 nginx nginx-common"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
known=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' $packages 2> /dev/null || true)
installed=$(echo "$known" | sed -n 's/ installed$//p')
apt-get -qq -y -o Dpkg::Options::=--force-confold install --reinstall $installed
"""
# As apt does it: the lock is held while something else runs.
INSTALLING = """
import fcntl, subprocess
with open("/var/lib/dpkg/lock-frontend", "r+") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    subprocess.run(["/usr/lib/amanat/restart-outdated"], check=True)
"""
# systemd may execute itself anew, which ends its clients' connections.
RESTART = """
systemctl start --no-block amanat-restart-outdated.service
state=activating
while [ "$state" = activating ]; do
  sleep 0.2
  state=$(systemctl show --property=ActiveState --value amanat-restart-outdated.service) || state=activating
done
[ "$(systemctl show --property=Result --value amanat-restart-outdated.service)" = success ]
"""
WAIT_FOR_A_RESTART_OF_THE_MACHINE = {"dbus.service", "systemd-logind.service"}


def outdated(live_stack, host):
    """The units that go on with code that is replaced."""
    return set(json.loads(live_stack.root(host, "/usr/lib/amanat/probe updates"))["replaced_since"])


def test_services_go_on_with_what_was_replaced(live_stack):
    for host in live_stack.machines:
        live_stack.root(host, RENEW)
    assert "postgresql@17-main.service" in outdated(live_stack, live_stack.machine_of("store"))
    assert "amanat-nginx.service" in outdated(live_stack, live_stack.machine_of("edge"))


def test_nothing_is_restarted_while_packages_are_installed(live_stack):
    before = outdated(live_stack, "store")
    said = live_stack.root("store", f"python3 - <<'END'\n{INSTALLING}END")
    assert "packages are being installed" in said
    assert outdated(live_stack, "store") == before


def test_services_take_up_what_was_renewed(live_stack):
    for host in live_stack.machines:
        live_stack.root(host, RESTART)
        left = outdated(live_stack, host)
        assert left <= WAIT_FOR_A_RESTART_OF_THE_MACHINE, f"{host}: {left}"
        assert bool(left) == (live_stack.root(host, "test ! -e /run/reboot-required || echo yes") == "yes\n")


def test_the_audit_is_green_after_packages_were_renewed(live_stack):
    audit = live_stack.audit()
    assert audit.code == 0, audit.out[-6000:] + audit.err[-2000:]
