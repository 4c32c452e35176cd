"""Pulumi's tools from source: the modules in toolchain/, built with the user's own Go caches."""

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amanat import processes
from amanat.setup.errors import BuildFailed
from amanat.setup.progress import Reporter, elapsed, stream
from amanat.setup.versions import TOOLCHAIN, Component, Versions

SDK = "github.com/pulumi/pulumi/sdk/v3"
FETCH_SECONDS = 900.0  # Go may fetch a newer toolchain, or an SDK, over a slow line
GO_SOURCES = (
    *("GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB"),
    *("GOPATH", "GOCACHE", "GOMODCACHE", "GOTOOLCHAIN"),
)
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


@dataclass(frozen=True)
class Recipe:
    """One binary: the module it is built in, its main package, and what the build needs besides."""

    binary: str
    module: str
    package: str
    tags: str = ""
    linker: str = "-s -w"


RECIPES: Mapping[str, tuple[Recipe, ...]] = {
    "pulumi": (
        Recipe(
            "pulumi",
            "pulumi",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            linker=f"-s -w -X {SDK}/go/common/version.Version=v{{version}}",
        ),
        Recipe("pulumi-language-python", "language-python", f"{SDK}/python/cmd/pulumi-language-python"),
    ),
    "docker": (Recipe("pulumi-resource-docker", "provider-docker", ".", tags="no_compose"),),
}


def inputs_digest(component: Component, toolchain: Path = TOOLCHAIN) -> str:
    """A digest of all that the component's build depends on in the repository, and of the kind of machine."""
    recipes = RECIPES[component.name]
    digest = hashlib.sha256(
        repr((component.version, recipes, platform.system(), platform.machine())).encode()
    )
    for module in sorted({recipe.module for recipe in recipes}):
        for path in sorted(path for path in (toolchain / module).rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(toolchain)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Builder:
    """Go, checked once, and the environment it runs in."""

    def __init__(
        self, versions: Versions, env: Mapping[str, str], report: Reporter, toolchain: Path = TOOLCHAIN
    ) -> None:
        self._versions = versions
        self._env = env
        self._settings = {"GOWORK": "off"}  # a go.work above the checkout would change what is built
        self._report = report
        self._toolchain = toolchain
        self._go = self._find_go()
        self._configure()

    def build(self, component: Component, target: Path) -> list[str]:
        """Build the component's binaries into `target` and return their names.

        Raises BuildFailed with Go's last words.
        """
        names = [self._compile(recipe, component, target) for recipe in RECIPES[component.name]]
        return names + self._scripts(target) if component.name == "pulumi" else names

    def _find_go(self) -> str:
        minimum = self._versions.go_minimum
        fix = (
            f"Install Go {minimum} or newer (https://go.dev/dl) and put its bin directory on PATH, or set"
            " AMANAT_PULUMI_DOWNLOADS to a mirror of Pulumi's official downloads."
        )
        go = shutil.which("go", path=self._env.get("PATH"))
        if not go:
            raise BuildFailed(
                what=f"building Pulumi's tools needs Go {minimum}, and there is none", where="PATH", fix=fix
            )
        # Asked inside the module, so that a Go which may fetch its own newer toolchain does so.
        asked = self._ask(go, "env", "GOVERSION")
        found = asked.stdout.strip()
        if asked.returncode or _release(found) < _release(minimum):
            reason = found or _last_line(asked.stderr)
            raise BuildFailed(
                what=f"building Pulumi's tools needs Go {minimum} or newer, and this one is {reason}",
                where=go,
                fix=fix,
            )
        return go

    def _configure(self) -> None:
        """Take from Go's configuration file (`go env -w`) where modules come from, and nothing that changes a build."""
        asked = self._ask(self._go, "env", "-json", *GO_SOURCES)
        try:
            found = json.loads(asked.stdout)
        except ValueError:
            found = {}
        kept = {name: str(value) for name, value in found.items() if name in GO_SOURCES and value}
        self._settings |= {**kept, "GOENV": "off"}

    def _ask(self, go: str, *arguments: str) -> processes.CompletedProcess[str]:
        return processes.run(
            [go, *arguments],
            seconds=FETCH_SECONDS,
            source=self._env,
            settings=self._settings,
            cwd=self._toolchain / "pulumi",
            capture_output=True,
        )

    def _compile(self, recipe: Recipe, component: Component, target: Path) -> str:
        counted = {"compiled": 0, "downloaded": 0}

        def line(text: str) -> None:
            counted["downloaded" if text.startswith("go: downloading") else "compiled"] += 1

        def tick(seconds: float) -> None:
            self._report.tick(
                f"building {recipe.binary}: {counted['downloaded']} modules fetched,"
                f" {counted['compiled']} packages compiled, {elapsed(seconds)}"
            )

        command = [self._go, "build", "-v", "-mod=readonly", "-buildvcs=false"]
        command += ["-tags", recipe.tags] if recipe.tags else []
        command += ["-ldflags", recipe.linker.format(version=component.version)]
        command += ["-o", str(target / recipe.binary), recipe.package]
        status, last = stream(
            command,
            source=self._env,
            settings=self._settings,
            cwd=self._toolchain / recipe.module,
            line=line,
            tick=tick,
        )
        if status:
            raise BuildFailed(
                what=f"{recipe.binary} can't be built from source (go build ended {status}):\n{last}",
                where=f"toolchain/{recipe.module}",
                fix="If modules can't be fetched, set AMANAT_GOPROXY to a proxy you can reach; run it again.",
            )
        return recipe.binary

    def _scripts(self, target: Path) -> list[str]:
        """The two scripts that the language host and dynamic resources start; the SDK's sources hold them."""
        asked = self._ask(self._go, "mod", "download", "-json", SDK)
        directory = json.loads(asked.stdout or "{}").get("Dir", "") if not asked.returncode else ""
        if not directory:
            raise BuildFailed(
                what=f"the sources of {SDK} can't be fetched: {_last_line(asked.stderr)}",
                where="toolchain/pulumi",
                fix="Set AMANAT_GOPROXY to a module proxy you can reach and run it again.",
            )
        for script in SCRIPTS:
            copy = target / Path(script).name
            shutil.copyfile(Path(directory) / script, copy)
            copy.chmod(0o755)
        return [Path(script).name for script in SCRIPTS]


def _release(version: str) -> tuple[int, ...]:
    """`go1.26.8`, `1.26` or `go1.27rc1` as numbers that compare; () for what is no version."""
    numbers: list[int] = []
    for part in version.removeprefix("go").split(" ")[0].split(".")[:2]:
        digits = part.split("rc")[0].split("beta")[0]
        if not digits.isdigit():
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _last_line(text: str) -> str:
    return text.strip().rsplit("\n", 1)[-1]
