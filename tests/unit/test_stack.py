"""A stack's life, with Pulumi's automation API replaced: passphrase, settings file, recovery, drift, failures."""

import fcntl
import json
import os
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
from pulumi import automation

from amanat import stack as module
from amanat.errors import AmanatError
from amanat.files import write_private
from amanat.placement import NotPlaced
from amanat.pulumi_errors import PulumiFailed
from amanat.pulumi_events import plain
from amanat.runs import RUN_ID
from amanat.stack import (
    CONFIGURATION,
    NOT_COMPARED,
    LostPassphrase,
    LostState,
    NoStack,
    Stack,
)
from amanat.stack_file import StaleSettings
from amanat.targets import RUNNING, STOPPED, AnotherOwner, UnsuitableTarget
from tests.unit.conftest import mode
from tests.unit.targets.fake import FakeMachine, FakeOperations, in_state

STORE, VAULT = (
    {"urn": f"urn:pulumi:unit::amanat::{CONFIGURATION}::{name}", "type": CONFIGURATION, "id": name}
    for name in ("store", "vault")
)


class Pulumi:
    """Stands for the workspace and the stack that Pulumi would give."""

    def __init__(self):
        self.stacks = ["unit"]
        self.deployment = {"resources": []}
        self.imported = []
        self.calls = []
        self.says = []
        self.fails = None
        self.gone = {}

    def list_stacks(self):
        return [SimpleNamespace(name=f"organization/amanat/{name}") for name in self.stacks]

    def stack_outputs(self, name):
        if name not in self.stacks:
            raise Missing(f"error: no stack named '{name}' found")
        return {
            "secrets": SimpleNamespace(value={"k": "v"}),
            "endpoints": SimpleNamespace(value={"store": {"store.postgresql": "127.0.0.1:21432"}}),
        }

    def export_stack(self, name=""):
        return SimpleNamespace(version=3, deployment=json.loads(json.dumps(self.deployment)))

    def import_stack(self, deployment):
        self.imported.append(deployment)

    def _operation(self, kind, on_event, **options):
        self.calls.append((kind, options))
        for severity, message in self.says:
            diagnostic = SimpleNamespace(severity=severity, message=message)
            on_event(SimpleNamespace(diagnostic_event=diagnostic))
        if self.fails:
            raise self.fails
        return kind

    def preview(self, on_event, **options):
        return self._operation("preview", on_event, **options)

    def up(self, on_event, **options):
        return self._operation("up", on_event, **options)

    def refresh(self, on_event=lambda event: None, **options):
        self._operation("refresh", on_event, **options)
        return SimpleNamespace(summary=SimpleNamespace(resource_changes=self.gone))

    def destroy(self, on_event, **options):
        return self._operation("destroy", on_event, **options)

    def remove_stack(self, name, **options):
        self.calls.append((f"remove {name}", options))

    @property
    def workspace(self):
        return self

    name = "unit"


class Missing(automation.StackNotFoundError):
    def __init__(self, text):
        Exception.__init__(self, text)


class Failed(automation.CommandError):
    def __init__(self, text):
        Exception.__init__(self, text)


@pytest.fixture
def target(monkeypatch):
    """The target that the settings choose, in memory."""
    fake = FakeOperations()
    monkeypatch.setattr(module, "operations", lambda settings, paths: fake)
    return fake


@pytest.fixture
def pulumi(monkeypatch, paths, target):
    """A backend that knows the stack, and the project's files."""
    fake = Pulumi()
    monkeypatch.setattr(module, "tools", lambda: None)
    monkeypatch.setattr(module, "tools_environment", lambda tools: {"PATH": os.environ["PATH"]})
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(module.automation, "LocalWorkspace", lambda **given: fake)
    monkeypatch.setattr(module.automation.Stack, "create_or_select", lambda name, workspace: workspace)
    (paths.project / "templates").mkdir()
    (paths.project / "templates/Pulumi.local.yaml").write_text("config: {}\n", "utf-8")
    return fake


@pytest.fixture
def stack(paths, pulumi):
    (paths.state / ".pulumi/stacks").mkdir(parents=True)
    write_private(paths.passphrase, "words\n")
    return Stack(paths)


def ignore(event):
    return None


def test_plain_pulumi_finds_the_stack_by_its_environment(stack, paths):
    environment = stack.environment()
    assert environment["PULUMI_BACKEND_URL"] == f"file://{paths.state}"
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(paths.passphrase)
    assert environment["AMANAT_HOME"] == str(paths.directory.parent)


def test_a_backend_and_a_passphrase_file_that_were_chosen_stay(stack):
    os.environ.update(PULUMI_BACKEND_URL="s3://x", PULUMI_CONFIG_PASSPHRASE_FILE="/p")
    environment = stack.environment()
    assert environment["PULUMI_BACKEND_URL"] == "s3://x"
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == "/p"


def test_children_carry_the_two_marks_of_their_run(stack, paths, monkeypatch):
    given = {}
    monkeypatch.setattr(module.automation, "LocalWorkspace", lambda **options: given.update(options))
    stack._workspace()
    assert given["env_vars"]["AMANAT_STACK_ID"] == paths.stack_id
    assert given["env_vars"]["AMANAT_RUN"] == RUN_ID
    assert "AMANAT_RUN" not in os.environ


@pytest.mark.usefixtures("open_umask")
def test_a_first_up_makes_passphrase_and_settings(paths, pulumi):
    pulumi.stacks = []
    Stack(paths).up(ignore)
    assert len(paths.passphrase.read_text("utf-8").strip()) >= 43
    assert mode(paths.passphrase) == 0o600
    assert (paths.project / "Pulumi.unit.yaml").read_text("utf-8") == "config: {}\n"


def test_a_later_up_leaves_passphrase_and_settings(stack, paths):
    settings = paths.project / "Pulumi.unit.yaml"
    settings.write_text("config: {amanat:store_volume_size_gib: 5}\n", "utf-8")
    stack.up(ignore)
    assert paths.passphrase.read_text("utf-8") == "words\n"
    assert "size_gib" in settings.read_text("utf-8")


def test_a_passphrase_that_another_stacks_run_made_meanwhile_stays(paths, pulumi, monkeypatch):
    link = os.link

    def late(draft, path):
        paths.passphrase.write_text("the other's\n", "utf-8")
        link(draft, path)

    monkeypatch.setattr(os, "link", late)
    Stack(paths).up(ignore)
    assert paths.passphrase.read_text("utf-8") == "the other's\n"
    assert list(paths.passphrase.parent.glob("*passphrase.*")) == []


def test_a_lost_passphrase_is_told_and_not_made_anew(stack, paths, pulumi):
    paths.passphrase.unlink()
    with pytest.raises(LostPassphrase) as refused:
        stack.up(ignore)
    assert str(paths.passphrase) in str(refused.value)
    assert not paths.passphrase.exists()
    assert pulumi.calls == []


def test_a_chosen_passphrase_file_is_never_made(paths, pulumi, tmp_path):
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    os.environ["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(elsewhere / "none")
    with pytest.raises(LostPassphrase):
        Stack(paths).up(ignore)
    assert list(elsewhere.iterdir()) == []
    assert mode(elsewhere) == 0o755


@pytest.mark.parametrize("value", ["", "another state's"])
def test_a_passphrase_in_the_environment_never_stands_before_the_file(paths, pulumi, value):
    """Pulumi takes the variable before the file, and the empty one too."""
    os.environ["PULUMI_CONFIG_PASSPHRASE"] = value
    Stack(paths).up(ignore)
    assert len(paths.passphrase.read_text("utf-8").strip()) >= 32
    assert "PULUMI_CONFIG_PASSPHRASE" not in os.environ


def test_a_bad_setting_is_refused_before_pulumi_runs(stack, paths, pulumi):
    (paths.project / "Pulumi.unit.yaml").write_text("config: {amanat:database_port: many}\n", "utf-8")
    with pytest.raises(AmanatError, match="database_port"):
        stack.up(ignore)
    assert pulumi.calls == []


def test_halves_of_a_killed_run_are_forgotten_and_swept(stack, paths, pulumi, target):
    pulumi.deployment = {
        "resources": [{"urn": "a", "id": "c1"}, {"urn": "b"}],
        "pending_operations": [{"type": "creating"}],
    }
    stack.up(ignore)
    assert [one.version for one in pulumi.imported] == [3]
    assert "pending_operations" not in pulumi.imported[0].deployment
    assert pulumi.imported[0].deployment["resources"] == pulumi.deployment["resources"]
    assert target.asked == [("remove_orphans", {"c1", ""}), ("start_stopped", [])]


def test_a_whole_state_is_not_imported_again(stack, pulumi):
    stack.up(ignore)
    assert pulumi.imported == []


def test_a_preview_changes_nothing_on_the_engine(stack, pulumi, target):
    assert stack.preview(ignore) == "preview"
    assert (target.asked, pulumi.imported) == ([], [])


@pytest.mark.parametrize(("force", "replaced"), [(False, []), (True, [STORE["urn"], VAULT["urn"]])])
def test_only_force_runs_the_playbook_anew(stack, pulumi, force, replaced):
    pulumi.deployment = {"resources": [{"urn": "urn:other"}, STORE, VAULT]}
    stack.up(ignore, force=force)
    assert pulumi.calls[0][1]["replace"] == replaced


def test_the_first_up_may_be_forced(stack, pulumi):
    stack.up(ignore, force=True)
    assert pulumi.calls[0][1]["replace"] == []


@pytest.mark.parametrize("question", ["outputs", "secrets"])
def test_a_stack_that_was_never_made_says_what_to_run(paths, pulumi, question):
    with pytest.raises(NoStack, match="make up STACK=unit"):
        getattr(Stack(paths), question)()


def test_another_stack_of_the_backend_is_not_this_one(stack, pulumi):
    pulumi.stacks = ["unit2", "other"]
    assert not stack.exists()
    with pytest.raises(NoStack):
        stack.drift(ignore)


def test_an_endpoint_is_found_by_its_service(stack, paths, pulumi):
    assert stack.endpoint("store", "postgresql") == ("127.0.0.1", 21432)
    (paths.project / "Pulumi.unit.yaml").write_text("config: {amanat:placement: {beta: vault}}\n", "utf-8")
    with pytest.raises(NotPlaced, match="no machine carries store") as refused:
        stack.endpoint("store", "postgresql")
    assert "beta: vault" in str(refused.value)


def test_outputs_secrets_and_drift_are_read_from_the_state(stack, pulumi):
    pulumi.deployment = {
        "resources": [STORE | {"outputs": {"drift": ["store: x"]}}, {"urn": "urn:other"}, VAULT]
    }
    assert stack.outputs()["endpoints"] == {"store": {"store.postgresql": "127.0.0.1:21432"}}
    assert stack.secrets() == {"k": "v"}
    assert stack.drift(ignore) == ["store: x"]


MADE = in_state("store", "vault")
CONFIGURED = STORE | {"outputs": {"drift": ["store: x"]}}


def running(target, *names):
    target.machines |= {name: FakeMachine() for name in names}


def test_a_host_that_does_not_run_is_drift_and_stays_as_it_is(stack, pulumi, target):
    pulumi.deployment = {"resources": [*MADE, CONFIGURED]}
    running(target, "store", "vault")
    target.machines["store"].state = STOPPED
    assert stack.drift(ignore) == ["host store is stopped", NOT_COMPARED]
    assert (target.asked, pulumi.calls) == ([], [])


def test_a_host_that_is_gone_is_drift_and_not_made_anew(stack, pulumi, target):
    pulumi.deployment = {"resources": [*MADE, CONFIGURED]}
    running(target, "store")
    assert stack.drift(ignore) == ["machine vault is gone", NOT_COMPARED]
    assert (target.asked, pulumi.calls) == ([], [])


def test_what_a_killed_run_left_is_drift_and_stays(stack, pulumi, target):
    pulumi.deployment = {"resources": [*MADE, CONFIGURED]}
    running(target, "store", "vault", "drill")
    assert stack.drift(ignore) == ["machine drill: a killed run left it", "store: x"]
    assert target.asked == []


def test_what_is_gone_is_forgotten_so_that_it_is_made_anew(stack, pulumi, target):
    pulumi.deployment = {"resources": [*MADE, CONFIGURED]}
    running(target, "store")
    stack.up(ignore)
    assert pulumi.calls[0] == ("refresh", {"target": ["urn:vault"], "suppress_progress": True})


def test_what_is_stopped_is_brought_back_before_pulumi_works(stack, pulumi, target):
    pulumi.deployment = {"resources": [*MADE, CONFIGURED]}
    running(target, "store", "vault")
    target.machines["vault"].state = STOPPED
    stack.up(ignore)
    assert target.states() == {"store": RUNNING, "vault": RUNNING}
    assert [kind for kind, _ in pulumi.calls] == ["up"]


def test_what_only_a_refresh_misses_is_drift(stack, pulumi, target):
    pulumi.deployment = {"resources": MADE}
    pulumi.gone = {"delete": 1, "same": 9}
    running(target, "store", "vault")
    assert stack.drift(ignore) == ["1 resources are gone"]


def test_no_drift_where_all_is_as_it_was_left(stack, pulumi, target):
    pulumi.deployment = {"resources": [*MADE, STORE | {"outputs": {"drift": []}}]}
    running(target, "store", "vault")
    assert stack.drift(ignore) == []
    assert [kind for kind, _ in pulumi.calls] == ["refresh"]
    assert target.asked == []


def test_down_removes_what_the_state_knows_and_what_it_does_not(stack, paths, pulumi, target):
    stack.down(ignore)
    assert pulumi.calls == [
        ("destroy", {"suppress_progress": True}),
        ("remove unit", {"preserve_config": True}),
    ]
    assert target.asked[-2:] == [("remove_orphans", set()), ("remove_all", None)]


def test_down_of_a_stack_whose_state_is_gone_still_sweeps(paths, pulumi, target):
    Stack(paths).down(ignore)
    assert pulumi.calls == []
    assert target.asked == [("remove_orphans", set()), ("remove_all", None)]


def test_a_failure_tells_what_the_diagnostics_say_without_colours(stack, pulumi):
    pulumi.says = [("info", "fine"), ("error", "<{%fg 1%}>error: <{%reset%}>It broke\n  Mend it.\n")]
    pulumi.fails = Failed("code: 255")
    heard = []
    with pytest.raises(PulumiFailed) as failure:
        stack.up(heard.append)
    assert str(failure.value) == "It broke\n       Mend it."
    assert len(heard) == 2


def test_pulumi_that_cannot_run_is_told(stack, monkeypatch):
    def missing(name, workspace):
        raise FileNotFoundError("pulumi")

    monkeypatch.setattr(module.automation.Stack, "create_or_select", missing)
    with pytest.raises(AmanatError, match="make tools"):
        stack.up(ignore)


def test_a_stale_lock_is_released_and_orphans_ended_before_pulumi_works(stack, pulumi, monkeypatch):
    order = []

    @contextmanager
    def stack_lock(paths):
        order.append("stack_lock")
        yield

    monkeypatch.setattr(module.runs, "stack_lock", stack_lock)
    monkeypatch.setattr(module.runs, "release_stale_lock", lambda paths, made: order.append("released"))
    stack.preview(lambda event: None)
    assert order == ["stack_lock", "released"]
    assert [kind for kind, _ in pulumi.calls] == ["preview"]


def refusing(target):
    target.machines["store"] = FakeMachine(owner="them")


@pytest.mark.parametrize(("operation", "refused"), [("preview", True), ("up", True), ("down", False)])
def test_an_unsuitable_target_is_refused_before_anything_is_made_and_can_still_be_cleaned(
    paths, pulumi, target, operation, refused
):
    target.unsuitable = "Podman answers"
    with pytest.raises(UnsuitableTarget, match="Podman") if refused else nullcontext():
        getattr(Stack(paths), operation)(ignore)
    assert bool(target.asked) is not refused
    assert not paths.state.exists()


@pytest.mark.parametrize("operation", ["preview", "up", "drift", "down"])
def test_anothers_stack_is_touched_by_no_operation(stack, pulumi, target, monkeypatch, operation):
    refusing(target)
    with pytest.raises(AnotherOwner):
        getattr(stack, operation)(ignore)
    assert (target.asked, pulumi.calls, pulumi.imported) == ([], [], [])


@pytest.mark.parametrize("operation", ["up", "down"])
def test_a_second_home_touches_nothing_of_the_first(paths, pulumi, target, monkeypatch, operation):
    """There is no state in this home, so all that the engine has of the stack would look like a half."""
    refusing(target)
    with pytest.raises(AnotherOwner):
        getattr(Stack(paths), operation)(ignore)
    assert (target.asked, pulumi.calls) == ([], [])
    assert not paths.passphrase.exists()


def test_an_empty_state_beside_hosts_is_another_states_stack(stack, pulumi, target, monkeypatch):
    """As when PULUMI_BACKEND_URL was set for one run and not for the next."""
    running(target, "store")
    for operation in (stack.up, stack.drift):
        with pytest.raises(LostState, match="its state knows none") as refused:
            operation(ignore)
        assert "PULUMI_BACKEND_URL" in refused.value.fix
    assert (target.asked, pulumi.calls) == ([], [])
    stack.down(ignore)
    assert [kind for kind, _ in pulumi.calls] == ["destroy", "remove unit"]


def test_the_state_says_what_is_known(stack, paths, pulumi):
    pulumi.deployment = {"resources": [{"urn": "a", "id": "c1"}, {"urn": "b", "id": "data"}]}
    assert stack._known_ids() == {"c1", "data"}
    pulumi.stacks = []
    assert stack._known_ids() == set()


@pytest.mark.parametrize("question", ["outputs", "secrets", "drift"])
def test_a_question_about_anothers_stack_is_refused_by_its_name(paths, pulumi, target, question):
    refusing(target)
    with pytest.raises(AnotherOwner):
        Stack(paths).drift(ignore) if question == "drift" else getattr(Stack(paths), question)()


def test_down_holds_the_lock_to_its_end(stack, paths, pulumi, target, monkeypatch):
    held = []

    def removed(*asked):
        with paths.lock.open("a") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(True)

    monkeypatch.setattr(target, "remove_orphans", removed)
    monkeypatch.setattr(target, "remove_all", removed)
    stack.down(ignore)
    assert held == [True, True]


@pytest.fixture
def stale(pulumi, monkeypatch):
    """Pulumi refuses the salt in the settings file as long as it stands there, as it does a wrong passphrase."""

    def select(name, workspace):
        if "encryptionsalt" in pulumi.settings.read_text("utf-8"):
            raise Failed("code: 255\nstderr: error: constructing secrets manager: incorrect passphrase\n")
        return workspace

    monkeypatch.setattr(module.automation.Stack, "create_or_select", select)
    return pulumi


def test_a_salt_brought_along_from_another_checkout_is_dropped(paths, stale):
    stale.stacks = []
    stale.settings = paths.project / "Pulumi.unit.yaml"
    stale.settings.write_text(
        "encryptionsalt: v1:abc\nconfig: # mine\n  amanat:store_volume_size_gib: 5\n", "utf-8"
    )
    assert Stack(paths).up(ignore) == "up"
    assert stale.settings.read_text("utf-8") == "config: # mine\n  amanat:store_volume_size_gib: 5\n"


def test_a_stale_salt_with_secrets_says_how(paths, stale):
    stale.stacks = []
    stale.settings = paths.project / "Pulumi.unit.yaml"
    text = "encryptionsalt: v1:abc\nconfig:\n  aws:key:\n    secure: v1:zzz\n"
    stale.settings.write_text(text, "utf-8")
    with pytest.raises(StaleSettings, match="another checkout's state") as refused:
        Stack(paths).up(ignore)
    assert "pulumi config set --secret" in refused.value.fix
    assert stale.settings.read_text("utf-8") == text


def test_the_salt_of_a_stack_that_is_there_is_never_dropped(stack, paths, stale):
    stale.settings = paths.project / "Pulumi.unit.yaml"
    stale.settings.write_text("encryptionsalt: v1:abc\n", "utf-8")
    with pytest.raises(PulumiFailed, match="passphrase does not open") as refused:
        stack.up(ignore)
    assert "`encryptionsalt` that this stack had" in refused.value.fix
    assert stale.settings.read_text("utf-8") == "encryptionsalt: v1:abc\n"


def test_a_failure_without_a_reason_tells_what_the_program_printed(stack, pulumi):
    pulumi.says = [
        ("info#err", "Traceback (most recent call last):\n  File x\nValueError: nothing works\n"),
        ("error", "an unhandled error occurred: program exited with non-zero exit code: 1"),
    ]
    pulumi.fails = Failed("code: 255")
    with pytest.raises(PulumiFailed, match="ValueError: nothing works"):
        stack.up(ignore)


def test_colours_are_taken_out():
    assert plain("<{%reset%}>  text <{%bold%}>more<{%reset%}>\n") == "text more"
