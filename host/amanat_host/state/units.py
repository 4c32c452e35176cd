"""What systemd knows and does: units as they count, what links and drop-ins make of them, the manager itself."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amanat_host.state.listing import Listing, changed_at, files_below
from amanat_host.state.owned import package_of
from amanat_host.system.state import output, text

SYSTEMCTL = "/usr/bin/systemctl"
BUSCTL = "/usr/bin/busctl"
# systemd shows a unit that isn't there with the defaults of its type.
NO_UNIT = "amanat-no-such-unit"
TYPES = ("service", "socket", "timer", "path", "target", "mount", "automount", "swap", "slice", "scope")
TYPES_THAT_RUN = ("service", "socket", "timer", "path", "target", "automount", "swap", "scope")
TYPES_WITH_DEFAULTS = ("service", "socket", "timer", "path", "target", "mount", "automount", "swap")
FIRST = "init.scope"  # of the manager itself
UNIT_DIRECTORIES = (
    *("/etc/systemd/system", "/etc/systemd/system.control", "/etc/systemd/system.attached"),
    *("/run/systemd/system", "/run/systemd/system.control", "/run/systemd/system.attached"),
    *("/run/systemd/generator", "/run/systemd/generator.early", "/run/systemd/generator.late"),
    *("/run/systemd/transient", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"),
)
# What changes by itself, says where the unit stands, follows from others, or only describes (org.freedesktop.systemd1).
NOT_COMPARED = re.compile(
    r".*(Next|Timestamp|Monotonic|Current|Peak|Available|NSec|Bytes|Packets|Operations|Result|State|Preset)"
    r"|(Effective|Status|Exec(Main|Context)|Can|Next|Last|Following|Active|Description|Documentation).*"
    r"|(Main|Control)PID|ControlGroup(Id)?|InvocationID|N(Restarts|Accepted|Connections|Refused)|[UG]ID|Job|Names|Id"
    r"|Before|After|ConsistsOf|.*(By|Of)|References|LoadError|Markers|Refs|OOMKills|ManagedOOMKills|TasksMax"
    r"|NFileDescriptorStore|(Fragment|Source)Path|DropInPaths|NeedDaemonReload|(Requires|Wants)MountsFor|Where|What"
    r"|Conditions|Asserts|TimersMonotonicUSec|Perpetual|StartLimitIntervalUSec|Limit(NPROC|SIGPENDING)(Soft)?"
)
COMPARED_ALL_THE_SAME = {"TimersCalendar", "TimersMonotonic", "JoinsNamespaceOf", "PartOf", "ActionOnFailure"}
MANAGER_NOT_COMPARED = re.compile(
    r".*(Timestamp|TimestampMonotonic)|Version|Features|(Confidential)?Virtualization|Architecture|Tainted|N[A-Z].*"
    r"|Progress|SystemState|Environment|ControlGroup|SoftRebootsCount|ExitCode|ConfirmSpawn|LogTarget"
    r"|Default(LimitNPROC|LimitSIGPENDING|TasksMax)(Soft)?"  # follow from the machine's memory
)
# What every unit has that doesn't say otherwise, and systemd doesn't show for one that isn't there.
IMPLIED = {
    "Slice": "system.slice",
    "StandardOutput": "journal",
    "Conflicts": "shutdown.target",
    "OOMPolicy": "stop",
    "SetLoginEnvironment": "yes",
    "Type": "simple",
    "WatchdogUSec": "0",
}
IMPLIED_DEPENDENCIES = {"sysinit.target", "system.slice", "shutdown.target", "-.mount"}
DEPENDENCIES = {"Requires", "Wants", "BindsTo", "Conflicts", "Requisite", "Upholds"}
SETS = {
    *(
        "AmbientCapabilities",
        "CapabilityBoundingSet",
        "IPAddressAllow",
        "IPAddressDeny",
        "RestrictAddressFamilies",
    ),
    *("RestrictNamespaces", "SupplementaryGroups", "SystemCallArchitectures", "Triggers"),
}
SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|CRED|KEY", re.I)
CONNECTION = re.compile(r"@[0-9]+-[0-9][^@]*(?=\.service$)")  # a socket's instance: a number and addresses
RANDOM = re.compile(
    r"(?<=^run-)[pru0-9a-f-]+(?=\.(?:scope|service|timer)$)|(?<=^session-)c?[0-9]+(?=\.scope$)"
)


@dataclass(frozen=True)
class Unit:
    """A unit as systemd has it; properties by name, several of one name a line each."""

    name: str
    properties: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.properties.get(name, "")

    @property
    def type(self) -> str:
        """`service`, `timer`, …"""
        return self.name.rpartition(".")[2]

    @property
    def shown(self) -> str:
        """Its name without what differs each time."""
        return shown(self.name)

    @property
    def drop_ins(self) -> list[str]:
        """Files that change it and that no package brought."""
        return [path for path in self["DropInPaths"].split() if not package_of(path)]

    @property
    def is_packaged(self) -> bool:
        """Whether it is as a package brought it; `dpkg --verify` tells when its file was changed."""
        return bool(package_of(self["FragmentPath"])) and not self.drop_ins

    @property
    def is_job(self) -> bool:
        """Whether it does a piece of work and ends."""
        return self["Type"] == "oneshot" and self["RemainAfterExit"] != "yes"


def shown(unit: str) -> str:
    """A unit's name without what differs each time."""
    return RANDOM.sub("<n>", CONNECTION.sub("@<connection>", unit))


def parse(listing: str) -> list[Unit]:
    """The units of `systemctl show`'s output: a block each, `Name=value` a line; a value may have several lines."""
    units = []
    for block in re.split(r"\n\n(?=[A-Z]\w+=)", listing.strip()):
        properties: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            name, separator, value = line.partition("=")
            if separator and re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
                properties[name] = f"{properties[name]}\n{value}" if name in properties else value
                last = name
            elif last:
                properties[last] += f"\n{line}"
        if "Id" in properties:
            units.append(Unit(properties["Id"], properties))
    return units


def known() -> list[Unit]:
    """Every unit that systemd has loaded, and those that wait in files that no package brought."""
    units = parse(output(SYSTEMCTL, "show", "--all", "*"))
    names = {name for unit in units for name in unit["Names"].split()}
    # A template is seen in an instance: whatever they are called, they have its properties.
    others = sorted({name.replace("@.", "@any.") for name in added_names()} - names)
    return units + (parse(output(SYSTEMCTL, "show", "--all", "--", *others)) if others else [])


def added_files() -> list[str]:
    """Every file and link in systemd's directories that no package brought."""
    return [path for path in files_below(*UNIT_DIRECTORIES) if not package_of(path)]


def added_names() -> Iterator[str]:
    """Names of the units that such a file is, or changes."""
    for path in added_files():
        directory, name = os.path.split(path)
        if directory.endswith(".d"):
            name = os.path.basename(directory).removesuffix(".d")
        elif directory not in UNIT_DIRECTORIES or os.path.islink(path):
            continue
        stem, _, kind = name.rpartition(".")
        if kind in TYPES and stem and not stem.endswith("-"):  # `service.d` and `some-.service.d` change many
            yield name


def defaults() -> dict[str, Mapping[str, str]]:
    """Type -> the properties of a unit that says nothing; limits are those that the manager gives."""
    units_of_none = output(
        SYSTEMCTL, "show", "--all", "--", *(f"{NO_UNIT}.{kind}" for kind in TYPES_WITH_DEFAULTS)
    )
    limits = {
        name.removeprefix("Default"): value
        for name, _, value in (
            line.partition("=") for line in output(SYSTEMCTL, "show", "--all").splitlines()
        )
        if name.startswith("DefaultLimit")
    }
    return {unit.type: {**unit.properties, **limits} for unit in parse(units_of_none)}


def read() -> Listing:
    """Units, their files and the links that start them, D-Bus names that do, and the manager."""
    listing = Listing()
    usual = defaults()
    for line in output(SYSTEMCTL, "list-unit-files", "--plain", "--no-legend", "--no-pager").splitlines():
        name, state, *_ = line.split()
        listing.add(f"unit file {shown(name)}", state)
    for path in added_files():
        if not os.path.basename(path).startswith(("run-", "session-")):
            listing.add(
                f"unit path {path}", os.readlink(path) if os.path.islink(path) else "file", changed_at(path)
            )
    for unit in known():
        read_unit(listing, unit, usual.get(unit.type, {}))
    read_manager(listing)
    read_bus(listing)
    return listing


def read_unit(listing: Listing, unit: Unit, usual: Mapping[str, str]) -> None:
    """One unit: whether it runs, and, unless it is as a package brought it, all that is not the default."""
    about = f"unit {unit.shown}"
    if (standing := standing_of(unit)) and unit.type in TYPES_THAT_RUN:
        listing.add(f"{about} runs", standing)
    if unit["NeedDaemonReload"] == "yes":
        listing.add(f"{about} has files that systemd has not read", "yes")
    if is_older_than_its_files(unit):
        listing.add(f"{about} has files newer than its start", "yes")
    if unit.type == "timer" and is_ahead(unit.name):
        listing.add(f"{about} has run", "in the future, so it waits")
    if CONNECTION.search(unit.name):
        return  # an instance for a while, and its template is read
    if unit["Transient"] == "yes" and unit.name != FIRST:
        listing.add(about, "made at run time")
    elif unit.is_packaged or unit["LoadState"] == "masked" or not (unit["FragmentPath"] or unit.drop_ins):
        return
    for name, value in compared(unit, usual) if unit.type in TYPES_WITH_DEFAULTS else ():
        listing.add(f"{about}: {name}", value)


def standing_of(unit: Unit) -> str:
    """How it runs; "" for one that doesn't, and for a job, which comes and goes, unless it failed."""
    state = unit["ActiveState"]
    if state == "failed":
        return f"failed ({unit['Result']})"
    if state == "inactive" or unit.is_job or unit["LoadState"] == "not-found" and state != "active":
        return ""
    if unit["LoadState"] == "not-found":
        return "without a unit file"
    if state in ("active", "reloading"):
        return "active (elapsed)" if (unit.type, unit["SubState"]) == ("timer", "elapsed") else "active"
    return f"{state} ({unit['SubState']})"


def compared(unit: Unit, usual: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Properties that aren't the default, and what the files say that systemd shows in no property."""
    yield "file", unit["FragmentPath"]
    for path in unit.drop_ins:
        yield f"drop-in {path}", "is there"
    for name in sorted(unit.properties):
        if name.startswith("Exec") and f"{name}Ex" in unit.properties:
            continue
        if NOT_COMPARED.fullmatch(name) and name not in COMPARED_ALL_THE_SAME:
            continue
        value = unit[name]
        if value != usual.get(name, "") and value != IMPLIED.get(name):
            yield from plain(name.removesuffix("Ex") if name.startswith("Exec") else name, value)
    for path in filter(None, [unit["FragmentPath"], *unit["DropInPaths"].split()]):
        for line in re.findall(r"^((?:Condition|Assert)\w+=.*)$", text(path), re.M):
            yield line.partition("=")[0], line.partition("=")[2]


def plain(name: str, value: str) -> Iterator[tuple[str, str]]:
    """A property as items: commands without their last run, lists by their entries, no secrets."""
    if name.startswith(("Exec", "Timers")):
        for number, line in enumerate(value.splitlines(), 1):
            kept = re.sub(r" ; (start_time|next_elapse)=.*(?= })", "", line)
            yield (f"{name} {number}" if number > 1 else name), kept.removeprefix("{ ").removesuffix(" }")
    elif name == "Environment":
        for word in re.findall(r'"(?:[^"\\]|\\.)*"|\S+', value):
            variable, _, content = word.strip('"').partition("=")
            yield f"Environment {variable}", "…" if SECRET_NAME.search(variable) else content
    elif name.startswith("SetCredential"):
        yield name, " ".join(re.findall(r"(?:^|\n)([^\s:]+):", value))
    elif name in DEPENDENCIES:
        for dependency in sorted({*value.split()} - IMPLIED_DEPENDENCIES):
            yield f"{name} {dependency}", "yes"
    elif name in SETS:
        yield name, " ".join(sorted(value.split()))
    elif name == "SystemCallFilter":
        yield name, "all but some" if value.startswith("~") else "some" if value else ""
    else:
        words = value.split()
        is_set = name in ("Requires", "Wants", "BindsTo", "Conflicts", "Requisite") or name.startswith(
            "CapabilityB"
        )
        yield name, " ".join(sorted(words)) if is_set else value


def is_older_than_its_files(unit: Unit) -> bool:
    """Whether a service runs that was started before a file of its own, which no package brought, was changed."""
    started = monotonic_age(unit["ExecMainStartTimestampMonotonic"])
    if unit.type != "service" or started is None or unit["MainPID"] in ("", "0"):
        return False
    paths = [*unit.drop_ins, *([] if package_of(unit["FragmentPath"]) else [unit["FragmentPath"]])]
    return any((changed_at(path) or 0) > started + 1 for path in paths if path)


def monotonic_age(microseconds: str) -> float | None:
    """The Unix time of a point of the monotonic clock."""
    if not microseconds.isdigit() or not int(microseconds):
        return None
    return time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + int(microseconds) / 1e6


def is_ahead(timer: str) -> bool:
    """Whether a persistent timer's stamp lies in the future, which keeps it from running until then."""
    try:
        return os.stat(f"/var/lib/systemd/timers/stamp-{timer}").st_mtime > time.time() + 3600
    except OSError:
        return False


def read_manager(listing: Listing) -> None:
    """The service manager: its own settings, what it gives to all services, where it boots to."""
    for line in output(SYSTEMCTL, "show", "--all").splitlines():
        name, _, value = line.partition("=")
        if not MANAGER_NOT_COMPARED.fullmatch(name):
            listing.add(f"manager: {name}", value)
    for line in output(SYSTEMCTL, "show-environment").splitlines():
        name, _, value = line.partition("=")
        listing.add(f"manager environment {name}", "…" if SECRET_NAME.search(name) else value)
    listing.add("default target", output(SYSTEMCTL, "get-default").strip())


def read_bus(listing: Listing) -> None:
    """Names that start a service when somebody calls them."""
    for line in output(BUSCTL, "list", "--activatable", "--no-pager", "--no-legend").splitlines():
        if name := line.split()[0]:
            listing.add(f"bus name {name}", "starts a service")
