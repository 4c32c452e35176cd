"""The configuration of a part's machines as a Pulumi resource: runs its playbook, and on refresh measures drift."""

import json
import secrets as random
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from amanat.files import private_directory, write_private
from amanat.parts import SITE, Part
from amanat.paths import StackPaths
from amanat.runner import Playbook, Result
from amanat.secret_outputs import secret_outputs

INPUTS = ("content_digest", "variables", "groups", "addresses", "machine_ids", "certificates", "secrets")
UNFINISHED = ".unfinished"  # how the name of a mark below the directory of runs ends
CERTIFICATES = "certificates.json"  # below the directory of runs: machine -> digest of the certificate it has


class _Configurations(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=random.token_hex(8), outs=_converge(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(outs=_converge(news))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = any(olds.get(key) != news.get(key) for key in INPUTS)
        again = bool(olds.get("drift")) or bool(news.get("unfinished"))
        return DiffResult(changes=changed or again, replaces=[])

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        result = _playbook(props).check()
        return ReadResult(id_=id_, outs={**props, "drift": result.changes})


class Configuration(Resource, module="amanat", name="Configuration"):
    """What one part of `ansible/playbooks/site.yml` configures. Nothing runs while all that concerns it is the same.

    `drift` lists what check mode would change, as of the last `pulumi refresh`; a drift makes the next `up` converge.
    `unfinished` names parts whose last run was cut off or failed: this one runs once more, before them.
    """

    drift: pulumi.Output[list[str]]
    recap: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        part: Part,
        paths: StackPaths,
        *,
        variables: pulumi.Input[dict[str, Any]],
        groups: pulumi.Input[dict[str, Any]],
        addresses: pulumi.Input[dict[str, str]],
        machine_ids: Mapping[str, pulumi.Input[str]],
        certificates: pulumi.Input[dict[str, str]],
        secrets: Mapping[str, Any],
        unfinished: Collection[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "playbook": part.content.path.name,
            "inventory": str(paths.inventory),
            "ansible_artifacts": str(paths.ansible_artifacts),
            "content_digest": part.content.digest,
            "variables": variables,
            "groups": groups,
            "addresses": addresses,
            "machine_ids": machine_ids,
            "certificates": certificates,
            "secrets": secret_outputs(secrets),
            "unfinished": sorted(unfinished),
            "drift": None,
            "recap": None,
        }
        options = pulumi.ResourceOptions(additional_secret_outputs=["secrets"])
        super().__init__(_Configurations(), part.name, props, pulumi.ResourceOptions.merge(opts, options))


def issued_certificates(artifacts_root: Path, machines: Collection[str]) -> dict[str, str]:
    """Machine -> digest of the certificate that the last run left there, for those that a run told of."""
    try:
        known: dict[str, str] = json.loads((artifacts_root / CERTIFICATES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: known[name] for name in machines if name in known}


def unfinished_parts(artifacts_root: Path) -> set[str]:
    """The parts that began to be configured and didn't come to the end."""
    return {path.name.removesuffix(UNFINISHED) for path in artifacts_root.glob(f"*{UNFINISHED}")}


def _playbook(props: dict[str, Any]) -> Playbook:
    return Playbook(
        SITE.parent / props["playbook"],
        Path(props["inventory"]),
        Path(props["ansible_artifacts"]),
        props["secrets"],
    )


def _converge(props: dict[str, Any]) -> dict[str, Any]:
    artifacts_root = private_directory(Path(props["ansible_artifacts"]))
    mark = artifacts_root / f"{Path(props['playbook']).stem}{UNFINISHED}"
    mark.touch(mode=0o600)
    result = _playbook(props).run()
    mark.unlink()
    _note_certificates(artifacts_root, result)
    return {**props, "drift": [], "recap": result.recap, "unfinished": []}


def _note_certificates(artifacts_root: Path, result: Result) -> None:
    """Keep which certificates the machines have now: services have copies of them, and take up new ones."""
    certificates = result.stats.get("pki_certificates")
    if certificates:
        write_private(artifacts_root / CERTIFICATES, json.dumps(certificates, sort_keys=True))
