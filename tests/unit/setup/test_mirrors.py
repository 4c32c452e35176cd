"""Mirrors and trust: read from the environment, checked, and handed to each tool in its own words."""

import pytest

from amanat.setup.errors import BadMirror
from amanat.setup.mirrors import Mirrors


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without authorities of its own, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "no-authorities"


def test_unset_leaves_every_tool_as_it_is(nowhere):
    mirrors = Mirrors.from_environment({}, nowhere)
    assert mirrors == Mirrors()
    assert mirrors.environment({}) == {}
    assert mirrors.mmdebstrap_options(nowhere) == []
    assert mirrors.ca_bundle() is None


def test_each_tool_is_told_in_its_own_words(nowhere):
    env = {
        "AMANAT_DEBIAN_MIRROR": "http://mirror.example/debian/",
        "AMANAT_DEBIAN_SECURITY_MIRROR": "http://mirror.example/security",
        "AMANAT_PYPI_INDEX": "https://mirror.example/simple",
        "AMANAT_GOPROXY": "https://mirror.example/go,direct",
        "AMANAT_IMAGE_REGISTRY": "mirror.example:5000/hub/",
    }
    mirrors = Mirrors.from_environment(env, nowhere)
    assert mirrors.debian == "http://mirror.example/debian"
    assert mirrors.debian_security == "http://mirror.example/security"
    assert mirrors.image_registry == "mirror.example:5000/hub"
    assert mirrors.environment({}) == {
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "GOPROXY": "https://mirror.example/go,direct",
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AMANAT_DEBIAN_MIRROR", "mirror.example/debian"),
        ("AMANAT_DEBIAN_MIRROR", "ftp://mirror.example/debian"),
        ("AMANAT_DEBIAN_SECURITY_MIRROR", "http://"),
        ("AMANAT_PYPI_INDEX", "https://mirror.example/$(id)"),
        ("AMANAT_PYPI_INDEX", "https://mirror.example/a b"),
        ("AMANAT_PYPI_INDEX", "https://mirror.example:many/"),
        ("AMANAT_GOPROXY", "direct,mirror.example"),
        ("AMANAT_IMAGE_REGISTRY", "https://mirror.example"),
        ("AMANAT_IMAGE_REGISTRY", "mirror.example/hub;rm"),
        ("AMANAT_PULUMI_DOWNLOADS", "http://mirror.example"),
        ("AMANAT_CA_BUNDLE", "/nowhere/ca.pem"),
        ("AMANAT_CA_BUNDLE", "/dev/null"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(nowhere, variable, value):
    with pytest.raises(BadMirror, match=variable) as refusal:
        Mirrors.from_environment({variable: value}, nowhere)
    assert refusal.value.fix
    assert refusal.value.exit_code == 2


def test_a_broken_certificate_is_refused(nowhere, tmp_path):
    broken = tmp_path / "ca.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(BadMirror, match="broken certificate"):
        Mirrors.from_environment({"AMANAT_CA_BUNDLE": str(broken)}, nowhere)


def test_a_chosen_bundle_is_added_to_the_system_s_and_wins(nowhere, pair, tmp_path):
    authority = pair[0]
    mirrors = Mirrors.from_environment({"AMANAT_CA_BUNDLE": str(authority)}, nowhere)
    bundle = mirrors.ca_bundle()
    assert bundle.read_text().endswith(authority.read_text())
    told = mirrors.environment({"PIP_CERT": "/mine.pem"})
    assert told["PIP_CERT"] == told["SSL_CERT_FILE"] == str(bundle)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    copy = scratch / bundle.name
    assert mirrors.mmdebstrap_options(scratch) == [f'--aptopt=Acquire::https::CAInfo "{copy}"']
    assert (copy.read_text(), copy.stat().st_mode & 0o777) == (bundle.read_text(), 0o644)


def test_authorities_of_the_system_are_found_and_yield_to_the_user_s(nowhere, pair):
    nowhere.mkdir()
    (nowhere / "site.crt").write_bytes(pair[0].read_bytes())
    (nowhere / "notes.crt").write_bytes(b"\xff\xfe no certificate")
    mirrors = Mirrors.from_environment({}, nowhere)
    assert mirrors.trusted_ca == pair[0].read_text()
    told = mirrors.environment({"PIP_CERT": "/mine.pem"})
    assert "PIP_CERT" not in told
    assert told["SSL_CERT_FILE"] == str(mirrors.ca_bundle())
