"""One engine, several checkouts, users and homes: none touches what another made."""

import os
import shutil
import subprocess
import sys

import pytest

from amanat.owner import described, owner
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.targets.docker import client as engine
from amanat.targets.docker.labels import STACK_LABEL


def everything(live_stack):
    """The stack's containers, networks and volumes as the engine knows them, its state, and its messages."""
    with engine.connection("") as client:
        label = {"label": f"{STACK_LABEL}={live_stack.paths.stack_id}"}
        containers = sorted(
            (one.id, one.attrs["State"]["StartedAt"])
            for one in client.containers.list(all=True, filters=label)
        )
        networks = sorted(one.id for one in client.networks.list(filters=label))
        volumes = sorted((one.name, one.attrs["CreatedAt"]) for one in client.volumes.list(filters=label))
    count = len(live_stack.machines)
    assert (len(containers), len(networks), len(volumes)) == (count, 1, count)
    state = live_stack.paths.state / f".pulumi/stacks/amanat/{live_stack.stack}.json"
    messages = live_stack.query("SELECT count(*) FROM archive.message")
    return containers, networks, volumes, state.read_bytes(), messages


@pytest.fixture
def copy(live_stack, tmp_path):
    """A copy of this checkout with the stack's settings file, as `cp -a` makes it; its own stacks are removed."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    copy = tmp_path / "copy"
    for name in [*filter(None, tracked), f"Pulumi.{live_stack.stack}.yaml", ".venv/bin/amanat"]:
        if (PROJECT_ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT_ROOT / name, copy / name, follow_symlinks=False)
    yield copy
    shutil.rmtree(StackPaths(live_stack.stack, copy).state, ignore_errors=True)
    shutil.rmtree(StackPaths(live_stack.stack, copy).directory, ignore_errors=True)


def in_copy(copy, command, stack, *arguments):
    """Run `amanat` in the copy as a person there would."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return subprocess.run(
        [*command, *arguments, "--stack", stack],
        cwd=copy,
        env=inherited,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_copys_down_leaves_the_original_alone(live_stack, copy):
    before = everything(live_stack)
    copied = in_copy(copy, [str(copy / ".venv/bin/amanat")], live_stack.stack, "down", "--yes")
    assert copied.returncode == 2, copied.stderr
    assert f"would work on {PROJECT_ROOT}" in copied.stderr
    remade = in_copy(copy, [sys.executable, "-m", "amanat"], live_stack.stack, "down", "--yes")
    assert remade.returncode == 0, remade.stderr
    assert f"stack {StackPaths(live_stack.stack, copy).stack_id} is gone" in remade.stdout
    assert everything(live_stack) == before


def test_a_settings_file_with_a_stale_salt_works_in_the_copy(live_stack, copy):
    """Another home has another passphrase, to which the salt that came along does not belong."""
    before = everything(live_stack)
    settings = copy / f"Pulumi.{live_stack.stack}.yaml"
    old = [line for line in settings.read_text("utf-8").splitlines() if line.startswith("encryptionsalt:")]
    assert len(old) == 1
    preview = in_copy(copy, [sys.executable, "-m", "amanat"], live_stack.stack, "preview", "--json")
    assert preview.returncode == 0, preview.stderr
    new = [line for line in settings.read_text("utf-8").splitlines() if line.startswith("encryptionsalt:")]
    assert len(new) == 1
    assert new != old
    assert everything(live_stack) == before


@pytest.mark.parametrize(
    "arguments", [("up", "--no-audit"), ("preview",), ("down", "--yes")], ids=lambda a: a[0]
)
@pytest.mark.parametrize("variable", ["AMANAT_HOME", "HOME"], ids=["second home", "second user"])
def test_a_second_owner_of_one_checkout_is_refused_by_the_firsts_name(
    live_stack, tmp_path, variable, arguments
):
    before, settings = everything(live_stack), PROJECT_ROOT / f"Pulumi.{live_stack.stack}.yaml"
    text = settings.read_text("utf-8")
    elsewhere = (
        {"HOME": str(tmp_path), "AMANAT_HOME": ""} if variable == "HOME" else {variable: str(tmp_path)}
    )
    caches = {"XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")}
    plugins = {"PULUMI_HOME": os.environ.get("PULUMI_HOME") or os.path.expanduser("~/.pulumi")}
    refused = live_stack.amanat(*arguments, **elsewhere, **caches, **plugins)
    assert (refused.code, refused.out) == (2, "")
    assert f"belongs to {described(owner())}" in refused.err
    assert "Traceback" not in refused.err
    assert everything(live_stack) == before
    assert settings.read_text("utf-8") == text
