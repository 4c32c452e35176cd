"""The configuration of the hosts as one Pulumi resource: runs the playbook, and on refresh measures drift."""

import hashlib
import secrets
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from amanat.ansible_environment import ANSIBLE
from amanat.hidden import hidden
from amanat.inventory import hosts_of
from amanat.places import PROJECT_ROOT, Places
from amanat.playbook import Playbook

SITE = "site.yml"
HOST_PROGRAMS = PROJECT_ROOT / "host"
INPUTS = ("inventory_digest", "content_digest", "machines", "secrets")


class _Configurations(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=secrets.token_hex(8), outs=_converge(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(outs=_converge(news))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = any(olds.get(key) != news.get(key) for key in INPUTS)
        return DiffResult(changes=changed or bool(olds.get("drift")), replaces=[])

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        result = _playbook(props).check()
        return ReadResult(id_=id_, outs={**props, "drift": result.changes})


class Configuration(Resource, module="amanat", name="Configuration"):
    """Hosts configured by `ansible/site.yml`. Nothing runs while inventory, roles, secrets and machines are the same.

    `drift` lists what check mode would change, as of the last `pulumi refresh`; a drift makes the next `up` converge.
    """

    drift: pulumi.Output[list[str]]
    recap: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        name: str,
        places: Places,
        *,
        inventory_digest: pulumi.Input[str],
        machines: list[pulumi.Input[str]],
        secrets: dict[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "inventory": str(places.inventory),
            "runs": str(places.runs),
            "inventory_digest": inventory_digest,
            "content_digest": content_digest(ANSIBLE, HOST_PROGRAMS),
            "machines": machines,
            "secrets": hidden(secrets),
            "drift": None,
            "recap": None,
        }
        options = pulumi.ResourceOptions(additional_secret_outputs=["secrets"])
        super().__init__(_Configurations(), name, props, pulumi.ResourceOptions.merge(opts, options))


def content_digest(*directories: Path) -> str:
    """SHA-256 over names and contents of every file below `directories`, whatever order the disk gives."""
    digest = hashlib.sha256()
    for directory, path in ((one, path) for one in directories for path in sorted(one.rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(directory)}\0{path.stat().st_mode & 0o111:o}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _playbook(props: dict[str, Any]) -> Playbook:
    inventory = Path(props["inventory"])
    return Playbook(
        ANSIBLE / SITE, inventory, Path(props["runs"]), props["secrets"], hosts=hosts_of(inventory)
    )


def _converge(props: dict[str, Any]) -> dict[str, Any]:
    result = _playbook(props).run()
    return {**props, "drift": [], "recap": result.recap}
