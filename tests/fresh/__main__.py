"""`make test-fresh`: the README's first screen, literally, by a plain user of a bare Debian 13 machine on cgroup v2.

Exit status: 0 all of it worked; 1 something did not, and the machine is kept for the next run, which goes on there.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import typer
from rich.console import Console

from amanat.cli.setup import Screen
from amanat.errors import AmanatError
from amanat.files import private_directory
from amanat.locks import file_lock
from amanat.paths import PROJECT_ROOT, cache
from amanat.setup.progress import elapsed
from amanat.setup.tool_cache import cache_dir
from amanat.setup.toolchain import tools
from tests.fresh.disk import USER, disk
from tests.fresh.machine import HANDED_IN, Machine, MachineFailed

WORK = cache() / "fresh" / "run"
CHECKOUT = "amanat"
# Settings that hold for whoever works beside us: mirrors, and the proxies that the network wants.
PASSED_ON = (
    *("AMANAT_DEBIAN_MIRROR", "AMANAT_DEBIAN_SECURITY_MIRROR", "AMANAT_PYPI_INDEX"),
    *("http_proxy", "https_proxy", "no_proxy"),
)
OUR_LOOPBACK = "10.0.2.2"  # as QEMU's user network shows it to the machine
WHAT_IT_IS = """uname -r; docker version --format 'Docker {{.Server.Version}}'
docker info --format 'cgroup v{{.CgroupVersion}}'"""


@dataclass(frozen=True)
class Step:
    """One thing a newcomer does: the command, what its output must hold, what is typed while it runs, how it ends."""

    name: str
    command: str
    shows: tuple[str, ...] = ()
    answer: str = ""
    user: str = USER
    status: int = 0


STEPS = (
    Step(
        "clone",
        f"git clone --quiet {HANDED_IN}/repository.bundle {CHECKOUT} && cd {CHECKOUT} && git log -1 --oneline",
    ),
    Step(
        "tools",
        f"mkdir -p ~/.cache/amanat && cp -r {HANDED_IN}/tools ~/.cache/amanat/ && ls ~/.cache/amanat/tools",
    ),
    Step("make up", f"cd {CHECKOUT} && make up", ("is reached at ssh://127.0.0.1:", " satisfied, ")),
    Step("make up again", f"cd {CHECKOUT} && make up", ("nothing to change (", " satisfied, ")),
    Step("make audit", f"cd {CHECKOUT} && make audit", (" satisfied, ", " passed in ")),
    Step(
        "another user",
        # With the first one's tools, so that it is the stack that is refused.
        f"cd /home/{USER}/{CHECKOUT} && XDG_CACHE_HOME=/home/{USER}/.cache PULUMI_HOME=/home/{USER}/.pulumi"
        " .venv/bin/amanat down --yes",
        ("stack local-", f"belongs to {USER}@fresh:/home/{USER}/.local/share/amanat"),
        user="root",
        status=2,
    ),
    Step("make down", f"cd {CHECKOUT} && make down", (" is gone",), answer="y\n"),
    Step(
        "nothing left",
        'test -z "$(docker ps -aq; docker volume ls -q; docker network ls -q --filter label=amanat.stack)"'
        ' && test -z "$(losetup -a 2>/dev/null || true)" && echo nothing is left',
        ("nothing is left",),
    ),
)


def main() -> None:
    """Go through the steps that are not done yet."""
    screen = Screen(Console(file=sys.stderr))
    began = monotonic()
    with file_lock(
        WORK.parent / ".run.lock", lambda holder: screen.note("another run is at work: waiting for it")
    ):
        done = _Done(_commit())
        with _machine(screen) as machine:
            for number, step in enumerate(STEPS, start=1):
                if step.name not in done.seconds:
                    done.add(step.name, _take(step, f"{number}/{len(STEPS)}", machine, screen))
        _summary(done, elapsed(monotonic() - began))
        shutil.rmtree(WORK / "machine", ignore_errors=True)
        shutil.rmtree(WORK / "handed-in", ignore_errors=True)
        done.forget()


class _Done:
    """The steps that were taken on this commit, and their seconds; another commit begins afresh."""

    def __init__(self, commit: str) -> None:
        self._file, self._commit = WORK / "done.json", commit
        self.seconds: dict[str, float] = {}
        try:
            known = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            known = {}
        if known.get("commit") == commit:
            self.seconds = known["seconds"]
        else:
            shutil.rmtree(WORK, ignore_errors=True)
            private_directory(WORK)
            self._write()

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = seconds
        self._write()

    def forget(self) -> None:
        self._file.unlink()

    def _write(self) -> None:
        self._file.write_text(
            json.dumps({"commit": self._commit, "seconds": self.seconds}, indent=1), "utf-8"
        )


def _commit() -> str:
    """What is cloned: the last commit, without what is not committed."""
    changed = _git("status", "--porcelain")
    if changed:
        typer.echo("what is not committed is not tried: " + ", ".join(changed.split()[1::2][:5]), err=True)
    return _git("rev-parse", "HEAD")


def _git(*arguments: str) -> str:
    asked = subprocess.run(
        ["git", "-C", str(PROJECT_ROOT), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return asked.stdout.strip()


@contextmanager
def _machine(screen: Screen) -> Iterator[Machine]:
    with screen.stage("disk") as result:
        found = disk(screen)
        result.append(str(found.image))
    machine = Machine(found, private_directory(WORK / "machine"), _hand_in())
    try:
        with screen.stage("boot") as result:
            machine.boot(lambda seconds: screen.tick(f"waiting for systemd, {elapsed(seconds)}"))
            result.append(" ".join(machine.run("root", WHAT_IT_IS).split()))
        yield machine
    finally:
        with screen.stage("power off"):
            machine.stop()


def _hand_in() -> Path:
    """What the machine sees of this one: a clone of the repository, and Pulumi's tools, ready."""
    handed_in = WORK / "handed-in"
    shutil.rmtree(handed_in, ignore_errors=True)
    handed_in.mkdir()
    # A bundle: git takes none of another user's repository.
    _git("bundle", "create", "--quiet", str(handed_in / "repository.bundle"), "HEAD")
    tools()
    shutil.copytree(cache_dir(), handed_in / "tools", ignore=shutil.ignore_patterns(".*", "archives"))
    (handed_in / "settings").write_text("\n".join(_settings(handed_in)) + "\n", "utf-8")
    for path in (handed_in, *handed_in.rglob("*")):  # the machine's user is not the owner
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return handed_in


def _settings(handed_in: Path) -> list[str]:
    """Shell lines that give the machine's user our mirrors, proxies and trust."""
    values = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    for loopback in ("127.0.0.1", "localhost"):
        values = {name: value.replace(f"//{loopback}", f"//{OUR_LOOPBACK}") for name, value in values.items()}
    if bundle := os.environ.get("AMANAT_CA_BUNDLE"):
        shutil.copy(bundle, handed_in / "authorities.pem")
        values["AMANAT_CA_BUNDLE"] = f"{HANDED_IN}/authorities.pem"
    return [f"export {name}={shlex.quote(value)}" for name, value in values.items()]


def _take(step: Step, place: str, machine: Machine, screen: Screen) -> float:
    """Take a step; its seconds. Raises `MachineFailed` with the end of its log."""
    began = monotonic()
    log = private_directory(WORK / "logs") / f"{step.name.replace(' ', '-')}.log"
    with screen.stage(f"{place} {step.name}"):
        status = machine.watch(
            step.user, f". {HANDED_IN}/settings\n{step.command}", log, _ticker(screen), step.answer
        )
    output = log.read_text("utf-8")
    lacking = [text for text in step.shows if text not in output]
    if status != step.status or lacking:
        why = f"ended {status}" if status != step.status else f"never said {lacking[0]!r}"
        end = "\n".join(f"  {line}" for line in output.splitlines()[-25:])
        raise MachineFailed(
            what=f"{step.name!r} {why}:\n{end}",
            where=str(log),
            fix="Mend it, commit, and run `make test-fresh` again; on the same commit it goes on with this step.",
        )
    return monotonic() - began


def _ticker(screen: Screen) -> Callable[[float, str], None]:
    return lambda seconds, line: screen.tick(f"{elapsed(seconds)}: {line[:120]}")


def _summary(done: _Done, took: str) -> None:
    lines = [f"{name:<14} {elapsed(seconds)}" for name, seconds in done.seconds.items()]
    audit = (WORK / "logs/make-audit.log").read_text("utf-8").splitlines()
    lines += [line for line in audit if " satisfied, " in line or " passed in " in line]
    typer.echo("\n".join([*lines, f"{len(STEPS)} passed, 0 failed", f"all of it took {took} (this run)"]))


if __name__ == "__main__":
    try:
        main()
    except AmanatError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
