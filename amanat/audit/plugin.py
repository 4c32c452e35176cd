"""The pytest plugin of the audit; `policies/conftest.py` loads it."""

import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from _pytest.config import create_terminal_writer

from amanat import environment
from amanat.audit import options, report
from amanat.audit.fixtures import (
    AUDIT,
    archive,
    bound,
    client,
    declared_site,
    edge,
    expected,
    hosts,
    logs,
    machine,
    signed_drill,
    store,
    unexpected,
    vault,
    website,
)
from amanat.audit.known import POLICIES, check_id, directory_of, known_checks, proves
from amanat.audit.markers import MARKER, PREFETCH, faults, ids_of, prefetched
from amanat.audit.outcomes import Compared, outcome_of, redacted
from amanat.audit.session import JUNIT, Audit
from amanat.errors import AmanatError, of_os
from amanat.law import register
from amanat.streams import Persevering

__all__ = [
    "archive",
    "bound",
    "client",
    "declared_site",
    "edge",
    "expected",
    "hosts",
    "logs",
    "machine",
    "signed_drill",
    "store",
    "unexpected",
    "vault",
    "website",
]

DRAFTS = pytest.StashKey[Path]()
OUTPUT = pytest.StashKey[Persevering]()
COMPARED = pytest.StashKey[Compared]()
CARRIERS = pytest.StashKey[
    Mapping[str, list[str]]
]()  # service -> the machines of the inventory that carry it
HIDDEN_OPTIONS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
SLOW = "slow"
FIRST = "first"


def pytest_addoption(parser: pytest.Parser) -> None:
    options.declare(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}(id, ...): the requirements of the law that a policy measures"
    )
    config.addinivalue_line("markers", f"{SLOW}: takes seconds, so it runs after what is settled sooner")
    config.addinivalue_line("markers", f"{FIRST}: sets going what a slow check waits for, so it runs first")
    config.addinivalue_line(
        "markers", f"{PREFETCH}(command, service, seconds): a command started as the audit begins"
    )
    config.stash[COMPARED] = Compared()
    _adopt_environment()
    config.stash[CARRIERS] = json.loads(config.getoption("carriers", "{}"))
    if config.option.collectonly or config.option.help:
        return
    with _told_as_usage(config):
        config.stash[AUDIT] = audit = Audit(options.Options.of(config))
        config.stash[CARRIERS] = audit.carriers()
        config.stash[DRAFTS] = Path(tempfile.mkdtemp(prefix="amanat-audit-"))
    if not config.option.xmlpath:  # pytest's own JUnit writer starts after this hook
        config.option.xmlpath = str(config.stash[DRAFTS] / JUNIT)


def pytest_unconfigure(config: pytest.Config) -> None:
    output = config.stash.get(OUTPUT, None)
    if output and output.lost:
        where = f"; evidence: {config.stash[AUDIT].run_directory}" if AUDIT in config.stash else ""
        with contextlib.suppress(OSError):
            sys.stderr.write(f"error: what the audit says can't be written: {output.lost.strerror}{where}\n")
    if DRAFTS in config.stash:
        shutil.rmtree(config.stash[DRAFTS], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """With `--json -`, standard output is the JSON's alone: everything for people goes to standard error.

    Either may be full or unread: that is no reason to stop measuring.
    """
    config = session.config
    audit = config.stash.get(AUDIT, None)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if audit and reporter:
        if audit.options.json == "-":
            reporter._tw = create_terminal_writer(config, sys.stderr)
        config.stash[OUTPUT] = reporter._tw._file = Persevering(reporter._tw._file)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `machine` runs once on every machine that carries a service of its requirements."""
    if "machine" in metafunc.fixturenames:
        known = register().requirements
        ids = [one for one in ids_of(metafunc.definition) if one in known]
        carriers = metafunc.config.stash[CARRIERS]
        placed = (name for one in ids for name in known[one].where_placed if carriers.get(name))
        services = dict.fromkeys([*(name for one in ids for name in known[one].services), *placed])
        machines = dict.fromkeys(name for service in services for name in carriers.get(service) or [service])
        metafunc.parametrize("machine", list(machines), indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Refuse a policy that nothing in the law stands behind; keep what `--only` asks for."""
    policies = [item for item in items if _is_policy(item)]
    wrong = list(faults(policies, register().requirements))
    if wrong:
        raise pytest.UsageError("policies and the law register disagree:\n  " + "\n  ".join(wrong))
    audit = config.stash.get(AUDIT, None)
    if audit is None:
        return
    only = set(audit.options.only)
    kept = [item for item in items if not _is_policy(item) or not only or only & set(ids_of(item))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = sorted(kept, key=_turn)
    if session.testsfailed:  # a policy that can't be collected: pytest says so, and nothing runs
        return
    try:
        _plan(audit, [item for item in kept if _is_policy(item)], _directories(config, policies))
    except AmanatError as error:
        raise pytest.UsageError(str(error)) from None


def _plan(audit: Audit, chosen: list[pytest.Item], directories: set[Path]) -> None:
    """Plan every check that the requirements have: one that was not collected, or left out, becomes not-checked."""
    for item in chosen:
        audit.plan(check_id(item), ids_of(item), proves(item), chosen=True)
    only = set(audit.options.only)
    for directory in sorted(directories):
        for test, (ids, text) in known_checks(directory, audit.carriers()).items():
            if test not in audit.planned and (not only or only & set(ids)):
                audit.plan(test, ids, text, chosen=False)


def _directories(config: pytest.Config, policies: list[pytest.Item]) -> set[Path]:
    """Where the policies lie, also when nothing of them was collected."""
    loaded = {path.parent for path in _conftests(config) if path.parent.name == POLICIES}
    return loaded | {directory for item in policies if (directory := directory_of(item))}


def _conftests(config: pytest.Config) -> Iterator[Path]:
    for plugin in config.pluginmanager.get_plugins():
        name = getattr(plugin, "__file__", None)
        if name and Path(name).name == "conftest.py":
            yield Path(name)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Open the run only when everything was collected."""
    audit = session.config.stash.get(AUDIT, None)
    if audit is None or session.testsfailed:
        return
    with _told_as_usage(session.config):
        audit.start()
    if not session.config.getvalue("maxfail"):  # with -x the first failure ends it: most would be for nothing
        audit.start_background(prefetched(session.items))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    audit = item.config.stash.get(AUDIT, None)
    if audit is None or not _is_policy(item):
        return (yield)
    item.config.stash[COMPARED].forget()
    audit.recorder.begin(check_id(item), ids_of(item))
    try:
        return (yield)
    finally:
        audit.recorder.end()


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Remember what was compared; pytest's own explanation stays."""
    config.stash[COMPARED].remember(op, left, right)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    test_report = yield
    audit = item.config.stash.get(AUDIT, None)
    if audit is None or not _is_policy(item):
        return test_report
    outcome, reason = outcome_of(call, test_report, item.config.stash[COMPARED], proves(item))
    redacted(test_report, audit.recorder.redact)
    if call.when == "call" or test_report.outcome != "passed":
        audit.note(check_id(item), outcome, reason)
    return test_report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """After JUnit is written: judge, sign, and let the exit status say whether the audit passes."""
    audit = session.config.stash.get(AUDIT, None)
    if audit is None:
        return
    with _undisturbed():  # a second Ctrl-C would leave evidence that nobody can judge
        audit.close(at_once=session.exitstatus == pytest.ExitCode.INTERRUPTED)
        if audit.recorder.run is None:
            return
        passes = _finish(audit, session.config)
    if session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = pytest.ExitCode.OK if passes else pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Below everything that pytest itself says."""
    yield
    _tell(terminalreporter, config)


def _adopt_environment() -> None:
    """For a pytest started by hand; libpq is in this process. Raises UsageError for options given behind our back."""
    ignored = environment.adopt()
    hidden = [name for name in ignored if name in HIDDEN_OPTIONS]
    if hidden:
        raise pytest.UsageError(
            f"{' and '.join(hidden)} would change what is measured: unset it, and give pytest's options as arguments"
        )
    environment.announce(ignored)


@contextmanager
def _told_as_usage(config: pytest.Config) -> Iterator[None]:
    """Refuse as pytest does; with `--json -` the reason is a line of JSON, too."""
    try:
        yield
    except (AmanatError, OSError) as error:
        reported = error if isinstance(error, AmanatError) else of_os(error)
        if config.getoption("audit_json") == "-":
            sys.stdout.write(json.dumps({"error": reported.as_json()}) + "\n")
        raise pytest.UsageError(str(reported)) from None


def _tell(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    audit = config.stash.get(AUDIT, None)
    if audit is None or not audit.judgements:
        return
    terminalreporter.section("audit", sep="=")
    for line, colour in report.lines(audit.register, audit.judgements):
        terminalreporter.write_line(audit.recorder.redact(line), **({colour: True} if colour else {}))
    last_line, passes = report.last_line(audit.judgements, audit.run_directory)
    terminalreporter.write_line(last_line, bold=True, green=passes, red=not passes)
    if audit.options.json:
        _write_json(audit)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker(FIRST):
        return 0
    if item.get_closest_marker(SLOW):
        return 3
    return 2 if item.get_closest_marker(PREFETCH) else 1  # what runs beside the others has ended by then


def _is_policy(item: pytest.Item) -> bool:
    return directory_of(item) is not None


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C for the second or so that it takes."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _finish(audit: Audit, config: pytest.Config) -> bool:
    junit = Path(config.option.xmlpath)
    inside = audit.run_directory / JUNIT
    try:
        if junit.is_file():
            shutil.copyfile(junit, inside)
        return audit.finish([inside])
    except (AmanatError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return False


def _write_json(audit: Audit) -> None:
    text = json.dumps(audit.result(), indent=1, ensure_ascii=False) + "\n"
    if audit.options.json == "-":
        sys.stdout.write(text)
    else:
        Path(str(audit.options.json)).write_text(text, "utf-8")
