"""Settings of all targets, as `Settings` includes them, and what of them depends on the stack's machines."""

from collections.abc import Collection, Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from amanat import validators
from amanat.errors import listed, shown
from amanat.setting_errors import NAMESPACE, BadSetting
from amanat.targets.docker.settings import BY_MACHINE, DockerSettings
from amanat.validators import closest_match


class TargetChoice(BaseModel):
    """The operator's choice of a target."""

    target: Annotated[
        Literal["docker"],
        validators.one_of("docker", unbuilt="ssh"),
        Field(
            description="Where hosts run: docker (containers on an engine); ssh (real servers) comes later."
        ),
    ] = "docker"


class TargetSettings(DockerSettings, TargetChoice):
    """The operator's choice of a target, and those that concern one target alone."""

    def of_unknown_machines(self, machines: Collection[str], file: str) -> Iterator[BadSetting]:
        """The complaints about names in settings by machine that no machine of the stack has."""
        for setting in BY_MACHINE:
            for name in getattr(self, setting):
                if name not in machines:
                    meant = closest_match(name, machines)
                    fix = f"Did you mean {meant}? " if meant else ""
                    yield BadSetting(
                        f"{setting} names {shown(name)}, which is not a machine of this stack.",
                        fix=f"{fix}In {file}, set {NAMESPACE}:{setting} for {listed(list(machines), 'or')}.",
                    )
