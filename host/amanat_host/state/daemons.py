"""What runs outside people's sessions: by unit, account, program, rights, environment and the code it has mapped."""

from __future__ import annotations

import functools
import grp
import os
import pwd
import re
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat_host.state import units
from amanat_host.state.capabilities import named
from amanat_host.state.listing import Listing
from amanat_host.state.owned import installed_at, package_of
from amanat_host.system.state import output, text

PROC = Path("/proc")
SESSION_PROGRAMS = ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth")
SSH, SSHD = "ssh.service", "/usr/sbin/sshd"
POSTGRES = "/usr/lib/postgresql/"
LONGEST_SESSION_SECONDS = 24 * 3600
NAMESPACES = ("mnt", "net", "pid", "ipc", "uts", "user", "cgroup")
# What a new process of a unit still is while systemd sets up its confinement.
STARTING = ("/usr/lib/systemd/systemd-executor", "/usr/lib/systemd/systemd")
STARTING_SECONDS = 5
# Variables that change which code a program runs; they are a finding wherever they are.
CODE_VARIABLE = re.compile(
    r"LD_.*|GCONV_PATH|GLIBC_TUNABLES|MALLOC_.*|PYTHON.*|PERL5?(LIB|OPT|DB)|RUBY(LIB|OPT)|NODE_(OPTIONS|PATH)|BASH_ENV|ENV"
    r"|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|OPENSSL_(CONF|MODULES|ENGINES)|SSL_CERT_(FILE|DIR)|GIT_.*|http_proxy|https_proxy"
    r"|ALL_PROXY|PGPASS.*|PGSERVICE.*|BASH_FUNC_.*"
)
PUBLIC_VARIABLES = {"PATH", "LANG", "LC_ALL", "HOME", "LOGNAME", "USER", "SHELL", "PWD", "TZ"}
TITLES = (  # of processes that write their own
    (re.compile(r"^(postgres: [\w/-]+: (?:archiver|startup)) .*"), r"\1"),
    (
        re.compile(
            r"^(postgres: [\w/-]+:) (?!(?:checkpointer|background writer|walwriter|autovacuum launcher|archiver"
            r"|startup|logical replication launcher|io worker \d+|logger|walsummarizer|syslogger)\b).*"
        ),
        r"\1 <client>",
    ),
    (re.compile(r"^(sshd: .* \[listener\]) \d+ of "), r"\1 <n> of "),
)


@dataclass(frozen=True)
class Process:
    """A process as /proc shows it; `started` is a Unix time."""

    number: int
    parent: int
    started: float
    program: str
    words: Sequence[str]
    unit: str
    status: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def account(self) -> str:
        """The effective user's name, or number."""
        number = int(self.status.get("Uid", "0 0").split()[1])
        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)

    @property
    def path(self) -> str:
        """Its program's path, also when that is gone."""
        return self.program.removesuffix(" (deleted)")


def read() -> Listing:
    """Every process, apart from people's sessions, whose own are told by account; then who was left behind."""
    listing = Listing()
    table = processes()
    public = public_variables()
    left_behind = []
    for process in table.values():
        if owner := session_of(process, table):
            read_session(listing, process, owner)
        elif process.unit == SSH and process.path != SSHD:
            left_behind.append(process)
        elif not is_starting(process):
            part = Listing()
            read_process(part, process, public)
            if is_there(process):  # what ended meanwhile was read in part
                listing.take(part)
    read_left_behind(listing, left_behind)
    return listing


def is_there(process: Process) -> bool:
    """Whether it still runs the same program."""
    try:
        return os.readlink(PROC / str(process.number) / "exe") == process.program
    except OSError:
        return False


def is_starting(process: Process) -> bool:
    """Whether systemd is about to run a unit's program in it."""
    age = time.time() - process.started
    return process.path in STARTING and process.parent == 1 and age < STARTING_SECONDS


def read_left_behind(listing: Listing, suspects: Sequence[Process]) -> None:
    """Those who run on when their session is over. One that is ending looks like it: so they are looked at twice."""
    now = processes() if suspects else {}
    for process in suspects:
        if is_there(process) and session_of(process, now) is None:
            item = f"left behind by a session: {process.account} {process.path}"
            listing.add(item, command_of(process, set()), process.started)


def processes() -> dict[int, Process]:
    """Every process by number, without the kernel's own."""
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    found = {}
    for name in sorted((name for name in os.listdir(PROC) if name.isdigit()), key=int):
        if process := process_of(int(name), boot):
            found[process.number] = process
    return found


def process_of(number: int, boot: float) -> Process | None:
    """A process; None for one that has ended, and for the kernel's threads, which have no program."""
    place = PROC / str(number)
    try:
        fields = (place / "stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
        program = os.readlink(place / "exe")
    except OSError:
        return None
    parent, ticks = int(fields[1]), int(fields[19])
    status = dict(line.split(":\t", 1) for line in text(place / "status").splitlines() if ":\t" in line)
    if not status:
        return None
    words = text(place / "cmdline").rstrip("\0").split("\0")
    variables = dict(entry.split("=", 1) for entry in text(place / "environ").split("\0") if "=" in entry)
    started = boot + ticks / os.sysconf("SC_CLK_TCK")
    return Process(
        number, parent, started, program, words, unit_of(text(place / "cgroup")), status, variables
    )


def unit_of(cgroup: str) -> str:
    """The unit, or for a scope or service in a slice its name, of /proc/PID/cgroup; "" outside of all."""
    paths = [
        line.split(":", 2)[2] for line in cgroup.splitlines() if re.match(r"0::|\d+:name=systemd:", line)
    ]
    path = max(paths, key=len, default="/")
    return next(
        (
            part
            for part in reversed(path.split("/"))
            if re.search(r"\.(service|scope|mount|socket|swap)$", part)
        ),
        "",
    )


def session_of(process: Process, table: Mapping[int, Process]) -> str | None:
    """Whose session a process belongs to, by the sshd-session that it comes from; None for none."""
    seen: Process | None = process
    owner = None
    while seen is not None and seen.number != 1:
        if seen.path in SESSION_PROGRAMS:
            title = re.match(r"sshd-session: ([\w.-]+)(?: \[priv\]|@|$)", " ".join(seen.words))
            owner = title[1] if title else "nobody yet"
        seen = table.get(seen.parent)
    return owner


def read_session(listing: Listing, process: Process, owner: str) -> None:
    """What of a session is told: that it is open, and what no session should have."""
    listing.add(f"session of {owner}", "open")
    for name in sorted(process.environment):
        if CODE_VARIABLE.fullmatch(name) and process.path not in SESSION_PROGRAMS and name.startswith("LD_"):
            listing.add(f"session of {owner}: {name}", process.environment[name])
    if not package_of(process.path):
        listing.add(f"session of {owner} runs {process.path}", "of no package", process.started)
    if time.time() - process.started > LONGEST_SESSION_SECONDS:
        listing.add(f"session of {owner} runs {process.path}", "for more than a day", process.started)
    read_tracer(listing, process)


def read_process(listing: Listing, process: Process, public: Mapping[str, Mapping[str, str]]) -> None:
    """One process: what it is and may do, with which variables, and code that it has from elsewhere."""
    unit = units.shown(process.unit) or "no unit"
    whose = f"{unit}: {process.account} {process.path}"
    listing.add(
        f"process of {whose}: {command_of(process, words_of(unit_words(public, process.unit)))}",
        rights_of(process),
        process.started,
    )
    for name, value in variables_of(process, public.get(process.unit, {})):
        listing.add(f"environment of {whose}: {name}", value)
    for path, how in strange_code(process):
        listing.add(f"code of {whose}: {path}", how, process.started)
    read_tracer(listing, process)


def variables_of(process: Process, published: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables of a process: values of those that tell no secret, names of others; outside units those of code alone."""
    for name, value in process.environment.items():
        if not re.fullmatch(r"[A-Za-z_]\w*(%%)?", name):
            continue  # the program wrote its title over it
        if (
            CODE_VARIABLE.fullmatch(name)
            or process.unit
            and (name in PUBLIC_VARIABLES or published.get(name) == value)
        ):
            yield name, "…" if units.SECRET_NAME.search(name) else value
        elif process.unit:
            yield name, "is set"


def read_tracer(listing: Listing, process: Process) -> None:
    """Whether somebody holds a process with ptrace(2)."""
    tracer = int(process.status.get("TracerPid", "0"))
    if tracer:
        try:
            by = os.readlink(PROC / str(tracer) / "exe")
        except OSError:
            by = "somebody outside"
        listing.add(f"traced: {process.account} {process.path}", f"by {by}", process.started)


def command_of(process: Process, public: set[str]) -> str:
    """A command line that tells no secret: options, paths and what the unit says itself; else "…"."""
    line = " ".join(process.words).strip()
    for pattern, short in TITLES:
        if pattern.match(line):
            return pattern.sub(short, line)
    if process.path.startswith(POSTGRES) and line.startswith("postgres: "):
        return line
    if line.startswith("sshd: ") and process.path == "/usr/sbin/sshd":
        return line
    return " ".join(word_of(word, {*public, process.path}) for word in process.words).strip()


def word_of(word: str, public: set[str]) -> str:
    """An argument as it may be shown."""
    if word in public or word.startswith("/") and "=" not in word and os.path.exists(word):
        return word
    if found := re.match(r"--[a-z0-9-]+(?==|$)|-[A-Za-z](?=$)", word):
        return found[0] if found[0] == word else f"{found[0]}=…"
    return f"{word[:2]}…" if re.match(r"-[A-Za-z]", word) else "…"


def rights_of(process: Process) -> str:
    """Groups, capabilities, and what holds it: new privileges, seccomp, namespaces, root directory."""
    status = process.status
    groups = sorted(map(group_name, {status.get("Gid", "0 0").split()[1], *status.get("Groups", "").split()}))
    parts = [f"groups {','.join(groups)}", f"capabilities {capabilities(status.get('CapEff', '0'))}"]
    if int(status.get("CapAmb", "0"), 16):
        parts.append(f"ambient {capabilities(status['CapAmb'])}")
    if len(set(status.get("Uid", "").split())) > 1:
        parts.append("uids " + ",".join(status["Uid"].split()))
    parts.append("no new privileges" if status.get("NoNewPrivs") == "1" else "new privileges")
    parts.append("seccomp" if status.get("Seccomp") == "2" else "no seccomp")
    parts.append(f"own namespaces {','.join(own_namespaces(process.number)) or 'none'}")
    try:
        if (root := os.readlink(PROC / str(process.number) / "root")) != "/":
            parts.append(f"root {root}")
    except OSError:
        pass
    return "; ".join(parts)


@functools.cache
def group_name(number: str) -> str:
    """A group's name, or its number."""
    try:
        return grp.getgrgid(int(number)).gr_name
    except KeyError:
        return number


def capabilities(mask: str) -> str:
    """A set of capabilities by name; `all` for what the machine's first process has."""
    bits = int(mask, 16)
    if not bits:
        return "none"
    if bits == first_processs_capabilities():
        return "all"
    return named(bits)


@functools.cache
def first_processs_capabilities() -> int:
    """A container's first process has fewer than a server's."""
    found = re.search(r"^CapEff:\t(\w+)", text(PROC / "1/status"), re.M)
    return int(found[1], 16) if found else 0


def own_namespaces(number: int) -> Iterator[str]:
    """The kinds of namespace that a process doesn't share with the machine's first."""
    for kind in NAMESPACES:
        try:
            if os.readlink(PROC / str(number) / "ns" / kind) != os.readlink(PROC / "1/ns" / kind):
                yield kind
        except OSError:
            return


def strange_code(process: Process) -> Iterator[tuple[str, str]]:
    """Programs, libraries and scripts of a process that no package brought, or that were put away since it started."""
    maps = text(PROC / str(process.number) / "maps")
    mapped = {match[1] for match in re.finditer(r"^\S+ \S+x\S* \S+ \S+ [1-9]\d*\s+(.+)$", maps, re.M)}
    for path in sorted({process.program, *mapped}):
        if how := origin(path, process.started):
            yield path.removesuffix(" (deleted)"), how
    for script in scripts_of(process):
        if how := origin(script, process.started):
            yield script, how


def origin(path: str, started: float) -> str:
    """What is wrong with code's origin; "" for a package's own, also one that an update has replaced since."""
    gone, plain = path.endswith(" (deleted)"), path.removesuffix(" (deleted)")
    if plain.startswith(("/dev/zero", "/SYSV", "/[aio]", "/anon_hugepage")):
        return ""  # shared memory
    package = package_of(plain)
    if not package:
        return "of no package, and deleted" if gone else "of no package"
    if gone and installed_at(package) < started:
        return "deleted, though nothing updated it"
    return ""


def scripts_of(process: Process) -> Iterable[str]:
    """The file that an interpreter was given."""
    if not re.search(
        r"/(python[\d.]*|perl[\d.]*|ruby[\d.]*|(?:ba|da|k|z)?sh|node|lua[\d.]*|php[\d.]*)$", process.path
    ):
        return ()
    return [word for word in process.words[1:4] if word.startswith("/") and os.path.isfile(word)][:1]


def public_variables() -> dict[str, dict[str, str]]:
    """Unit -> what it sets for all to see, of `systemctl show`; its commands' words below the name ""."""
    shown = output(
        units.SYSTEMCTL, "show", "--all", "--property=Id,Environment,ExecStart,ExecStartPre", "*.service"
    )
    found = {}
    for unit in units.parse(shown):
        pairs = (word.strip('"').partition("=") for word in shlex_words(unit["Environment"]))
        commands = " ".join(re.findall(r"argv\[\]=(.*?) ;", unit["ExecStart"] + unit["ExecStartPre"]))
        found[unit.name] = {**{name: value for name, _, value in pairs}, "": commands}
    return found


def unit_words(public: Mapping[str, Mapping[str, str]], unit: str) -> str:
    """The words of a unit's commands."""
    return public.get(unit, {}).get("", "")


def words_of(commands: str) -> set[str]:
    """The words of command lines."""
    return set(shlex_words(commands))


def shlex_words(line: str) -> list[str]:
    """Words as systemd quotes them; plain ones where it doesn't."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
