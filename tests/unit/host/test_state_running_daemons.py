"""Processes as /proc shows them: what is told of a daemon, what of a session, and no secret argument."""

import os
from pathlib import Path

import pytest

from amanat_host.state import daemons, owned, proc
from amanat_host.state.listing import BESIDE

STATUS = "Name:\t{name}\nVmSize:\t1 kB\n"
STATUS += "Uid:\t0\t{uid}\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nTracerPid:\t{tracer}\nCapEff:\t{capabilities}\n"
STATUS += "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
DAEMON, SHELL, SESSION, SSHD = (
    "/usr/bin/daemon",
    "/usr/bin/dash",
    "/usr/lib/openssh/sshd-session",
    "/usr/sbin/sshd",
)
SOCKET = "0::/system.slice/ssh.service\n"
TICKS = os.sysconf("SC_CLK_TCK")  # in a second


@pytest.fixture(autouse=True)
def packages(monkeypatch):
    """Paths that packages brought, by package."""
    paths = dict.fromkeys((DAEMON, SHELL, SESSION, SSHD, "/usr/lib/libc.so"), "some")
    monkeypatch.setattr(owned, "packages_by_path", lambda: paths)
    monkeypatch.setattr(
        daemons,
        "public_variables",
        lambda: {"x.service": {"MODE": "on", daemons.COMMANDS: "/usr/bin/daemon run"}},
    )
    monkeypatch.setattr(daemons, "installed_at", lambda _package: 0.0)
    daemons.first_processs_capabilities.cache_clear()
    proc.firsts_namespace.cache_clear()
    return paths


@pytest.fixture
def start(monkeypatch, tmp_path):
    """proc(number, …) is one more process below a /proc of the test's own."""
    monkeypatch.setattr(proc, "PROC", tmp_path)
    monkeypatch.setattr(proc.os, "geteuid", lambda: 1)

    def made(number, program=DAEMON, words=(), **given):
        about = {
            "parent": 1,
            "cgroup": "0::/system.slice/x.service\n",
            "environ": "",
            "maps": "",
            "tracer": 0,
            "uid": 0,
        }
        about |= {"capabilities": "0", "name": Path(program).name, **given}
        place = tmp_path / str(number)
        place.mkdir()
        if program:
            (place / "exe").symlink_to(program)
        (place / "root").symlink_to("/")
        (place / "stat").write_text(
            f"{number} (a) b) S {about['parent']} " + "0 " * 17 + f"{about.get('ticks', 99)} 0"
        )
        (place / "status").write_text(STATUS.format(**about))
        (place / "cmdline").write_text("\0".join([*(words or [program]), ""]))
        for name in ("cgroup", "environ", "maps"):
            (place / name).write_text(about[name])

    made.place = tmp_path
    return made


def told():
    return dict(daemons.read().items)


def test_a_daemon_is_told_by_unit_account_program_and_rights(start):
    start(
        7,
        words=[DAEMON, "run"],
        environ="MODE=on\0LANG=C\0INVOCATION_ID=7\0OTHER=hunter2\0",
        capabilities="0000000000200001",
    )
    assert told() == {
        f"process of x.service: root {DAEMON}: {DAEMON} run": (
            "groups root; capabilities chown,sys_admin; no new privileges; seccomp; own namespaces none"
        ),
        f"environment of x.service: root {DAEMON}: LANG": "C",
        f"environment of x.service: root {DAEMON}: OTHER": "is set",
    }


def test_a_preloaded_library_is_told_with_its_path(start):
    start(7, environ="LD_PRELOAD=/tmp/x.so\0", maps="7f0-7f1 r-xp 00000000 08:01 55   /tmp/x.so\n")
    found = told()
    assert found[f"environment of x.service: root {DAEMON}: LD_PRELOAD"] == "/tmp/x.so"
    assert found[f"code of x.service: root {DAEMON}: /tmp/x.so"] == "of no package"


def test_data_and_packages_libraries_are_no_strange_code(start):
    start(
        7,
        maps="1-2 r-xp 00 08:01 55 /usr/lib/libc.so\n1-2 rw-p 00 08:01 56 /srv/data\n1-2 r-xp 00 00:00 0 [vdso]\n",
    )
    assert not [item for item in told() if item.startswith("code")]


@pytest.mark.parametrize(
    ("installed", "found"),
    [(0.0, "deleted, though nothing updated it"), (9e12, None)],
    ids=["exchanged", "updated"],
)
def test_a_program_that_was_put_away_is_told_unless_an_update_did_it(start, monkeypatch, installed, found):
    monkeypatch.setattr(daemons, "installed_at", lambda _package: installed)
    start(7, program=f"{DAEMON} (deleted)")
    assert told().get(f"code of x.service: root {DAEMON}: {DAEMON}") == found


def test_a_child_of_before_an_update_has_its_parents_code(start, monkeypatch):
    start(7, program=f"{DAEMON} (deleted)", ticks=100)
    parent = proc.processes()[7].started
    monkeypatch.setattr(daemons, "installed_at", lambda _package: parent + 10)
    start(8, program=f"{DAEMON} (deleted)", parent=7, ticks=100 + 20 * TICKS)
    assert [item for item in told() if item.startswith("code")] == []


LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max file size             {size:<20} unlimited            bytes
Max core file size        {core:<20} unlimited            bytes
Max open files            {files:<20} 20000                files
"""


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"core": 0, "files": 1024}, {}),
        ({"size": 16777216}, {"file size": "16777216, at most unlimited"}),
        ({"files": 100}, {"open files": "100, at most 20000"}),
    ],
    ids=["usual", "size", "files"],
)
def test_a_limit_that_will_stop_a_daemon_is_told(start, limits, found):
    usual = {"size": "unlimited", "core": "unlimited", "files": 20000}
    for number, own in ((1, usual), (7, usual | limits)):
        start(number)
        (start.place / str(number) / "limits").write_text(LIMITS.format(**own))
    told_limits = {item: value for item, value in told().items() if item.startswith("limit")}
    assert told_limits == {
        f"limit of x.service: root {DAEMON}: {name}": value for name, value in found.items()
    }


def test_code_in_memory_alone_is_told(start):
    start(7, program="/memfd:x (deleted)")
    assert told()["code of x.service: root /memfd:x: /memfd:x"] == "of no package, and deleted"


def test_a_script_that_no_package_brought_is_told(start, tmp_path, packages):
    script = tmp_path / "job"
    script.touch()
    start(7, program=SHELL, words=["/bin/sh", str(script)])
    assert told()[f"code of x.service: root {SHELL}: {script}"] == "of no package"
    packages[str(script)] = "ours"
    assert f"code of x.service: root {SHELL}: {script}" not in told()


def test_of_two_alike_in_all_but_their_rights_both_are_told(start):
    start(7, capabilities="0000000000200000")
    start(8)
    start(9)
    rights = told()[f"process of x.service: root {DAEMON}: {DAEMON}"]
    shown = [one.split("; ")[1] for one in rights.split(BESIDE)]
    assert shown == ["capabilities none", "capabilities sys_admin"]


def test_arguments_that_nobody_published_are_not_told(start):
    start(7, words=[DAEMON, "hunter2", "-phunter2", "--key=hunter2", "-D", "/", "/hunter2"])
    assert not [one for pair in told().items() for one in pair if "hunter2" in one]
    assert f"process of x.service: root {DAEMON}: {DAEMON} … -p… --key=… -D / …" in told()


def test_a_session_is_told_by_its_account_and_not_by_what_it_runs(start):
    start(5, program=SSHD, words=["sshd: /usr/sbin/sshd -D [listener] 3 of 10-30 startups"], cgroup=SOCKET)
    start(6, program=SESSION, words=["sshd-session: ana [priv]"], parent=5, cgroup=SOCKET)
    start(7, program=SESSION, words=["sshd-session: ana@notty"], parent=6, cgroup=SOCKET)
    start(8, program=SHELL, parent=7, cgroup=SOCKET, ticks=10**15)
    found = told()
    assert found["session of ana"] == "open"
    assert [item for item in found if item.startswith("process")] == [
        f"process of ssh.service: root {SSHD}: sshd: /usr/sbin/sshd -D [listener] <n> of 10-30 startups"
    ]


def test_a_session_that_hides_its_program_is_known_by_its_place(start):
    start(5, program=SSHD, words=["sshd: x"], cgroup=SOCKET, ticks=500)
    start(
        6,
        program="",
        name="sshd-session",
        words=["sshd-session: ana [priv]"],
        parent=5,
        cgroup=SOCKET,
        ticks=10**15,
    )
    start(
        7,
        program="",
        name="sshd-session",
        words=["sshd-session: bob [priv]"],
        parent=1,
        cgroup=SOCKET,
        ticks=400,
    )
    start(
        8,
        program="",
        name="sshd-session",
        words=["sshd-session: eve [priv]"],
        parent=1,
        cgroup=SOCKET,
        ticks=600,
    )
    found = told()
    assert {"session of ana", "session of bob", "left behind by a session: root (sshd-session)"} <= set(found)
    assert "session of eve" not in found


def test_a_namespace_of_its_own_is_told(start, tmp_path):
    start(1, cgroup="0::/init.scope\n")
    start(7)
    for number, name in ((1, "net:[1]"), (7, "net:[2]")):
        (tmp_path / str(number) / "ns").mkdir()
        (tmp_path / str(number) / "ns/net").symlink_to(name)
    assert told()[f"process of x.service: root {DAEMON}: {DAEMON}"].endswith("own namespaces net")


def test_what_runs_on_when_its_session_is_over_is_told(start):
    start(8, program=SHELL, words=[SHELL, "hunter2"], parent=1, cgroup=SOCKET)
    assert told() == {f"left behind by a session: root {SHELL}": f"{SHELL} …"}


def test_a_session_that_lasts_for_days_is_told(start):
    start(6, program=SESSION, words=["sshd-session: ana [priv]"], ticks=-(10**9), cgroup=SOCKET)
    assert told()[f"session of ana runs {SESSION}"] == "for more than a day"


def test_one_that_waits_to_come_in_is_nobody_yet(start):
    start(6, program=SESSION, words=["sshd-session: [accepted]"], ticks=10**15, cgroup=SOCKET)
    assert told() == {"session of nobody yet": "open"}


def test_what_runs_on_when_its_unit_has_ended_is_told(start, monkeypatch):
    shown = "Id=x.service\nActiveState=inactive\n\nId=y.service\nActiveState=active\n"
    monkeypatch.undo()
    monkeypatch.setattr(
        daemons, "output", lambda _program, verb, *_rest: shown if verb == "show" else "LANG=C\n"
    )
    found = daemons.public_variables()
    assert (daemons.ENDED in found["x.service"], daemons.ENDED in found["y.service"]) == (True, False)
    monkeypatch.setattr(daemons, "public_variables", lambda: found)
    monkeypatch.setattr(proc, "PROC", start.place)
    monkeypatch.setattr(proc.os, "geteuid", lambda: 1)
    monkeypatch.setattr(owned, "packages_by_path", lambda: {DAEMON: "some"})
    start(7)
    assert f"process of x.service after its end: root {DAEMON}: {DAEMON}" in told()


def test_a_traced_process_is_told_with_who_holds_it(start):
    start(6, program="/usr/bin/gdb")
    start(7, tracer=6)
    assert told()[f"traced: root {DAEMON}"] == "by /usr/bin/gdb"


def test_a_process_outside_all_units_is_told(start):
    start(7, cgroup="9:name=systemd:/\n0::/\n")
    assert f"process of no unit: root {DAEMON}: {DAEMON}" in told()


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("postgres: 17/main: writer archive 10.0.0.9(4711) idle", "postgres: 17/main: <client>"),
        ("postgres: 17/main: checkpointer ", "postgres: 17/main: checkpointer"),
        ("postgres: 17/main: archiver last was 000000010000000000000007", "postgres: 17/main: archiver"),
    ],
)
def test_what_postgresql_calls_itself_is_told_without_what_it_is_at(start, packages, title, short):
    program = "/usr/lib/postgresql/17/bin/postgres"
    packages[program] = "postgresql-17"
    start(7, program=program, words=[title])
    assert f"process of x.service: root {program}: {short}" in told()


def test_one_that_systemd_just_starts_is_left_out(start, monkeypatch):
    monkeypatch.setattr(proc, "STARTED_SECONDS", 0.0)
    start(7, program="/usr/lib/systemd/systemd-executor", ticks=10**15)
    start(9, program="", name="(daemon)", ticks=10**15)
    assert told() == {}
    start(8, program="/usr/lib/systemd/systemd-executor", ticks=0)
    assert [item for item in told() if item.startswith("process")]


def test_one_that_is_slow_to_start_is_waited_for_and_told_as_what_it_is_then(start, monkeypatch):
    start(7, program="", name="(daemon)", ticks=0)
    read = proc.process_of

    def started(number, boot):
        (start.place / "7/status").write_text(
            (start.place / "7/status").read_text().replace("(daemon)", "daemon")
        )
        (start.place / "7/exe").symlink_to(DAEMON)
        return read(number, boot)

    monkeypatch.setattr(proc.time, "sleep", lambda _: monkeypatch.setattr(proc, "process_of", started))
    assert [item for item in told() if item.startswith("process")] == [
        f"process of x.service: root {DAEMON}: …"
    ]


def test_the_first_processs_capabilities_are_all(start):
    start(1, capabilities="00000000a80425fb", cgroup="0::/init.scope\n")
    start(7, capabilities="00000000a80425fb")
    assert "capabilities all;" in told()[f"process of x.service: root {DAEMON}: {DAEMON}"]


def test_the_tests_own_process_is_read():
    found = proc.process_of(os.getpid(), 0.0)
    assert found is not None
    assert found.parent == os.getppid()


def test_who_asked_for_an_account_that_may_not_log_in_is_nobody_yet(start, monkeypatch):
    """sshd calls them `unknown`; an account that is named so is itself."""
    start(6, program=SESSION, words=["sshd-session: unknown [priv]"], ticks=10**15, cgroup=SOCKET)
    assert told() == {"session of nobody yet": "open"}
    monkeypatch.setattr(proc, "is_account", lambda name: name == "unknown")
    assert told() == {"session of unknown": "open"}


@pytest.mark.parametrize(
    ("state", "told_so"), [("T (stopped)", True), ("t (tracing stop)", True), ("S (sleeping)", False)]
)
def test_a_daemon_that_was_stopped_is_told(start, state, told_so):
    start(7)
    status = start.place / "7/status"
    status.write_text(f"State:\t{state}\n{status.read_text()}")
    assert (f"stopped: x.service: root {DAEMON}" in told()) == told_so
