"""A stack's life through Pulumi's automation API: preview, up, refresh, outputs, down, and recovery of a killed run."""

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pulumi import automation

from amanat import runs
from amanat.drift import NOT_COMPARED, engine_drift
from amanat.errors import AmanatError, BadInput
from amanat.inventory import Secrets
from amanat.owner import owner
from amanat.places import Places, write_once, write_private
from amanat.pulumi_errors import explain
from amanat.settings import Settings
from amanat.setup.toolchain import environment as tools_environment
from amanat.setup.toolchain import tools
from amanat.stopping import STOPPING
from amanat.targets import engine

PASSPHRASE_BYTES = 32
LABELLED = {f"docker:index/{kind}:{kind.capitalize()}" for kind in ("container", "network", "volume")}
CONFIGURATION = "amanat:Configuration"  # how the type of each service's configuration ends
_COLOUR = re.compile(r"<\{%.*?%\}>")
OnEvent = Callable[[automation.EngineEvent], Any]


class NoStack(BadInput):
    """The stack was never made, or is gone."""


class LostState(BadInput):
    """The engine has hosts of the stack that were made with another state."""


class StaleSettings(BadInput):
    """The stack's settings file was brought along from another checkout, with secrets that nobody here can read."""


class LostPassphrase(BadInput):
    """The state is there, its passphrase is not."""


class Stack:
    """One stack of this checkout. Every operation holds the stack's lock while it runs."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def environment(self) -> dict[str, str]:
        """Variables with which plain `pulumi` works on this stack."""
        own = {
            "AMANAT_HOME": str(self.places.directory.parent),
            "PULUMI_BACKEND_URL": os.environ.get("PULUMI_BACKEND_URL") or f"file://{self.places.state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
            or str(self.places.passphrase),
        }
        # gRPC warns on every fork of a provider that runs Ansible; its fork handlers do nothing for us.
        return {**tools_environment(tools()), **own, "GRPC_ENABLE_FORK_SUPPORT": "false"}

    def preview(self, on_event: OnEvent) -> automation.PreviewResult:
        """What `up` would do; nothing is changed. Raises `AmanatError`."""
        self.require_engine()
        with self._opened() as stack, _heard(on_event) as heard:
            return stack.preview(on_event=heard, diff=True, suppress_progress=True)

    def up(self, on_event: OnEvent, *, force: bool = False) -> automation.UpResult:
        """Make or update everything; `force` runs every playbook though nothing changed. Raises `AmanatError`."""
        self.require_engine()
        with self._opened() as stack:
            resources = self._recovered(stack)
            self._forget_lost(stack, resources)
            replace = [str(one["urn"]) for one in resources if force and _is_configuration(one)]
            with _heard(on_event) as heard:
                # The outputs bring the secrets; the summary needs none, and deciphering takes time.
                return stack.up(on_event=heard, suppress_progress=True, replace=replace, show_secrets=False)

    def drift(self, on_event: OnEvent) -> list[str]:
        """What differs from the last `up`, on the engine and inside the hosts: a line each.

        Only the state is refreshed: no host is started, nothing is removed. Raises `AmanatError`.
        """
        with self._opened(must_exist=True) as stack:
            resources = self._resources(stack)
            self._refuse_lost_state(resources)
            there = engine.standing(self.engine_uri(), self.places.stack_id)
            outside = engine_drift([one for one in resources if one.get("type") in LABELLED], there)
            if not outside.comparable:
                return [*outside.lines, NOT_COMPARED]
            with _heard(on_event) as heard:
                result = stack.refresh(on_event=heard, suppress_progress=True, show_secrets=False)
            return [*outside.lines, *_gone(result), *_configuration_drift(self._resources(stack))]

    def down(self, on_event: OnEvent) -> None:
        """Remove everything the stack made on the engine. Keys in the operator's keeping and evidence stay."""
        engine_uri, stack_id = self.engine_uri(), self.places.stack_id
        with runs.alone(self.places):
            self._refuse_another_owner()
            if self.exists():
                with self._open() as stack:
                    self._clean_engine(self._resources(stack))
                    with _heard(on_event) as heard:
                        stack.destroy(on_event=heard, suppress_progress=True, remove=True)
            engine.sweep(engine_uri, stack_id, owner(), known=set())
            engine.remove_volumes(engine_uri, stack_id, owner())

    def exists(self) -> bool:
        """Whether the backend knows the stack."""
        if not self._workspace_possible():
            return False
        with _explained():
            return any(
                found.name.split("/")[-1] == self.places.stack for found in self._workspace().list_stacks()
            )

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets among them. Raises `NoStack`."""
        if not self._workspace_possible():
            raise self._no_stack()
        with _explained():
            try:
                found = self._workspace().stack_outputs(self.places.stack)
            except automation.StackNotFoundError as error:
                raise self._no_stack() from error
        return {name: output.value for name, output in found.items()}

    def secrets(self) -> Secrets:
        """The secret variables of the roles, by who gets them. Raises `NoStack`."""
        nobody: Secrets = {"groups": {}, "machines": {}}
        found: Secrets = self.outputs().get("secrets", nobody)
        return found

    def engine_uri(self) -> str:
        """The engine this stack lives on: its setting, or "" for the environment's."""
        return Settings.from_file(self._settings_file()).engine

    def require_engine(self) -> None:
        """Refuse an engine that can't carry hosts, or has another owner's, before anything is made or fetched for it.

        The program asks for the first as well, for whoever runs plain `pulumi`. Raises `AmanatError`.
        """
        uri = self.engine_uri()
        engine.require_suitable(engine.facts(uri), uri)
        engine.refuse_another_owner(uri, self.places.stack_id, owner())

    def _workspace(self) -> automation.LocalWorkspace:
        environment = self.environment()
        os.environ.update(environment)
        os.environ.pop(
            "PULUMI_CONFIG_PASSPHRASE", None
        )  # Pulumi would take it, even an empty one, before the file
        backend = environment["PULUMI_BACKEND_URL"]
        if backend.startswith("file://"):
            runs.drop_empty_sidecars(Path(backend.removeprefix("file://")))
        run = {"AMANAT_STACK_ID": self.places.stack_id, "AMANAT_RUN": runs.RUN_ID}
        return automation.LocalWorkspace(work_dir=str(self.places.project), env_vars={**environment, **run})

    def _workspace_possible(self) -> bool:
        custom = (
            bool(os.environ.get("PULUMI_BACKEND_URL"))
            and os.environ["PULUMI_BACKEND_URL"] != f"file://{self.places.state}"
        )
        return custom or (self.places.state / ".pulumi").exists()

    def _must_exist(self) -> None:
        if not self.exists():
            raise self._no_stack()

    def _no_stack(self) -> NoStack:
        with suppress(engine.EngineUnreachable):
            self._refuse_another_owner()
        return NoStack(
            what=f"there is no stack {self.places.stack!r} yet",
            where=str(self.places.project),
            fix=f"Run `make up STACK={self.places.stack}` first.",
        )

    @contextmanager
    def _opened(self, *, must_exist: bool = False) -> Iterator[automation.Stack]:
        if must_exist:
            self._must_exist()
        with runs.alone(self.places):
            self._refuse_another_owner()
            with self._open() as stack:
                yield stack

    @contextmanager
    def _open(self) -> Iterator[automation.Stack]:
        """The stack, under the lock that is held already."""
        self._ensure_settings_file()
        Settings.from_file(self._settings_file())  # Pulumi's own type errors name no fix
        self._ensure_passphrase()
        with _explained():
            stack = self._selected(self._workspace())
            runs.release_stale_lock(self.places, stack)
            yield stack

    def _refuse_another_owner(self) -> None:
        engine.refuse_another_owner(self.engine_uri(), self.places.stack_id, owner(), self._known_ids)

    def _known_ids(self) -> set[str]:
        """The ids of all resources in our state."""
        if not self.exists():
            return set()
        with _explained():
            deployment = self._workspace().export_stack(self.places.stack).deployment or {}
        return _ids(deployment.get("resources") or [])

    def _selected(self, workspace: automation.LocalWorkspace) -> automation.Stack:
        """The stack, made in the state if it is not there."""
        try:
            return automation.Stack.create_or_select(self.places.stack, workspace)
        except automation.CommandError as error:
            if "incorrect passphrase" not in str(error) or self.exists():
                raise
        self._drop_stale_salt()
        return automation.Stack.create_or_select(self.places.stack, workspace)

    def _drop_stale_salt(self) -> None:
        """Forget the salt of a settings file that another state's passphrase made. Raises `StaleSettings`."""
        path = self._settings_file()
        lines = path.read_text("utf-8").splitlines(keepends=True)
        if any(re.search(r"\bsecure\s*:", line) for line in lines):
            raise StaleSettings(
                what="the secret values in this file were encrypted for another checkout's state",
                where=str(path),
                fix="Remove `encryptionsalt` and each value with `secure:`; set those anew with"
                " `pulumi config set --secret`.",
            )
        kept = [line for line in lines if not line.startswith("encryptionsalt:")]
        write_private(path, "".join(kept), mode=path.stat().st_mode & 0o777)

    def _ensure_passphrase(self) -> None:
        path = Path(self.environment()["PULUMI_CONFIG_PASSPHRASE_FILE"])
        if path.exists():
            return
        if path != self.places.passphrase or (self.places.state / ".pulumi" / "stacks").exists():
            raise LostPassphrase(
                what="the passphrase of this checkout's state is missing",
                where=str(path),
                fix="Put it back from your backup. Without it the state's secrets can't be read.",
            )
        write_once(path, secrets.token_urlsafe(PASSPHRASE_BYTES) + "\n")

    def _settings_file(self) -> Path:
        return self.places.project / f"Pulumi.{self.places.stack}.yaml"

    def _ensure_settings_file(self) -> None:
        path = self._settings_file()
        embedded = self.places.project / "templates" / "Pulumi.local.yaml"
        if not path.exists():
            path.write_text(embedded.read_text("utf-8"), "utf-8")

    def _recovered(self, stack: automation.Stack) -> list[Mapping[str, Any]]:
        """The resources of the state, after what a killed run left in it and on the engine is mended."""
        resources = self._resources(stack)
        self._refuse_lost_state(resources)
        self._clean_engine(resources)
        return resources

    def _resources(self, stack: automation.Stack) -> list[Mapping[str, Any]]:
        """The resources of the state, after what a killed run left half-done in it is dropped."""
        deployment = stack.export_stack()
        content = dict(deployment.deployment or {})
        if content.pop("pending_operations", None):
            stack.import_stack(automation.Deployment(version=deployment.version, deployment=content))
        return content.get("resources") or []

    def _refuse_lost_state(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """Hosts that an empty state doesn't know are no halves: a killed run leaves more than nothing in it."""
        if not resources and engine.present(self.engine_uri(), self.places.stack_id):
            raise LostState(
                what=f"the engine has hosts of stack {self.places.stack}, and its state knows none",
                where=self.environment()["PULUMI_BACKEND_URL"],
                fix="Set PULUMI_BACKEND_URL as it was when they were made. If that state is lost for good, `make down`"
                " removes them, with every message.",
            )

    def _clean_engine(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """Remove what a killed run left on the engine, and start what is stopped."""
        uri = self.engine_uri()
        engine.sweep(uri, self.places.stack_id, owner(), _ids(resources))
        engine.start_stopped(uri, self.places.stack_id)

    def _forget_lost(self, stack: automation.Stack, resources: Sequence[Mapping[str, Any]]) -> None:
        """Let Pulumi see which hosts, networks and volumes are gone from the engine, so that it makes them anew."""
        there = engine.present(self.engine_uri(), self.places.stack_id)
        lost = [
            str(found["urn"])
            for found in resources
            if found.get("type") in LABELLED and str(found.get("id")) not in there
        ]
        if lost:
            stack.refresh(target=lost, suppress_progress=True)


def _gone(result: automation.RefreshResult) -> Iterator[str]:
    """What else a refresh did not find: images, say."""
    for kind, count in (result.summary.resource_changes or {}).items():
        if str(getattr(kind, "value", kind)) == "delete":
            yield f"{count} resources are gone from the engine"


def _configuration_drift(resources: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the last refresh found changed inside the hosts."""
    found = [one for one in resources if _is_configuration(one)]
    return [str(line) for one in found for line in one.get("outputs", {}).get("drift") or []]


def _is_configuration(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("type", "")).endswith(CONFIGURATION)


def _ids(resources: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(one.get("id", "")) for one in resources}


@contextmanager
def _heard(on_event: OnEvent) -> Iterator[OnEvent]:
    """Listen to an operation's events; when it fails, raise what its diagnostics say."""
    errors: list[str] = []
    printed: list[str] = []

    def listen(event: automation.EngineEvent) -> None:
        if STOPPING.asked:  # what now fails was asked to end
            return
        diagnostic = event.diagnostic_event
        if diagnostic is not None and diagnostic.severity == "error":
            errors.append(plain(diagnostic.message).removeprefix("error: "))
        elif diagnostic is not None and diagnostic.severity == "info#err":
            printed.append(plain(diagnostic.message))
        on_event(event)

    try:
        yield listen
    except automation.CommandError as error:
        raise explain(str(error), errors, printed) from error


def plain(message: str) -> str:
    """A message of Pulumi's without its colour marks."""
    return _COLOUR.sub("", message).strip()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except automation.CommandError as error:
        raise explain(str(error)) from error
    except (OSError, json.JSONDecodeError) as error:
        raise AmanatError(
            what=f"Pulumi could not be run: {error}", where="pulumi", fix="Run `make tools`, then again."
        ) from error
