"""The image host containers start from: a bootstrapped Debian root file system, or a base that is pulled."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import jinja2
import pulumi
import pulumi_docker as docker
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from amanat.paths import PROJECT_ROOT
from amanat.targets.docker.labels import STACK_LABEL
from amanat.targets.docker.rootfs import bootstrap

TEMPLATES = PROJECT_ROOT / "templates" / "image"
# What boots and lets Ansible in; and what the role `base` wants on every host, so that is installed only once.
PACKAGES = [
    *("dbus", "iproute2", "python3", "python3-apt", "systemd", "systemd-sysv"),
    *("aide", "ca-certificates", "libpam-pwquality", "nftables", "openssh-server"),
    *("python3-cryptography", "sudo", "unattended-upgrades"),
]


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
        proxy: str,
        provider: docker.Provider,
    ) -> None:
        super().__init__("amanat:targets:HostImage", name)
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        rendered = render_context(source, base)
        build_args = {"http_proxy": proxy, "https_proxy": proxy} if proxy and source == "pull" else {}
        # An image that is replaced is removed by its name, so another one needs another name.
        parts = [*rendered.values(), *build_args.values()]
        digest = hashlib.sha256("".join(parts).encode()).hexdigest()[:12]
        ready: pulumi.Output[str] = pulumi.Output.from_input("")
        if source == "bootstrap":
            ready = RootFilesystem("root-filesystem", suite, mirror, pulumi.ResourceOptions(parent=self)).path
        directory = ready.apply(lambda tar: str(write_context(context, rendered, tar)))
        image = docker.RemoteImage(
            "host-image",
            name=f"amanat/host:{stack_id}-{digest}",
            build=docker.RemoteImageBuildArgs(
                context=directory,
                remove=True,
                force_remove=True,
                label={STACK_LABEL: stack_id},
                # Known to every Dockerfile, and kept out of the image (docs.docker.com, predefined ARGs).
                build_args=build_args or None,
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
