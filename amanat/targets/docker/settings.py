"""Settings of the target docker: the engine, the image, the network, and the ports that are published."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from amanat import validators
from amanat.urls import REGISTRY
from amanat.validators import InvalidValue, integer, integers

PORTS = (1024, 65535, "chosen for you")
MEMORY = (512, 4194304, "no limit")
BY_MACHINE = ("ssh_ports", "memory_mib")  # settings whose names are machines'


class DockerSettings(BaseModel):
    """The operator's choices that concern the target docker alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    engine: Annotated[
        str,
        validators.engine("unix:///path/of/docker.sock or ssh://user@host, or leave it empty"),
        Field(description="The Docker engine, unix:///… or ssh://user@host. Empty: the environment's."),
    ] = ""
    image_source: Annotated[
        Literal["bootstrap", "pull"],
        validators.one_of("bootstrap", "pull"),
        Field(description="The hosts' root file system: bootstrap (from a mirror) or pull (image_base)."),
    ] = "bootstrap"
    image_base: Annotated[
        str,
        validators.pattern(validators.IMAGE, "is not an image name", "a name such as debian:trixie-slim"),
        Field(description="The base image where image_source is pull, best pinned by its @sha256: digest."),
    ] = "debian:trixie-slim"
    image_registry: Annotated[
        str,
        validators.pattern(
            REGISTRY, "can't stand before an image's name", "host[:port][/path] without a scheme"
        ),
        Field(description="A registry put before image_base: host[:port][/path]. Empty: the engine's own."),
    ] = ""
    network_subnet: Annotated[
        str,
        validators.private_subnet(
            "a private network from /24 to /28 such as 10.64.7.0/24, or leave it empty"
        ),
        Field(description="The hosts' private IPv4 network, /24 to /28. Empty: a free one is chosen."),
    ] = ""
    ssh_ports: Annotated[
        dict[str, int],
        integers(*PORTS, such_as="{store: 2201}"),
        Field(
            description="Machine: the port of 127.0.0.1 that leads to its sshd (store: 2201). Others: chosen for you."
        ),
    ] = {}  # noqa: RUF012 - pydantic copies it
    database_port: Annotated[
        int,
        integer(*PORTS),
        Field(description="The port of 127.0.0.1 that leads to PostgreSQL. 0: a free one is chosen."),
    ] = 0
    site_port: Annotated[
        int,
        integer(*PORTS),
        Field(description="The port of 127.0.0.1 that leads to the site over TLS. 0: a free one is chosen."),
    ] = 0
    memory_mib: Annotated[
        dict[str, int],
        integers(*MEMORY, such_as="{store: 2048}"),
        Field(
            description="Machine: its memory in MiB (store: 2048), which PostgreSQL is tuned to. Others: no limit."
        ),
    ] = {}  # noqa: RUF012 - pydantic copies it

    @field_validator("image_base", mode="after")
    @classmethod
    def _a_base_to_pull(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("image_source") == "pull":
            raise InvalidValue(
                "leaves nothing to pull", "a name such as debian:trixie-slim, or image_source to bootstrap"
            )
        return value

    @field_validator("ssh_ports", mode="after")
    @classmethod
    def _one_port_each(cls, value: dict[str, int]) -> dict[str, int]:
        first: dict[int, str] = {}
        for machine, port in value.items():
            if port and first.setdefault(port, machine) != machine:
                raise InvalidValue(
                    f"gives {first[port]} and {machine} one port", "another port for each machine"
                )
        return value

    @field_validator("database_port", "site_port", mode="after")
    @classmethod
    def _its_own_port(cls, value: int, info: ValidationInfo) -> int:
        others = {f"ssh_ports.{machine}": port for machine, port in info.data.get("ssh_ports", {}).items()}
        if info.field_name == "site_port":
            others["database_port"] = info.data.get("database_port", 0)
        for setting, port in others.items():
            if value and value == port:
                raise InvalidValue(f"is {setting} too", "another port, or to 0 (chosen for you)")
        return value
