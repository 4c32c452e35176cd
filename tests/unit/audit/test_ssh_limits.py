"""ssh as the audit starts it: nobody's configuration, and an end whatever the other side does."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from amanat.audit import ssh
from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.inventory import AuditedHost
from amanat.audit.ssh import Connection, offered_methods

# The person's own configuration, as ssh finds it in the account's home: first on the command line, so ours must win.
FOREIGN = """#!/bin/sh
exec /usr/bin/ssh -F "$0.config" -G "$@" >"$0.effective"
"""
STUCK = """#!/bin/sh
# Takes the connection, and answers nothing to what {when} asks.
trap '' TERM
case "$*" in
{when}) exec tail -f "$0" ;;
*-N*) exit 0 ;;
esac
exit 0
"""
CONFIGURATION = """\
Host *
    ProxyJump jump.example
    RemoteCommand tmux
    HostKeyAlgorithms ssh-rsa
    PubkeyAuthentication no
    IdentityAgent /run/agent
    ForwardAgent yes
    CertificateFile ~/.ssh/cert
    PKCS11Provider /usr/lib/token.so
    ControlMaster auto
    Ciphers aes128-cbc
    SendEnv LANG LC_*
    User somebody
    HostName elsewhere.example
    BindAddress 192.0.2.7
    KnownHostsCommand /bin/false
    RekeyLimit 1K
    Tunnel yes
"""


def target(*arguments: str) -> AuditedHost:
    return AuditedHost("store", "192.0.2.1", 2222, "auditor", None, arguments, frozenset({"all"}), {})


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `ssh` first on PATH, to be written."""
    path = tmp_path / "bin/ssh"
    path.parent.mkdir()
    path.touch(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    monkeypatch.setattr(ssh, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(ssh, "MASTER_SECONDS", 0.5)
    return path


def prepared(program: Path) -> AuditedHost:
    program.write_text(FOREIGN)
    program.with_name("ssh.config").write_text(CONFIGURATION)
    return target()


def effective(program: Path) -> dict[str, str]:
    """What ssh made of the person's configuration and our arguments."""
    text = program.with_name("ssh.effective").read_text()
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def connected(program: Path, *arguments: str) -> dict[str, str]:
    """As the auditor connects."""
    prepared(program)
    Connection(target(*arguments), program.parent).run("true")
    return effective(program)


def asked(program: Path) -> dict[str, str]:
    """As a stranger connects."""
    offered_methods(prepared(program), "stranger")
    return effective(program)


@pytest.mark.parametrize("way", [connected, asked])
def test_the_persons_configuration_has_no_say(program: Path, way: Callable[[Path], dict[str, str]]) -> None:
    found = way(program)
    assert found["hostname"] == "192.0.2.1"
    assert found["identityagent"] == "none"
    assert found["forwardagent"] == "no"
    assert found["pubkeyauthentication"] == "true"
    assert found["user"] in ("auditor", "stranger")
    text = " ".join(found.values())
    for word in (
        "jump.example",
        "tmux",
        "token.so",
        "aes128-cbc,",
        "192.0.2.7",
        "/bin/false",
        "LC_*",
        "somebody",
    ):
        assert word not in text, word
    assert {"proxyjump", "remotecommand", "knownhostscommand", "bindaddress", "certificatefile"}.isdisjoint(
        found
    )


def test_a_jump_host_and_an_agent_are_what_the_inventory_says(program: Path) -> None:
    found = connected(program, "-J", "gate.example", "-o", "IdentityAgent=/run/own")
    assert (found["proxyjump"], found["identityagent"]) == ("gate.example", "/run/own")


def test_a_configuration_that_the_inventory_names_is_read(program: Path) -> None:
    own = program.with_name("own")
    own.write_text("Host *\n  HostKeyAlias other.example\n")
    assert connected(program, "-F", str(own))["hostkeyalias"] == "other.example"


def running(program: Path) -> str:
    """Processes that this program's stand-in left."""
    found = subprocess.run(["pgrep", "-f", str(program)], capture_output=True, text=True, check=False)
    return found.stdout


def test_a_connection_that_never_comes_ends_in_time_and_leaves_no_process(program: Path) -> None:
    """An agent or a proxy that is silent holds ssh before any time limit of its own."""
    program.write_text(STUCK.format(when="*-N*"))
    with pytest.raises(Unreachable, match="no session after") as refused:
        Connection(target(), program.parent).run("true")
    assert refused.value.fix
    assert running(program) == ""


def test_a_refused_connection_whose_proxy_lives_on_is_told_at_once(program: Path) -> None:
    """What ssh started still holds its error stream."""
    program.write_text('#!/bin/sh\necho "ssh: refused" >&2\ntail -f "$0" >/dev/null &\nexit 255\n')
    try:
        with pytest.raises(Unreachable, match="ssh: refused"):
            Connection(target(), program.parent).run("true")
    finally:
        left = subprocess.run(
            ["pgrep", "-f", f"tail -f {program}"], capture_output=True, text=True, check=False
        )
        for pid in left.stdout.split():
            os.kill(int(pid), signal.SIGKILL)


def test_a_command_that_takes_no_input_ends_in_time(program: Path) -> None:
    """More than a pipe holds, to a host that reads nothing: writing it must not outlast the limit."""
    program.write_text(STUCK.format(when="*hangs"))
    with pytest.raises(NotChecked, match=r"no end after 0\.5 s: hangs"):
        Connection(target(), program.parent).run("hangs", stdin=b"x" * 1_000_000, seconds=0.5)
    assert running(program) == ""


def test_a_command_that_closes_its_output_and_goes_on_ends_in_time(program: Path) -> None:
    program.write_text(STUCK.format(when="*hangs").replace("exec tail", "exec >/dev/null 2>&1; exec tail"))
    with pytest.raises(NotChecked, match=r"no end after 0\.5 s: hangs"):
        Connection(target(), program.parent).run("hangs", seconds=0.5)


@pytest.mark.parametrize("when", ["*-O*exit*", "*-O*check*"])
def test_a_master_that_does_not_answer_holds_nothing_up(program: Path, when: str) -> None:
    program.write_text(
        STUCK.format(when=when).replace("exit 0\n", "exit 255\n").replace("*-N*) exit 255", "*-N*) exit 0")
    )
    connection = Connection(target(), program.parent)
    if "check" in when:
        with pytest.raises(Unreachable):
            connection.run("true")
    else:
        program.write_text(STUCK.format(when=when))
        connection.run("true")
        connection.close()
    assert running(program) == ""


def test_a_stranger_that_gets_no_answer_ends_in_time(program: Path) -> None:
    program.write_text(STUCK.format(when="*true*"))
    with pytest.raises(Unreachable, match="offers nothing"):
        offered_methods(target(), "stranger")


def test_a_person_with_a_configuration_is_told_where_to_put_it(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text("#!/bin/sh\necho 'ssh: no route' >&2\nexit 255\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Unreachable) as plain:
        Connection(target(), tmp_path).run("true")
    assert "~/.ssh/config" not in plain.value.fix
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").touch()
    with pytest.raises(Unreachable) as configured:
        Connection(target(), tmp_path).run("true")
    assert "ansible_ssh_common_args" in configured.value.fix
