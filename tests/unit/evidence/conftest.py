"""A finished run of three records, as an audit leaves it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amanat.evidence import Redactor, Run, RunContext
from amanat.evidence.run import new_name

HOST = {"name": "store", "ssh_host_key": "SHA256:abc", "machine_id": "0123"}
CONTEXT = RunContext(stack="local", revision="f" * 40, dirty=False, configuration="0" * 64)


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def begin(tmp_path: Path, key: Ed25519PrivateKey) -> Callable[..., Run]:
    """Start a run under tmp_path; keyword arguments replace the redactor or the key."""

    def start(redact: Redactor | None = None, signer: Ed25519PrivateKey | None = None) -> Run:
        return Run.start(
            tmp_path / "evidence/local" / new_name(),
            CONTEXT,
            signer or key,
            redact or Redactor(),
            {"tests": ["t"]},
        )

    return start


@pytest.fixture
def finished(begin: Callable[..., Run]) -> Path:
    """The directory of a run with a plan, two commands and an attachment."""
    run = begin()
    for command in ("sshd -T", "nft -j list ruleset"):
        run.record(
            "command", {"command": command}, host=HOST, requirements=["A5-6-1-access"], test="p.py::test_x"
        )
    (run.directory / "junit.xml").write_text("<testsuites/>")
    run.finish({"green": True}, attachments=["junit.xml"])
    return run.directory
