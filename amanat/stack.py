"""A stack's life through Pulumi's automation API: preview, up, refresh, outputs, down, and recovery of a killed run."""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pulumi import automation

from amanat import runs
from amanat.errors import BadInput
from amanat.files import write_once
from amanat.inventory import Secrets
from amanat.paths import StackPaths
from amanat.pulumi_events import OnEvent, explained, heard
from amanat.settings import Settings
from amanat.setup.toolchain import environment as tools_environment
from amanat.setup.toolchain import tools
from amanat.stack_file import drop_stale_salt, ensure_settings_file
from amanat.targets import Operations, TargetUnreachable, operations
from amanat.targets.endpoints import name_of

PASSPHRASE_BYTES = 32
NOT_COMPARED = "what is inside the hosts was not compared: it takes all of them, running"
CONFIGURATION = "amanat:Configuration"  # how the type of each part's configuration ends


class NoStack(BadInput):
    """The stack was never made, or is gone."""


class LostState(BadInput):
    """There are machines of the stack that were made with another state."""


class LostPassphrase(BadInput):
    """The state is there, its passphrase is not."""


class Stack:
    """One stack of this checkout. Every operation holds the stack's lock while it runs."""

    def __init__(self, paths: StackPaths) -> None:
        self.paths = paths

    def environment(self) -> dict[str, str]:
        """Variables with which plain `pulumi` works on this stack."""
        own = {
            "AMANAT_HOME": str(self.paths.directory.parent),
            "PULUMI_BACKEND_URL": os.environ.get("PULUMI_BACKEND_URL") or f"file://{self.paths.state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
            or str(self.paths.passphrase),
        }
        # gRPC warns on every fork of a provider that runs Ansible; its fork handlers do nothing for us.
        return {**tools_environment(tools()), **own, "GRPC_ENABLE_FORK_SUPPORT": "false"}

    def preview(self, on_event: OnEvent) -> automation.PreviewResult:
        """What `up` would do; nothing is changed. Raises `AmanatError`."""
        self.require_target()
        with self._opened() as stack, heard(on_event) as listen:
            return stack.preview(on_event=listen, diff=True, suppress_progress=True)

    def up(self, on_event: OnEvent, *, force: bool = False) -> automation.UpResult:
        """Make or update everything; `force` runs every playbook though nothing changed. Raises `AmanatError`."""
        self.require_target()
        with self._opened() as stack:
            resources = self._recovered(stack)
            self._forget_lost(stack, resources)
            replace = [str(one["urn"]) for one in resources if force and _is_configuration(one)]
            with heard(on_event) as listen:
                # The outputs bring the secrets; the summary needs none, and deciphering takes time.
                return stack.up(on_event=listen, suppress_progress=True, replace=replace, show_secrets=False)

    def drift(self, on_event: OnEvent) -> list[str]:
        """What differs from the last `up`, at the target and inside the machines: a line each.

        Only the state is refreshed: no machine is started, nothing is removed. Raises `AmanatError`.
        """
        with self._opened(must_exist=True) as stack:
            resources = self._resources(stack)
            self._refuse_lost_state(resources)
            outside = self.target.drift(resources)
            if not outside.comparable:
                return [*outside.lines, NOT_COMPARED]
            with heard(on_event) as listen:
                result = stack.refresh(on_event=listen, suppress_progress=True, show_secrets=False)
            return [*outside.lines, *_gone(result), *_configuration_drift(self._resources(stack))]

    def down(self, on_event: OnEvent) -> None:
        """Remove everything the stack made at the target. The operator's keys, settings and evidence stay."""
        target = self.target
        with runs.stack_lock(self.paths):
            self._refuse_another_owner()
            if self.exists():
                with self._open() as stack:
                    self._clean_target(self._resources(stack))
                    with heard(on_event) as listen:
                        stack.destroy(on_event=listen, suppress_progress=True)
                    stack.workspace.remove_stack(stack.name, preserve_config=True)
            target.remove_all()

    def exists(self) -> bool:
        """Whether the backend knows the stack."""
        if not self._workspace_possible():
            return False
        with explained():
            return any(
                found.name.split("/")[-1] == self.paths.stack for found in self._workspace().list_stacks()
            )

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets among them. Raises `NoStack`."""
        if not self._workspace_possible():
            raise self._no_stack()
        with explained():
            try:
                found = self._workspace().stack_outputs(self.paths.stack)
            except automation.StackNotFoundError as error:
                raise self._no_stack() from error
        return {name: output.value for name, output in found.items()}

    def secrets(self) -> Secrets:
        """The secret variables of the roles, by who gets them. Raises `NoStack`."""
        nobody: Secrets = {"groups": {}, "machines": {}}
        found: Secrets = self.outputs().get("secrets", nobody)
        return found

    def endpoint(self, service: str, endpoint: str) -> tuple[str, int]:
        """The address and port at which a service's endpoint is reached from here. Raises `NoStack`, `NotPlaced`."""
        endpoints = self.outputs()["endpoints"]
        machine = Settings.of(self.paths).machines.machine_of(service)
        host, _, port = str(endpoints[machine][name_of(service, endpoint)]).rpartition(":")
        return host, int(port)

    @property
    def target(self) -> Operations:
        """The target of the stack's settings. Raises `BadInput` for settings that can't be used."""
        return operations(Settings.of(self.paths), self.paths)

    def require_target(self) -> None:
        """Refuse a target that can't run machines, or has another owner's, before anything is made or fetched for it.

        The program asks for the first as well, for whoever runs plain `pulumi`. Raises `AmanatError`.
        """
        target = self.target
        target.require_suitable()
        target.refuse_another_owner()

    def _workspace(self) -> automation.LocalWorkspace:
        environment = self.environment()
        os.environ.update(environment)
        os.environ.pop(
            "PULUMI_CONFIG_PASSPHRASE", None
        )  # Pulumi would take it, even an empty one, before the file
        backend = environment["PULUMI_BACKEND_URL"]
        if backend.startswith("file://"):
            runs.drop_empty_sidecars(Path(backend.removeprefix("file://")))
        run = {"AMANAT_STACK_ID": self.paths.stack_id, "AMANAT_RUN": runs.RUN_ID}
        return automation.LocalWorkspace(work_dir=str(self.paths.project), env_vars={**environment, **run})

    def _workspace_possible(self) -> bool:
        custom = (
            bool(os.environ.get("PULUMI_BACKEND_URL"))
            and os.environ["PULUMI_BACKEND_URL"] != f"file://{self.paths.state}"
        )
        return custom or (self.paths.state / ".pulumi").exists()

    def _must_exist(self) -> None:
        if not self.exists():
            raise self._no_stack()

    def _no_stack(self) -> NoStack:
        with suppress(TargetUnreachable):
            self._refuse_another_owner()
        return NoStack(
            what=f"there is no stack {self.paths.stack!r} yet",
            where=str(self.paths.project),
            fix=f"Run `make up STACK={self.paths.stack}` first.",
        )

    @contextmanager
    def _opened(self, *, must_exist: bool = False) -> Iterator[automation.Stack]:
        if must_exist:
            self._must_exist()
        with runs.stack_lock(self.paths):
            self._refuse_another_owner()
            with self._open() as stack:
                yield stack

    @contextmanager
    def _open(self) -> Iterator[automation.Stack]:
        """The stack, under the lock that is held already."""
        ensure_settings_file(self.paths.settings_file)
        Settings.of(self.paths)  # Pulumi's own type errors name no fix
        self._ensure_passphrase()
        with explained():
            stack = self._selected(self._workspace())
            runs.release_stale_lock(self.paths, stack)
            yield stack

    def _refuse_another_owner(self) -> None:
        self.target.refuse_another_owner(self._known_ids)

    def _known_ids(self) -> set[str]:
        """The ids of all resources in our state."""
        if not self.exists():
            return set()
        with explained():
            deployment = self._workspace().export_stack(self.paths.stack).deployment or {}
        return _ids(deployment.get("resources") or [])

    def _selected(self, workspace: automation.LocalWorkspace) -> automation.Stack:
        """The stack, made in the state if it is not there."""
        try:
            return automation.Stack.create_or_select(self.paths.stack, workspace)
        except automation.CommandError as error:
            if "incorrect passphrase" not in str(error) or self.exists():
                raise
        drop_stale_salt(self.paths.settings_file)
        return automation.Stack.create_or_select(self.paths.stack, workspace)

    def _ensure_passphrase(self) -> None:
        path = Path(self.environment()["PULUMI_CONFIG_PASSPHRASE_FILE"])
        if path.exists():
            return
        if path != self.paths.passphrase or (self.paths.state / ".pulumi" / "stacks").exists():
            raise LostPassphrase(
                what="the passphrase of this checkout's state is missing",
                where=str(path),
                fix="Put it back from your backup. Without it the state's secrets can't be read.",
            )
        write_once(path, secrets.token_urlsafe(PASSPHRASE_BYTES) + "\n")

    def _recovered(self, stack: automation.Stack) -> list[Mapping[str, Any]]:
        """The resources of the state, after what a killed run left in it and at the target is mended."""
        resources = self._resources(stack)
        self._refuse_lost_state(resources)
        self._clean_target(resources)
        return resources

    def _resources(self, stack: automation.Stack) -> list[Mapping[str, Any]]:
        """The resources of the state, after what a killed run left half-done in it is dropped."""
        deployment = stack.export_stack()
        content = dict(deployment.deployment or {})
        if content.pop("pending_operations", None):
            stack.import_stack(automation.Deployment(version=deployment.version, deployment=content))
        return content.get("resources") or []

    def _refuse_lost_state(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """Machines that an empty state doesn't know are no halves: a killed run leaves more than nothing in it."""
        if not resources and self.target.exists():
            raise LostState(
                what=f"there are hosts of stack {self.paths.stack}, and its state knows none",
                where=self.environment()["PULUMI_BACKEND_URL"],
                fix="Set PULUMI_BACKEND_URL as it was when they were made. If that state is lost for good, `make down`"
                " removes them, with every message.",
            )

    def _clean_target(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """Remove what a killed run left at the target, and bring back what doesn't run."""
        target = self.target
        target.remove_orphans(_ids(resources))
        target.start_stopped()

    def _forget_lost(self, stack: automation.Stack, resources: Sequence[Mapping[str, Any]]) -> None:
        """Let Pulumi see what is gone from the target, so that it makes it anew."""
        if lost := self.target.missing(resources):
            stack.refresh(target=lost, suppress_progress=True)


def _gone(result: automation.RefreshResult) -> Iterator[str]:
    """What else a refresh did not find: images, say."""
    for kind, count in (result.summary.resource_changes or {}).items():
        if str(getattr(kind, "value", kind)) == "delete":
            yield f"{count} resources are gone"


def _configuration_drift(resources: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the last refresh found changed inside the hosts."""
    found = [one for one in resources if _is_configuration(one)]
    return [str(line) for one in found for line in one.get("outputs", {}).get("drift") or []]


def _is_configuration(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("type", "")).endswith(CONFIGURATION)


def _ids(resources: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(one.get("id", "")) for one in resources}
