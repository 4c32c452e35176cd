"""The image host containers start from: a bootstrapped Debian root file system, or a base that is pulled."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import jinja2
import pulumi
import pulumi_docker as docker
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from amanat.errors import AmanatError
from amanat.places import PROJECT_ROOT, cache
from amanat.progress import say
from amanat.setup.mirrors import Mirrors
from amanat.targets.engine import STACK_LABEL

TEMPLATES = PROJECT_ROOT / "templates" / "image"
# What boots and lets Ansible in; and what the role `base` wants on every host, so that is installed only once.
PACKAGES = [
    *("dbus", "iproute2", "python3", "python3-apt", "systemd", "systemd-sysv"),
    *("aide", "ca-certificates", "libpam-pwquality", "nftables", "openssh-server"),
    *("python3-cryptography", "sudo", "unattended-upgrades"),
]
BOOTSTRAP_LIMIT_SECONDS = 1800


class BootstrapFailed(AmanatError):
    """mmdebstrap could not make the root file system."""


class _RootFilesystems(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        path = bootstrap(props["suite"], props["mirror"], list(props["packages"]))
        return CreateResult(id_=path.stem, outs={**props, "path": str(path)})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = [key for key in ("suite", "packages") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)


class RootFilesystem(Resource, module="amanat", name="RootFilesystem"):
    """A Debian root file system as a tar file in the user's cache, made by mmdebstrap(1)."""

    path: pulumi.Output[str]

    def __init__(
        self, name: str, suite: str, mirror: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        props = {"suite": suite, "mirror": mirror, "packages": PACKAGES, "path": None}
        super().__init__(_RootFilesystems(), name, props, opts)


def bootstrap(suite: str, mirror: str, packages: list[str]) -> Path:
    """The cached root file system of these packages, made now if need be.

    Raises `BootstrapFailed`; a half-made file is never left under the final name.
    """
    key = hashlib.sha256("\n".join([suite, *packages]).encode()).hexdigest()[:16]
    done = cache() / "rootfs" / f"{suite}-{key}.tar"
    if done.exists():
        return done
    done.parent.mkdir(parents=True, exist_ok=True)
    say(f"bootstrapping Debian {suite} ({len(packages)} packages asked for; a minute or two)")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=".making-", dir=done.parent) as scratch:
        draft = Path(scratch) / "rootfs.tar"
        options = ["--variant=minbase", f"--include={','.join(packages)}"]
        options += Mirrors.from_environment().mmdebstrap_options()
        command = ["mmdebstrap", *options, suite, str(draft)]
        _run(command + ([mirror] if mirror else []), scratch)
        draft.replace(done)
    say(f"bootstrapped in {time.monotonic() - began:.0f} s, {done.stat().st_size / 1e6:.0f} MB")
    return done


def _run(command: list[str], scratch: str) -> None:
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=BOOTSTRAP_LIMIT_SECONDS,
            env={**os.environ, "TMPDIR": scratch},
            check=False,
        )
    except FileNotFoundError as error:
        raise BootstrapFailed(
            what="mmdebstrap is not installed",
            where="image",
            fix="Run `make up`, or apt-get install mmdebstrap.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BootstrapFailed(
            what=f"the bootstrap took more than {BOOTSTRAP_LIMIT_SECONDS} s",
            where="mmdebstrap",
            fix="Check that the Debian mirror answers (amanat:debian_mirror), and run again.",
        ) from error
    if result.returncode != 0:
        raise BootstrapFailed(what=_reason(result.stderr), where="mmdebstrap", fix=_remedy(result.stderr))


def _reason(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.startswith(("E:", "W:")) or "No space" in line]
    return " | ".join(lines[:3])[:400] or "mmdebstrap failed without saying why"


def _remedy(log: str) -> str:
    if "No space left" in log:
        return f"Free space under {cache()} (about 1 GB is needed), and run again."
    return "Check that the Debian mirror answers (amanat:debian_mirror), and run again."


class HostImage(pulumi.ComponentResource):
    """The image of the stack's hosts, built by the engine from `templates/image`."""

    def __init__(
        self,
        name: str,
        *,
        stack_id: str,
        context: Path,
        source: str,
        base: str,
        suite: str,
        mirror: str,
        provider: docker.Provider,
    ) -> None:
        super().__init__("amanat:targets:HostImage", name)
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        rendered = render_context(source, base)
        digest = hashlib.sha256("".join(rendered.values()).encode()).hexdigest()[:12]
        ready: pulumi.Output[str] = pulumi.Output.from_input("")
        if source == "bootstrap":
            ready = RootFilesystem("root-filesystem", suite, mirror, pulumi.ResourceOptions(parent=self)).path
        directory = ready.apply(lambda tar: str(write_context(context, rendered, tar)))
        image = docker.RemoteImage(
            "host-image",
            name=f"amanat/host:{stack_id}-{digest}",
            build=docker.RemoteImageBuildArgs(
                context=directory, remove=True, force_remove=True, label={STACK_LABEL: stack_id}
            ),
            triggers={"template": digest, "root_filesystem": ready.apply(os.path.basename)},
            force_remove=True,
            opts=child,
        )
        self.image_id = image.image_id
        self.register_outputs({"image_id": image.image_id})


def render_context(source: str, base: str) -> dict[str, str]:
    """The build context's small files by name."""
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - a Dockerfile, not a page
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    dockerfile = environment.get_template("Dockerfile.j2").render(source=source, base=base, packages=PACKAGES)
    plain = {name: (TEMPLATES / name).read_text("utf-8") for name in ("first-boot.conf", "deploy.sudoers")}
    return {"Dockerfile": dockerfile, **plain}


def write_context(directory: Path, rendered: dict[str, str], tar: str) -> Path:
    """Lay the build context out afresh; the root file system is linked, not copied, where it can be."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
    for name, text in rendered.items():
        (directory / name).write_text(text, "utf-8")
    # A cache that was cleaned matters only to a build, and a build then says so.
    if tar and Path(tar).exists() and not pulumi.runtime.is_dry_run():
        try:
            os.link(tar, directory / "rootfs.tar")
        except OSError:
            shutil.copyfile(tar, directory / "rootfs.tar")
    return directory
