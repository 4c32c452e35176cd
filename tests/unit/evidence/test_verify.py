"""Whatever is done to a run's files after the audit, `verify` names it."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amanat.evidence import Problem, Run, verify, verify_all
from amanat.evidence.run import encode
from amanat.evidence.signature import public_pem
from amanat.evidence.verify import NoSuchRun


def records_in_order(run: Path) -> list[Path]:
    manifest = json.loads((run / "manifest.json").read_text())
    return [run / "records" / f"{entry['sha256']}.json" for entry in manifest["records"]]


def replace(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def named(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(problem.kind, problem.file) for problem in problems}


def test_an_untouched_run_has_no_problem(finished: Path, key: Ed25519PrivateKey) -> None:
    assert verify(finished) == []
    assert verify(finished, key.public_key()) == []


def test_every_record_is_named_by_its_digest_and_chained(finished: Path) -> None:
    bodies = [json.loads(path.read_text()) for path in records_in_order(finished)]
    assert [body["sequence"] for body in bodies] == [1, 2, 3]
    assert [body["previous"] for body in bodies] == [
        None,
        *(path.stem for path in records_in_order(finished)[:2]),
    ]
    assert bodies[1]["host"]["ssh_host_key"] == "SHA256:abc"
    assert bodies[1]["commit"] == {"revision": "f" * 40, "dirty": False}
    assert set(bodies[1]["time"]) == {"utc", "solar_hijri"}


def test_files_are_written_read_only(finished: Path) -> None:
    for path in [*records_in_order(finished), finished / "manifest.json", finished / "manifest.sig"]:
        assert path.stat().st_mode & 0o777 == 0o440


def test_any_changed_byte_of_any_record_is_named(finished: Path) -> None:
    for path in records_in_order(finished):
        before = path.read_bytes()
        for position in range(0, len(before), 41):
            changed = bytearray(before)
            changed[position] ^= 1
            replace(path, bytes(changed))
            assert ("altered", f"records/{path.name}") in named(verify(finished))
        replace(path, before)
    assert verify(finished) == []


def test_a_removed_record_is_named(finished: Path) -> None:
    path = records_in_order(finished)[1]
    path.unlink()
    assert named(verify(finished)) == {("missing", f"records/{path.name}")}


def test_an_added_record_is_named(finished: Path) -> None:
    data = encode({"sequence": 4})
    name = hashlib.sha256(data).hexdigest()
    (finished / "records" / f"{name}.json").write_bytes(data)
    assert named(verify(finished)) == {("added", f"records/{name}.json")}


@pytest.mark.parametrize(
    "name", ["note.txt", "records/0.json", f"records/{'g' * 64}.json", "records/.hidden"]
)
def test_a_foreign_file_is_named(finished: Path, name: str) -> None:
    (finished / name).write_text("{}")
    assert named(verify(finished)) == {("added", name)}


def test_a_symbolic_link_is_no_record(finished: Path, tmp_path: Path) -> None:
    path = records_in_order(finished)[2]
    elsewhere = tmp_path / "moved.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert named(verify(finished)) == {("added", f"records/{path.name}"), ("missing", f"records/{path.name}")}


def test_a_forger_with_an_own_key_is_named_when_the_stack_key_is_known(
    finished: Path, key: Ed25519PrivateKey
) -> None:
    forger = Ed25519PrivateKey.generate()
    manifest = json.loads((finished / "manifest.json").read_text())
    manifest["records"].reverse()
    manifest["head"] = manifest["records"][-1]["sha256"]
    data = encode(manifest)
    replace(finished / "manifest.json", data)
    replace(finished / "manifest.sig", forger.sign(data))
    replace(finished / "evidence.pub", public_pem(forger))
    assert {problem.kind for problem in verify(finished)} == {"reordered"}
    assert {problem.kind for problem in verify(finished, key.public_key())} == {
        "foreign-key",
        "altered",
        "reordered",
    }


def test_a_changed_verdict_is_named(finished: Path) -> None:
    manifest = (finished / "manifest.json").read_bytes().replace(b'"green": true', b'"green": null')
    replace(finished / "manifest.json", manifest)
    assert named(verify(finished)) == {("altered", "manifest.json")}


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff\x00", b'{"records": 3}', b"null"])
def test_a_ruined_manifest_is_named(finished: Path, data: bytes) -> None:
    replace(finished / "manifest.json", data)
    assert ("altered", "manifest.json") in named(verify(finished))


def test_a_missing_signature_is_named(finished: Path) -> None:
    (finished / "manifest.sig").unlink()
    assert named(verify(finished)) == {("unsigned", "manifest.sig")}


@pytest.mark.parametrize("data", [b"", b"x" * 63, b"x" * 64, b"\x00" * 4096])
def test_a_ruined_signature_is_named(finished: Path, data: bytes) -> None:
    replace(finished / "manifest.sig", data)
    assert ("altered", "manifest.json") in named(verify(finished))


def test_a_missing_or_ruined_public_key_is_named(finished: Path) -> None:
    replace(finished / "evidence.pub", b"-----BEGIN PUBLIC KEY-----\n")
    assert named(verify(finished)) == {("altered", "evidence.pub")}
    (finished / "evidence.pub").unlink()
    assert named(verify(finished)) == {("missing", "evidence.pub")}


def test_an_altered_and_a_missing_attachment_are_named(finished: Path) -> None:
    (finished / "junit.xml").write_text("<testsuites failures='0'/>")
    assert named(verify(finished)) == {("altered", "junit.xml")}
    (finished / "junit.xml").unlink()
    assert named(verify(finished)) == {("missing", "junit.xml")}


def test_a_run_that_was_cut_short_is_called_unfinished(begin: Callable[..., Run]) -> None:
    run = begin()
    run.record("command", {"command": "true"})
    assert named(verify(run.directory)) == {("unfinished", run.name)}


def test_an_unfinished_run_still_tells_what_was_taken_out(begin: Callable[..., Run]) -> None:
    run = begin()
    digest = run.record("command", {"command": "true"})
    run.record("command", {"command": "false"})
    (run.directory / "records" / f"{digest}.json").unlink()
    assert ("missing", f"records/{digest}.json") in named(verify(run.directory))


def test_a_renamed_run_is_named(finished: Path) -> None:
    moved = finished.rename(finished.with_name("another"))
    assert named(verify(moved)) == {("altered", "another")}


def test_a_run_taken_out_of_the_row_is_named(begin: Callable[..., Run], tmp_path: Path) -> None:
    runs = [begin()]
    runs[0].finish({})
    runs.append(begin())
    runs[1].finish({})
    assert verify_all(tmp_path / "evidence/local") == {run.name: [] for run in runs}
    shutil.rmtree(runs[0].directory)
    assert named(verify_all(tmp_path / "evidence/local")[runs[1].name]) == {("missing", runs[0].name)}


def test_a_rewritten_earlier_run_is_remembered_by_the_next(
    begin: Callable[..., Run], key: Ed25519PrivateKey
) -> None:
    first = begin()
    first.finish({"green": False})
    second = begin()
    second.finish({})
    data = (first.directory / "manifest.json").read_bytes().replace(b"false", b"true")
    replace(first.directory / "manifest.json", data)
    replace(first.directory / "manifest.sig", key.sign(data))
    assert verify(first.directory) == []
    assert named(verify(second.directory)) == {("altered", f"../{first.name}/manifest.json")}


def test_a_directory_without_a_run_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(NoSuchRun, match="no evidence of an audit run here"):
        verify(tmp_path)
    with pytest.raises(NoSuchRun, match="no audit run here"):
        verify_all(tmp_path / "nothing")


def test_openssl_alone_checks_the_signature(finished: Path) -> None:
    command = (
        "openssl pkeyutl -verify -pubin -inkey evidence.pub -rawin -in manifest.json -sigfile manifest.sig"
    )
    done = subprocess.run(command.split(), cwd=finished, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_record_is_never_overwritten(begin: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin()
    flags: list[int] = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, flag, *rest: (flags.append(flag), real(path, flag, *rest))[1]
    )
    run.record("command", {"command": "true"})
    assert flags
    assert all(flag & os.O_EXCL for flag in flags)
