"""The controller's own files of a stack: keys, pinned hosts, client certificates, inventory. Remade when lost."""

import hashlib
import secrets
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from amanat.files import private_directory, write_private
from amanat.secret_outputs import secret_outputs


class _Files(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=secrets.token_hex(8), outs=_write(props))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        outs = _write(news)
        if olds["directory"] == news["directory"]:
            self.delete(_id, {**olds, "names": set(olds["names"]) - set(outs["names"])})
        return UpdateResult(outs=outs)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        if not isinstance(news["files"], dict):  # a preview can't know keys that are yet to be made
            return DiffResult(changes=True, replaces=[])
        same = olds.get("digest") == _digest(news["files"]) and _on_disk(news)
        return DiffResult(changes=not same, replaces=[])

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        for name in props["names"]:
            (Path(props["directory"]) / name).unlink(missing_ok=True)


class ControllerFiles(Resource, module="amanat", name="ControllerFiles"):
    """Private files (mode 0600, or 0700 where marked) below `directory`, by relative name."""

    digest: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        directory: Path,
        files: dict[str, pulumi.Input[str]],
        executable: list[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "directory": str(directory),
            "files": secret_outputs(files),
            "executable": executable,
            "digest": None,
            "names": None,
        }
        super().__init__(_Files(), name, props, opts)


def _write(props: dict[str, Any]) -> dict[str, Any]:
    directory = private_directory(Path(props["directory"]))
    for name, text in props["files"].items():
        write_private(directory / name, text, _mode(name, props))
    return {
        "directory": props["directory"],
        "executable": props["executable"],
        "names": sorted(props["files"]),
        "digest": _digest(props["files"]),
    }


def _digest(files: dict[str, str]) -> str:
    lines = [f"{name}\0{hashlib.sha256(text.encode()).hexdigest()}" for name, text in sorted(files.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _on_disk(props: dict[str, Any]) -> bool:
    directory = Path(props["directory"])
    try:
        return all(
            (directory / name).read_bytes() == text.encode()
            and (directory / name).stat().st_mode & 0o777 == _mode(name, props)
            for name, text in props["files"].items()
        )
    except OSError:
        return False


def _mode(name: str, props: dict[str, Any]) -> int:
    return 0o700 if name in props["executable"] else 0o600
