"""Pulumi's tools: those on PATH if they fit, else official downloads, else built from source; then kept."""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amanat import paths, processes
from amanat.locks import file_lock
from amanat.setup import plugins, versions
from amanat.setup.build import Builder, inputs_digest
from amanat.setup.download import Downloads, extract
from amanat.setup.errors import BuildFailed, DownloadRefused, DownloadUnreachable, SetupError
from amanat.setup.mirrors import Mirrors
from amanat.setup.progress import QUIET, Reporter
from amanat.setup.proxies import direct_loopback
from amanat.setup.tool_cache import cache_dir, is_intact, put
from amanat.setup.versions import Component, Versions

Source = Literal["path", "download", "build"]
COMPANIONS = ("pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
WANTED = {
    "pulumi": lambda name: name == "pulumi" or (name.startswith("pulumi-") and "python" in name),
    "docker": lambda name: name == "pulumi-resource-docker",
}


@dataclass(frozen=True)
class Tools:
    """Where Pulumi's programs lie, in which versions, and how they came here."""

    binaries: Path
    versions: Mapping[str, str]
    source: str


def tools(
    source: str | None = None,
    report: Reporter = QUIET,
    mirrors: Mirrors | None = None,
    env: Mapping[str, str] = os.environ,
) -> Tools:
    """Return tools that fit, getting them first if need be; `source` (`build` or `download`) forces one way.

    Raises SetupError saying what is missing and what to do.
    """
    if source not in (None, "build", "download"):
        raise SetupError(
            what=f"{source!r} is not a source of Pulumi's tools",
            where="SOURCE",
            fix="Use build or download, or leave it out.",
        )
    mirrors = mirrors or Mirrors.from_environment(env)
    wanted = versions.load()
    with file_lock(
        cache_dir() / ".lock",
        lambda holder: report.tick("another run is getting Pulumi's tools; waiting for it"),
    ):
        getting = _Getting(wanted, mirrors, {**env, **mirrors.environment(env)}, report)
        binaries, pulumi_source, version = getting.pulumi(source)
        docker_source = getting.docker(source, binaries)
    both = (
        pulumi_source if pulumi_source == docker_source else f"{pulumi_source}, Docker plugin {docker_source}"
    )
    return Tools(binaries, {"pulumi": version, "docker": wanted.docker.version}, both)


def environment(
    tools: Tools, mirrors: Mirrors | None = None, env: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment for Pulumi, Ansible and their children: our programs first, the mirrors, trust and proxies."""
    mirrors = mirrors or Mirrors.from_environment(env)
    path = [str(Path(sys.executable).parent), str(tools.binaries), env.get("PATH", os.defpath)]
    return {
        **env,
        **mirrors.environment(env),
        **direct_loopback(env),
        "PATH": os.pathsep.join(path),
        "PULUMI_HOME": str(plugins.pulumi_home(env)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


class _Getting:
    """One search through the three sources, in their order, for each of the two components."""

    def __init__(self, wanted: Versions, mirrors: Mirrors, env: Mapping[str, str], report: Reporter) -> None:
        self._wanted, self._mirrors, self._env, self._report = wanted, mirrors, env, report
        self._builder: Builder | None = None
        self._downloads: Downloads | None = None
        self._unreachable: DownloadUnreachable | None = None

    def pulumi(self, source: str | None) -> tuple[Path, Source, str]:
        if source is None and (found := self._on_path()):
            return found[0], "path", found[1]
        binaries, how = self._obtain(self._wanted.pulumi, source)
        return binaries, how, self._wanted.pulumi.version

    def docker(self, source: str | None, binaries: Path) -> str:
        component = self._wanted.docker
        if source is None and plugins.installed(component, self._env):
            return plugins.recorded_source(component, self._env)
        directory, how = self._obtain(component, source)
        plugin = directory / "pulumi-resource-docker"
        plugins.install(component, plugin, how, binaries / "pulumi", self._env)
        return how

    def _on_path(self) -> tuple[Path, str] | None:
        path = self._env.get("PATH", os.defpath)
        found = shutil.which("pulumi", path=path)
        if not found or Path(found).is_relative_to(paths.cache()):
            return None
        asked = processes.run(
            [found, "version"],
            source=self._env,
            settings={"PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
        )
        version = asked.stdout.strip().removeprefix("v")
        if asked.returncode or not fits(version, self._wanted.pulumi.version):
            wanted = self._wanted.pulumi.version
            self._report.note(f"pulumi {version or '(no version)'} on PATH doesn't fit {wanted}: passed over")
            return None
        beside = os.pathsep.join([str(Path(found).parent), path])
        missing = [name for name in COMPANIONS if not shutil.which(name, path=beside)]
        if missing:
            self._report.note(f"pulumi {version} on PATH lacks {', '.join(missing)}: passed over")
            return None
        return Path(found).parent, version

    def _obtain(self, component: Component, source: str | None) -> tuple[Path, Source]:
        ways: tuple[Source, ...] = ("download", "build")
        order = tuple(way for way in ways if source in (None, way))
        for how in order:  # what is kept already comes before any network
            if is_intact(entry := self._entry(component, how)):
                return entry / "bin", how
        if source == "download" or (source is None and not self._unreachable):
            try:
                return put(
                    self._entry(component, "download"), lambda into: self._download(component, into)
                ), "download"
            except DownloadUnreachable as unreachable:
                if source:
                    raise
                # The second archive comes from the same place: don't wait for it again.
                self._unreachable = unreachable
                self._report.note(f"{unreachable.what} ({unreachable.where}): building from source instead")
        try:
            builder = self._builder = self._builder or Builder(self._wanted, self._env, self._report)
        except BuildFailed as failed:
            raise failed from self._unreachable  # what went wrong first
        return put(self._entry(component, "build"), lambda into: builder.build(component, into)), "build"

    def _entry(self, component: Component, how: Source) -> Path:
        if how == "build":
            digest = inputs_digest(component)
        else:
            digest = hashlib.sha256(f"{component.file}\0{component.pin}".encode()).hexdigest()
        return cache_dir() / f"{component.name}-{component.version}-{how}-{digest[:12]}"

    def _download(self, component: Component, into: Path) -> list[str]:
        if self._downloads is None:
            self._downloads = Downloads(
                self._mirrors.pulumi_downloads, self._mirrors.ca_bundle(), self._report
            )
        archive = self._downloads.fetch(component, cache_dir() / "archives")
        names = extract(archive, into, WANTED[component.name])
        needed = {"pulumi", *COMPANIONS} if component.name == "pulumi" else {"pulumi-resource-docker"}
        if missing := sorted(needed - set(names)):
            raise DownloadRefused(
                what=f"{component.file} holds no {', '.join(missing)}",
                where="the official downloads",
                fix="Build from source instead: make tools SOURCE=build.",
            )
        archive.unlink()
        return names


def fits(found: str, wanted: str) -> bool:
    """Whether release `found` may run programs written for `wanted`: the same major number and not older.

    A pre-release of something newer fits too; a pre-release of `wanted` itself doesn't.
    """
    have, want = (re.fullmatch(r"(\d+)\.(\d+)\.(\d+)([-+].*)?", text) for text in (found, wanted))
    if not have or not want:
        return False
    ours, theirs = (tuple(int(part) for part in match.groups()[:3]) for match in (have, want))
    return ours[0] == theirs[0] and (
        ours > theirs or (ours == theirs and not (have[4] or "").startswith("-"))
    )
