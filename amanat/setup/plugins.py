"""Pulumi's plugin cache. A plugin there loads without the warning that one on PATH prints on every run."""

import os
from collections.abc import Mapping
from pathlib import Path

from amanat import processes
from amanat.paths import user_home
from amanat.setup.errors import SetupError
from amanat.setup.versions import Component

INSTALL_SECONDS = 300.0
MARK = ".amanat-source"


def pulumi_home(env: Mapping[str, str] = os.environ) -> Path:
    """Pulumi's own directory: `PULUMI_HOME`, else `~/.pulumi`, so that plain `pulumi` finds them too."""
    chosen = env.get("PULUMI_HOME")
    return Path(chosen).expanduser() if chosen else user_home() / ".pulumi"


def directory(component: Component, env: Mapping[str, str] = os.environ) -> Path:
    """Where Pulumi keeps this resource plugin."""
    return pulumi_home(env) / "plugins" / f"resource-{component.name}-v{component.version}"


def installed(component: Component, env: Mapping[str, str] = os.environ) -> bool:
    """Whether the plugin is there, executable, and not left half-installed by a killed Pulumi."""
    place = directory(component, env)
    if place.with_name(f"{place.name}.partial").exists():
        return False
    return os.access(place / f"pulumi-resource-{component.name}", os.X_OK)


def recorded_source(component: Component, env: Mapping[str, str] = os.environ) -> str:
    """How the installed plugin came there; `found` if not by us."""
    try:
        return (directory(component, env) / MARK).read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError):
        return "found"


def install(component: Component, plugin: Path, source: str, pulumi: Path, env: Mapping[str, str]) -> None:
    """Put `plugin` into the cache by `pulumi plugin install`. Raises SetupError with Pulumi's words."""
    mark = directory(component, env) / MARK
    state = f"{source} {plugin.parent.parent.name}\n"
    if installed(component, env) and mark.is_file() and mark.read_text(encoding="utf-8") == state:
        return
    command = [str(pulumi), "plugin", "install", "resource", component.name, component.version]
    done = processes.run(
        [*command, "--file", str(plugin), "--reinstall"],
        seconds=INSTALL_SECONDS,
        source=env,
        settings={"PULUMI_HOME": str(pulumi_home(env)), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
    )
    if done.returncode or not installed(component, env):
        raise SetupError(
            what=f"Pulumi refuses its {component.name} plugin: {(done.stderr or done.stdout).strip()}",
            where=str(directory(component, env)),
            fix="See that the directory can be written and the disk isn't full, then run it again.",
        )
    mark.write_text(state, encoding="utf-8")
