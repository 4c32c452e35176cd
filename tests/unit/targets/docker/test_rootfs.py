"""Root file systems: made once, whole or not at all, by root or by a plain user; each lack is named."""

import os

import pytest

from amanat.owner import user_name
from amanat.setup import packages
from amanat.targets.docker import rootfs
from amanat.targets.docker.rootfs import BootstrapFailed, bootstrap

MAKES = 'echo "$@" >> "$0.calls"; echo rootfs\n'


@pytest.fixture
def mmdebstrap(tmp_path, monkeypatch):
    """mmdebstrap(script) puts such a program on PATH; calls() tells with what it was called."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(rootfs.Mirrors, "from_environment", lambda: rootfs.Mirrors())
    monkeypatch.setattr(rootfs, "DEBIAN_KEYRINGS", (tmp_path,))
    monkeypatch.setattr(rootfs, "_guard", list)
    monkeypatch.setattr(packages, "is_debian", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(rootfs, "SCRATCH", tmp_path / "scratch")
    (tmp_path / "scratch").mkdir()

    def put(script):
        program = tmp_path / "bin/mmdebstrap"
        program.write_text(f"#!/bin/sh\n{script}", "utf-8")
        program.chmod(0o755)
        return lambda: (tmp_path / "bin/mmdebstrap.calls").read_text("utf-8").splitlines()

    return put


def cached(tmp_path):
    """What the cache holds beside its locks."""
    return sorted(
        path.name for path in (tmp_path / "cache/amanat/rootfs").iterdir() if "lock" not in path.name
    )


def test_a_root_file_system_is_made_once(mmdebstrap, tmp_path):
    calls = mmdebstrap(MAKES)
    first = bootstrap("trixie", "http://m/debian", ["systemd", "sudo"])
    assert bootstrap("trixie", "", ["systemd", "sudo"]) == first
    assert first.read_text("utf-8") == "rootfs\n"
    assert cached(tmp_path) == [first.name]
    (call,) = calls()
    assert call == "--format=tar --variant=minbase --include=systemd,sudo trixie - http://m/debian"


def test_the_users_umask_is_not_the_hosts(mmdebstrap):
    mmdebstrap("umask\n")
    before = os.umask(0o077)
    try:
        assert bootstrap("trixie", "", ["x"]).read_text("utf-8") == "0022\n"
    finally:
        os.umask(before)


def test_other_packages_or_another_suite_are_another_file(mmdebstrap):
    mmdebstrap(MAKES)
    made = {bootstrap(*one) for one in (("a", "", ["x"]), ("b", "", ["x"]), ("a", "", ["x", "y"]))}
    assert len(made) == 3


def test_a_failed_bootstrap_leaves_nothing_and_tells_why(mmdebstrap, tmp_path):
    mmdebstrap(f'{MAKES}echo "I: working" >&2; echo "E: no such suite" >&2; exit 1\n')
    with pytest.raises(BootstrapFailed) as failure:
        bootstrap("trixie", "", ["x"])
    assert failure.value.what == "E: no such suite"
    assert "mirror" in failure.value.fix
    assert cached(tmp_path) == []


@pytest.mark.parametrize(
    ("script", "what", "fix"),
    [
        ("echo 'tar: x: No space left on device' >&2; exit 2\n", "No space left", "Free space under"),
        ("exit 3\n", "without saying why", "mirror"),
    ],
)
def test_each_failure_has_its_fix(mmdebstrap, script, what, fix):
    mmdebstrap(script)
    with pytest.raises(BootstrapFailed) as failure:
        bootstrap("trixie", "", ["x"])
    assert what in failure.value.what
    assert fix in failure.value.fix


@pytest.fixture
def plain_user(mmdebstrap, monkeypatch, tmp_path):
    """A plain user with all it takes: mmdebstrap, newuidmap and subordinate ids. calls() tells what was called."""
    calls = mmdebstrap(MAKES)
    (tmp_path / "bin/newuidmap").write_text("", "utf-8")
    (tmp_path / "bin/newuidmap").chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(rootfs, "_has_subordinate_ids", lambda: True)
    return calls


def test_a_plain_user_bootstraps_in_a_user_namespace_where_its_users_can_work(plain_user, mmdebstrap):
    mmdebstrap(f'[ "$(stat -c %a "$TMPDIR")" = 711 ] || exit 7; [ "$PWD" = "$TMPDIR" ] || exit 8; {MAKES}')
    bootstrap("trixie", "", ["x"])
    (call,) = plain_user()
    assert call.startswith("--mode=unshare --format=tar ")


@pytest.mark.parametrize(
    ("spoil", "what", "fix"),
    [
        (
            lambda bin, patch: (bin / "mmdebstrap").unlink(),
            "mmdebstrap missing",
            "install --no-install-recommends mmdebstrap",
        ),
        (lambda bin, patch: (bin / "newuidmap").unlink(), "uidmap missing", "recommends uidmap"),
        (
            lambda bin, patch: patch.setattr(rootfs, "DEBIAN_KEYRINGS", (bin / "none",)),
            "debian-archive-keyring missing",
            "recommends debian-archive-keyring",
        ),
        (
            lambda bin, patch: patch.setattr(rootfs, "_has_subordinate_ids", lambda: False),
            "subordinate user ids (/etc/subuid) missing",
            "usermod --add-subuids",
        ),
    ],
    ids=["mmdebstrap", "uidmap", "keyring", "subuid"],
)
def test_what_a_plain_user_lacks_is_named_before_anything_is_tried(
    plain_user, monkeypatch, tmp_path, spoil, what, fix
):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    spoil(tmp_path / "bin", monkeypatch)
    with pytest.raises(BootstrapFailed) as failure:
        bootstrap("trixie", "", ["x"])
    assert what in failure.value.what
    assert fix in failure.value.fix
    assert "amanat:image_source to pull" in failure.value.fix
    assert not (tmp_path / "bin/mmdebstrap.calls").exists()


def test_all_that_is_lacking_is_one_message(plain_user, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setattr(rootfs, "_has_subordinate_ids", lambda: False)
    with pytest.raises(BootstrapFailed) as failure:
        bootstrap("trixie", "", ["x"])
    assert "mmdebstrap, uidmap and subordinate user ids (/etc/subuid) missing" in failure.value.what


def test_forbidden_user_namespaces_are_named(plain_user, mmdebstrap):
    mmdebstrap('echo "E: unshare() failed: Operation not permitted" >&2; exit 1\n')
    with pytest.raises(BootstrapFailed, match="unshare") as failure:
        bootstrap("trixie", "", ["x"])
    assert "user namespaces" in failure.value.fix


@pytest.mark.parametrize(
    ("text", "has"), [("other:1:2\n", False), ("", False), ("{user}:1:2\n", True), ("{uid}:1:2\n", False)]
)
def test_subordinate_ids_are_those_of_the_user(tmp_path, text, has):
    file = tmp_path / "subuid"
    file.write_text(text.format(user=user_name(), uid=os.geteuid()), "utf-8")
    assert rootfs._has_subordinate_ids((str(file), str(file))) is has
    assert not rootfs._has_subordinate_ids((str(file), str(tmp_path / "none")))


def test_what_a_killed_bootstrap_left_goes_and_nothing_else(mmdebstrap, tmp_path):
    mmdebstrap(MAKES)
    space = tmp_path / "cache/amanat/rootfs"
    left, others = space / "amanat-rootfs-0-dead/deep", space / "amanat-rootfs-1-live"
    for directory in (left, others):
        directory.mkdir(parents=True)
    (space / "amanat-rootfs-0-link").symlink_to(others)
    (space / "amanat-rootfs-0-dangling").symlink_to(tmp_path / "nowhere")
    bootstrap("trixie", "", ["x"])
    assert not left.parent.exists()
    assert others.is_dir()


def test_a_plain_users_leftovers_are_removed_as_the_ids_that_own_them(plain_user, mmdebstrap, tmp_path):
    left = tmp_path / "scratch/amanat-rootfs-1000-dead"
    left.mkdir()
    os.chown(left, 1000, 1000) if os.getuid() == 0 else None
    bootstrap("trixie", "", ["x"])
    if os.getuid() in (0, 1000):
        assert plain_user()[0] == f"--unshare-helper rm -rf --one-file-system -- {left}"


@pytest.mark.parametrize(("user", "guard"), [(0, ["unshare", "--mount"]), (1000, [])])
def test_a_bootstrap_ends_with_us_and_keeps_its_mounts_to_itself(monkeypatch, user, guard):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert rootfs._guard() == ["setpriv", "--pdeathsig=TERM", *guard]


def test_an_endless_bootstrap_is_ended(mmdebstrap, monkeypatch):
    mmdebstrap("exec cat /dev/zero > /dev/null\n")
    monkeypatch.setattr(rootfs, "BOOTSTRAP_LIMIT_SECONDS", 0.2)
    with pytest.raises(BootstrapFailed, match="took more than 0.2 s"):
        bootstrap("trixie", "", ["x"])
