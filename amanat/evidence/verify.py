"""Checks a run's evidence and names what is not as it was written."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from amanat.errors import BadInput
from amanat.evidence.row import MANIFEST, RECORDS, Memory, begun, digest_of, previous
from amanat.evidence.run import PUBLIC_KEY, SIGNATURE
from amanat.evidence.signature import BadSigningKey, fits, public_key

Kind = Literal["altered", "missing", "added", "reordered", "unsigned", "unfinished", "foreign-key"]


class NoSuchRun(BadInput):
    """There is no evidence where one was told to look."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: its kind, the file, and what that means."""

    kind: Kind
    file: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.file}: {self.detail}"


def verify(run: Path, trusted: Ed25519PublicKey | None = None) -> list[Problem]:
    """All that is wrong with one run; an empty list means every byte is as the audit wrote it.

    Args:
        run: the run's directory.
        trusted: the stack's evidence key. Without it the key lying beside the run is used, which proves that
            the run is whole, not who made it.

    Raises `NoSuchRun` when the directory holds no run.
    """
    if not (run / RECORDS).is_dir():
        raise NoSuchRun(
            "no evidence of an audit run here", str(run), "Give a directory like evidence/<stack>/<run>."
        )
    records = _records(run)
    problems = [*_bad_names(run), *_broken_files(records)]
    manifest, signed = _manifest(run, trusted)
    problems += signed
    if manifest is None:
        return problems + list(_broken_chain(records))
    listed = _listed(manifest)
    if listed is None:
        return [*problems, Problem("altered", MANIFEST, "its list of records can't be read")]
    problems += _against_manifest(records, listed, run.name, manifest)
    problems += _attachments(run, manifest)
    problems += _previous(run, manifest)
    return problems


def verify_all(stack: Path, trusted: Ed25519PublicKey | None = None) -> dict[str, list[Problem]]:
    """`verify` every run of a stack, oldest first; also names runs that were taken out of the row."""
    runs = begun(stack)
    if not runs:
        raise NoSuchRun("no audit run here", str(stack), "Run `make audit` first, or give evidence/<stack>.")
    found = {run.name: verify(run, trusted) for run in runs}
    for run in runs:
        manifest, _ = _manifest(run, trusted)
        for before in previous(manifest).keys() - found.keys():
            found[run.name].append(Problem("missing", before, "the run before this one was taken away"))
    return found


def cut_off(row: Path, memory: Memory) -> dict[str, list[Problem]]:
    """What is wrong with the run that this machine signed last in `row`: that it is gone, or another than it signed."""
    found = {}
    for name, digest in memory.last(row).items():
        path = row / name / MANIFEST
        if not path.is_file():
            found[name] = [Problem("missing", name, "this machine signed it last, and it was taken away")]
        elif digest_of(path) != digest:
            found[name] = [Problem("altered", f"{name}/{MANIFEST}", "this machine signed other bytes")]
    return found


def _records(run: Path) -> dict[str, bytes]:
    """Each well-named record's bytes by the SHA-256 it is named by."""
    return {path.stem: path.read_bytes() for path in sorted((run / RECORDS).iterdir()) if _well_named(path)}


def _well_named(path: Path) -> bool:
    named = path.suffix == ".json" and len(path.stem) == 64 and set(path.stem) <= set("0123456789abcdef")
    return named and path.is_file() and not path.is_symlink()


def _bad_names(run: Path) -> Iterator[Problem]:
    for path in sorted((run / RECORDS).iterdir()):
        if not _well_named(path):
            yield Problem("added", f"{RECORDS}/{path.name}", "not a record that an audit wrote")


def _broken_files(records: dict[str, bytes]) -> Iterator[Problem]:
    for name, data in records.items():
        if hashlib.sha256(data).hexdigest() != name:
            yield Problem("altered", _file(name), f"its bytes no longer give its name{_about(data)}")


def _manifest(run: Path, trusted: Ed25519PublicKey | None) -> tuple[dict[str, Any] | None, list[Problem]]:
    path = run / MANIFEST
    if not path.is_file():
        return None, [
            Problem("unfinished", run.name, "no manifest: the audit was cut short, so it proves nothing")
        ]
    data = path.read_bytes()
    problems = list(_signature(run, data, trusted))
    try:
        manifest = json.loads(data)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        return None, [*problems, Problem("altered", MANIFEST, "it is not the JSON an audit writes")]
    return manifest, problems


def _signature(run: Path, manifest: bytes, trusted: Ed25519PublicKey | None) -> Iterator[Problem]:
    try:
        beside = public_key(run / PUBLIC_KEY)
    except BadSigningKey as error:
        yield Problem("altered" if (run / PUBLIC_KEY).exists() else "missing", PUBLIC_KEY, error.what)
        beside = None
    if trusted and beside and trusted.public_bytes_raw() != beside.public_bytes_raw():
        yield Problem("foreign-key", PUBLIC_KEY, "not the stack's evidence key: someone else signed this run")
    key = trusted or beside
    try:
        signature = (run / SIGNATURE).read_bytes()
    except OSError:
        yield Problem("unsigned", SIGNATURE, "the manifest's signature is missing")
        return
    if key and not fits(key, signature, manifest):
        yield Problem(
            "altered", MANIFEST, "the signature doesn't fit: the manifest or the signature was changed"
        )


def _listed(manifest: dict[str, Any]) -> list[str] | None:
    try:
        return [str(entry["sha256"]) for entry in manifest["records"]]
    except (KeyError, TypeError):
        return None


def _against_manifest(
    records: dict[str, bytes], listed: list[str], run: str, manifest: dict[str, Any]
) -> Iterator[Problem]:
    if manifest.get("run") != run:
        yield Problem(
            "altered", run, f"this directory was called {manifest.get('run')} when the audit wrote it"
        )
    for name in listed:
        if name not in records:
            yield Problem("missing", _file(name), "the manifest lists it")
    for name in records.keys() - set(listed):
        yield Problem("added", _file(name), "the manifest doesn't list it")
    before = None
    for number, name in enumerate(listed, 1):
        body = _parse(records.get(name, b""))
        if body and (body.get("sequence"), body.get("previous")) != (number, before):
            yield Problem(
                "reordered", _file(name), f"was record {body.get('sequence')}, stands at place {number}"
            )
        before = name
    if manifest.get("head") != before:
        yield Problem("altered", MANIFEST, "its head is not its last record")


def _broken_chain(records: dict[str, bytes]) -> Iterator[Problem]:
    """Without a manifest, the records themselves tell what is missing between them."""
    bodies = {name: body for name, data in records.items() if (body := _parse(data))}
    for name, body in bodies.items():
        before = body.get("previous")
        if before is not None and before not in records:
            yield Problem(
                "missing",
                _file(str(before)),
                f"record {body.get('sequence')} follows it{_about(records[name])}",
            )


def _attachments(run: Path, manifest: dict[str, Any]) -> Iterator[Problem]:
    attached = manifest.get("attachments")
    attached = attached if isinstance(attached, dict) else {}
    for name, digest in attached.items():
        path = run / str(name)
        if not path.is_file():
            yield Problem("missing", str(name), "it was written beside the records")
        elif digest_of(path) != digest:
            yield Problem("altered", str(name), "its bytes aren't those the audit wrote")
    known = {MANIFEST, SIGNATURE, PUBLIC_KEY, RECORDS, *map(str, attached)}
    for path in sorted(run.iterdir()):
        if path.name not in known:
            yield Problem("added", path.name, "the audit didn't write it")


def _previous(run: Path, manifest: dict[str, Any]) -> Iterator[Problem]:
    for before, digest in previous(manifest).items():
        path = run.parent / before / MANIFEST
        if path.is_file() and digest_of(path) != digest:
            yield Problem("altered", f"../{before}/{MANIFEST}", "this run remembers other bytes")


def _parse(data: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(data)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _file(name: str) -> str:
    return f"{RECORDS}/{name}.json"


def _about(data: bytes) -> str:
    body = _parse(data)
    return f" (record {body.get('sequence')}, {body.get('test')})" if body and body.get("test") else ""
