"""What runs outside people's sessions: by unit, account, program, rights, environment and the code it has mapped."""

from __future__ import annotations

import functools
import os
import pwd
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from amanat_host.accounts import group_name
from amanat_host.state import mount_namespaces, proc, units
from amanat_host.state.capabilities import named
from amanat_host.state.listing import Listing
from amanat_host.state.owned import installed_at, package_of
from amanat_host.state.proc import Process
from amanat_host.state.syntax import shell_words
from amanat_host.system.state import output, text
from amanat_host.times import DAY_SECONDS

POSTGRES = "/usr/lib/postgresql/"
LONGEST_SESSION_SECONDS = DAY_SECONDS
USUAL_OPEN_FILES = 1024  # systemd's default for a service, DefaultLimitNOFILE
COMMANDS, ENDED = "its commands", "it has ended"  # beside names of variables, which have no blanks
# What systemd tells each of its services, or what follows from their unit.
OF_SYSTEMD = re.compile(
    r"INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|NOTIFY_SOCKET|WATCHDOG_(PID|USEC)|LISTEN_(PID|PIDFDID|FDS|FDNAMES)"
    r"|FDSTORE|MEMORY_PRESSURE_(WATCH|WRITE)|(RUNTIME|STATE|CACHE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY|MAINPID"
    r"|REMOTE_(ADDR|PORT)|MANAGERPID|TRIGGER_(UNIT|TIMER_.*)"
    r"|MONITOR_(UNIT|EXIT_CODE|EXIT_STATUS|INVOCATION_ID|SERVICE_RESULT)"
)
# Variables that change which code a program runs; they are a finding wherever they are.
CODE_VARIABLE = re.compile(
    r"LD_.*|GCONV_PATH|GLIBC_TUNABLES|MALLOC_.*|PYTHON.*|PERL5?(LIB|OPT|DB)|RUBY(LIB|OPT)|NODE_(OPTIONS|PATH)|BASH_ENV|ENV"
    r"|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|OPENSSL_(CONF|MODULES|ENGINES)|SSL_CERT_(FILE|DIR)|GIT_.*|http_proxy|https_proxy"
    r"|ALL_PROXY|PGPASS.*|PGSERVICE.*|BASH_FUNC_.*"
)
PUBLIC_VARIABLES = {"PATH", "LANG", "LC_ALL", "HOME", "LOGNAME", "USER", "SHELL", "PWD", "TZ"}
STOPPED = ("T", "t")  # by a signal, by a tracer (proc(5), status)
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


def read() -> Listing:
    """Every process, apart from people's sessions, whose own are told by account; then who was left behind."""
    listing = Listing()
    table = proc.processes()
    public = public_variables()
    left_behind = []
    starting = []
    for process in table.values():
        if owner := proc.session_of(process, table):
            read_session(listing, process, owner)
        elif process.unit == proc.SSH and process.path != proc.SSHD:
            left_behind.append(process)
        elif proc.is_starting(process):
            starting.append(process)
        else:
            listing.take(read_if_there(process, public, proc.loaded_at(process, table)))
    for begun in starting:
        if started := proc.once_started(begun):
            listing.take(read_if_there(started, public, started.started))
    read_left_behind(listing, left_behind)
    listing.take(mount_namespaces.read(table.values()))
    return listing


def read_if_there(process: Process, public: Mapping[str, Mapping[str, str]], loaded: float) -> Listing:
    """What `read_process` tells; nothing of one that ended meanwhile, which was read in part."""
    part = Listing()
    read_process(part, process, public, loaded)
    return part if proc.is_there(process) else Listing()


def read_left_behind(listing: Listing, suspects: Sequence[Process]) -> None:
    """Those who run on when their session is over. One that is ending looks like it: so they are looked at twice."""
    now = proc.processes() if suspects else {}
    for process in suspects:
        if proc.is_there(process) and proc.session_of(process, now) is None:
            item = f"left behind by a session: {process.account} {process.path}"
            listing.add(item, command_of(process, set()), process.started)


def read_session(listing: Listing, process: Process, owner: str) -> None:
    """What of a session is told: that it is open, and what no session should have."""
    listing.add(f"session of {owner}", "open")
    for name in sorted(process.environment):
        if name.startswith("LD_"):
            listing.add(f"session of {owner}: {name}", process.environment[name])
    if process.program and not package_of(process.path):
        listing.add(f"session of {owner} runs {process.path}", "of no package", process.started)
    if time.time() - process.started > LONGEST_SESSION_SECONDS:
        listing.add(f"session of {owner} runs {process.path}", "for more than a day", process.started)
    read_tracer(listing, process)


def read_process(
    listing: Listing, process: Process, public: Mapping[str, Mapping[str, str]], loaded: float
) -> None:
    """One process: what it is and may do, with which variables, and code that it has from elsewhere.

    `loaded` is the Unix time since when it may have its code.
    """
    unit = units.shown(process.unit) or "no unit"
    if public.get(process.unit, {}).get(ENDED):
        unit += " after its end"
    whose = f"{unit}: {process.account} {process.path}"
    listing.add(
        f"process of {whose}: {command_of(process, words_of(unit_words(public, process.unit)))}",
        rights_of(process),
        process.started,
    )
    for name, value in variables_of(process, public.get(process.unit, {})):
        listing.add(f"environment of {whose}: {name}", value)
    for path, how in strange_code(process, loaded):
        listing.add(f"code of {whose}: {path}", how, process.started)
    if process.status.get("State", "").startswith(STOPPED):
        listing.add(f"stopped: {whose}", "waits for a signal to go on", process.started)
    for name, value in lowered_limits(process):
        listing.add(f"limit of {whose}: {name}", value, process.started)
    read_tracer(listing, process)


def lowered_limits(process: Process) -> Iterator[tuple[str, str]]:
    """Limits (soft, hard) under which it will fail one day: other than those of the machine's first process.

    Core files are told by the unit; of open files a service has fewer by systemd's default.
    """
    firsts = limits_of(1)
    for name, (soft, hard) in limits_of(process.number).items():
        if name == "open files":
            is_known = not soft.isdigit() or int(soft) >= USUAL_OPEN_FILES
        else:
            is_known = name == "core file size" or (soft, hard) == firsts.get(name)
        if not is_known:
            yield name, f"{soft}, at most {hard}"


def limits_of(number: int) -> dict[str, tuple[str, str]]:
    """Name -> (soft, hard) as the kernel has them for a process."""
    lines = text(proc.PROC / str(number) / "limits").splitlines()[1:]
    found = (re.match(r"Max (.+?) {2,}(\S+) +(\S+)", line) for line in lines)
    return {match[1]: (match[2], match[3]) for match in found if match}


def variables_of(process: Process, published: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables: values of those that tell no secret, names of others; outside of units those of code alone."""
    known = {**of_account(process), **published}
    for name, value in process.environment.items():
        if not re.fullmatch(r"[A-Za-z_]\w*(%%)?", name) or OF_SYSTEMD.fullmatch(name):
            continue  # the first: the program wrote its title over it
        if CODE_VARIABLE.fullmatch(name):
            yield name, "…" if units.SECRET_NAME.search(name) else value
        elif process.unit and known.get(name) != value:  # what the unit or the manager says is told there
            yield name, value if name in PUBLIC_VARIABLES else "is set"


def of_account(process: Process) -> dict[str, str]:
    """Variables that systemd takes from an account."""
    try:
        account = pwd.getpwnam(process.account)
    except KeyError:
        return {}
    return {
        "HOME": account.pw_dir,
        "LOGNAME": account.pw_name,
        "USER": account.pw_name,
        "SHELL": account.pw_shell,
    }


def read_tracer(listing: Listing, process: Process) -> None:
    """Whether somebody holds a process with ptrace(2)."""
    tracer = int(process.status.get("TracerPid", "0"))
    if tracer:
        try:
            by = os.readlink(proc.PROC / str(tracer) / "exe")
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
    numbers = {status.get("Gid", "0 0").split()[1], *status.get("Groups", "").split()}
    groups = sorted(group_name(int(number)) for number in numbers)
    parts = [f"groups {','.join(groups)}", f"capabilities {capabilities(status.get('CapEff', '0'))}"]
    if int(status.get("CapAmb", "0"), 16):
        parts.append(f"ambient {capabilities(status['CapAmb'])}")
    if len(set(status.get("Uid", "").split())) > 1:
        parts.append("uids " + ",".join(status["Uid"].split()))
    parts.append("no new privileges" if status.get("NoNewPrivs") == "1" else "new privileges")
    parts.append("seccomp" if status.get("Seccomp") == "2" else "no seccomp")
    parts.append(f"own namespaces {','.join(proc.own_namespaces(process)) or 'none'}")
    if process.root not in ("/", ""):
        parts.append(f"root {process.root}")
    return "; ".join(parts)


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
    found = re.search(r"^CapEff:\t(\w+)", text(proc.PROC / "1/status"), re.M)
    return int(found[1], 16) if found else 0


def strange_code(process: Process, loaded: float) -> Iterator[tuple[str, str]]:
    """Programs, libraries and scripts of a process that no package brought, or that were put away since `loaded`."""
    for path in sorted({process.program, *process.mapped} - {""}):
        if how := origin(path, loaded):
            yield path.removesuffix(" (deleted)"), how
    for script in scripts_of(process):
        if how := origin(script, loaded):
            yield script, how


def origin(path: str, loaded: float) -> str:
    """What is wrong with code's origin; "" for a package's own, also one that an update has replaced since."""
    gone, plain = path.endswith(" (deleted)"), path.removesuffix(" (deleted)")
    if plain.startswith(("/dev/zero", "/SYSV", "/[aio]", "/anon_hugepage")):
        return ""  # shared memory
    package = package_of(plain)
    if not package:
        return "of no package, and deleted" if gone else "of no package"
    if gone and installed_at(package) < loaded:
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
    """Unit -> what it and the manager set for all to see; beside it its commands, and whether it has ended."""
    asked = ("show", "--all", "--property=Id,ActiveState,Environment,ExecStart,ExecStartPre", "*.service")
    lines = output(units.SYSTEMCTL, "show-environment").splitlines()
    of_manager = {name: value for name, _, value in (line.partition("=") for line in lines)}
    found = {}
    for unit in units.parse(output(units.SYSTEMCTL, *asked)):
        pairs = (word.partition("=") for word in shell_words(unit["Environment"]))
        commands = " ".join(re.findall(r"argv\[\]=(.*?) ;", unit["ExecStart"] + unit["ExecStartPre"]))
        found[unit.name] = {**of_manager, **{name: value for name, _, value in pairs}, COMMANDS: commands}
        if unit["ActiveState"] in ("inactive", "failed"):
            found[unit.name][ENDED] = "yes"
    return found


def unit_words(public: Mapping[str, Mapping[str, str]], unit: str) -> str:
    """The words of a unit's commands."""
    return public.get(unit, {}).get(COMMANDS, "")


def words_of(commands: str) -> set[str]:
    """The words of command lines."""
    return set(shell_words(commands))
