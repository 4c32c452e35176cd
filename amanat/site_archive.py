"""The operator's site as one file on the controller, from which the machine that serves it gets its pages."""

import hashlib
import io
import secrets
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from amanat.errors import AmanatError
from amanat.files import write_private_bytes
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.site.content import Content
from amanat.site.render import render


class SiteChanged(AmanatError):
    """Settings or templates changed between the plan and its execution."""


class _SiteArchives(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=secrets.token_hex(8), outs=_write(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(outs=_write(news))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        same = olds.get("digest") == news["digest"] and _digest_on_disk(Path(news["path"])) == news["digest"]
        return DiffResult(changes=not same, replaces=[])

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        Path(props["path"]).unlink(missing_ok=True)


class SiteArchive(Resource, module="amanat", name="SiteArchive"):
    """The rendered site as a tar file below the stack's directory; `digest` is its SHA-256.

    It is rendered while Pulumi plans, so that what can't be published is refused there.
    """

    digest: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, paths: StackPaths) -> None:
        props = {
            "path": str(paths.site_archive),
            "stack": paths.stack,
            "digest": hashlib.sha256(rendered(settings, paths)).hexdigest(),
        }
        super().__init__(_SiteArchives(), name, props)


def rendered(settings: Settings, paths: StackPaths) -> bytes:
    """The archive of the site that these settings declare. Raises what rendering raises."""
    content = Content.of(settings, paths.settings_file.name)
    return archive(render(content, settings.own_site_templates(paths.project)))


def archive(files: Mapping[str, bytes]) -> bytes:
    """Files by path as a tar archive (POSIX ustar): the same files give the same bytes, whoever makes it, and when."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for name, body in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            member.mode = 0o644
            made.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def _write(props: dict[str, Any]) -> dict[str, Any]:
    paths = StackPaths(props["stack"])
    body = rendered(Settings.of(paths), paths)
    if hashlib.sha256(body).hexdigest() != props["digest"]:
        raise SiteChanged(
            "what the site is rendered from changed during this run",
            f"{paths.settings_file.name} or its templates",
            "Run `make up` again.",
        )
    write_private_bytes(Path(props["path"]), body)
    return props


def _digest_on_disk(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
