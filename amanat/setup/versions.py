"""Which Pulumi tools fit, and how their official downloads are laid out: toolchain/versions.toml."""

import platform
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amanat.paths import PROJECT_ROOT
from amanat.setup.errors import SetupError

TOOLCHAIN = PROJECT_ROOT / "toolchain"
OFFICIAL = "https://get.pulumi.com"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Component:
    """One official archive: its path below the downloads' address, and the full URL of the published list."""

    name: str
    version: str
    archive: str
    checksums: str
    pin: str | None = None

    @property
    def file(self) -> str:
        """The archive's file name, as the published list names it."""
        return self.archive.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Versions:
    """The whole of versions.toml for one kind of machine."""

    pulumi: Component
    docker: Component
    go_minimum: str


def load(path: Path = TOOLCHAIN / "versions.toml", system: str = "", machine: str = "") -> Versions:
    """Read the file for a machine (default: this one). Raises SetupError naming what can't be used."""
    machine = machine or platform.machine().lower()
    machine = MACHINES.get(machine, machine)
    system = system or platform.system().lower()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        pins = {str(name): str(value).lower() for name, value in data.get("pins", {}).items()}
        for name, value in pins.items():
            if not SHA256.fullmatch(value):
                raise SetupError(
                    what=f"the pin of {name} is {value!r}, not a SHA-256",
                    where=f"{path.name}, [pins]",
                    fix="Write its 64 hexadecimal digits, or remove the line to use the published list.",
                )
        return Versions(
            pulumi=_component("pulumi", data, pins, system, machine),
            docker=_component("docker", data, pins, system, machine),
            go_minimum=str(data["go"]["minimum"]),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise SetupError(
            what=f"versions of Pulumi's tools can't be read: {error!r}",
            where=str(path),
            fix="Restore the file from the repository: git checkout -- toolchain/versions.toml",
        ) from error


def _component(name: str, data: dict[str, Any], pins: dict[str, str], system: str, machine: str) -> Component:
    entry = data[name]
    if machine not in entry["machines"]:
        raise SetupError(
            what=f"Pulumi publishes nothing for {machine} machines",
            where=f"{platform.system()} {machine}",
            fix="Run the kit from an x86_64 or aarch64 machine.",
        )
    names = {"version": entry["version"], "system": system, "machine": entry["machines"][machine]}
    component = Component(
        name=name,
        version=entry["version"],
        archive=entry["archive"].format(**names),
        checksums=entry["checksums"].format(**names),
    )
    return Component(
        component.name, component.version, component.archive, component.checksums, pins.get(component.file)
    )
