"""What an engine says of itself, and which engines can't carry machines."""

from dataclasses import replace

import pytest

from amanat.targets.docker.facts import EngineFacts, UnsuitableEngine, engine_facts, require_suitable


def test_facts_of_an_old_engine_have_defaults(client):
    assert engine_facts("") == EngineFacts(2, "28", "x86_64", "1.48")
    client.facts, client.versions = {}, {}
    assert engine_facts("").cgroup_version == 1


SUITABLE = EngineFacts(2, "28.2", "x86_64", "1.50", security=("seccomp", "cgroupns"))


def test_a_usual_engine_is_suitable_on_either_cgroup_version():
    require_suitable(SUITABLE, "", "x86_64")
    require_suitable(replace(SUITABLE, cgroup_version=1, api_version="1.41"), "", "x86_64")
    require_suitable(replace(SUITABLE, architecture="arm64"), "", "aarch64")


@pytest.mark.parametrize(
    ("info", "version", "what", "fix"),
    [
        (
            {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]},
            {},
            "is rootless",
            "runs as root",
        ),
        ({"SecurityOptions": ["name=userns"]}, {}, "userns-remap", "daemon.json"),
        ({}, {"Components": [{"Name": "Podman Engine"}]}, "Podman answers", "amanat:engine or DOCKER_HOST"),
        ({"OSType": "windows"}, {}, "runs windows containers", "runs as root"),
        ({"ServerVersion": "19.03"}, {"ApiVersion": "1.40"}, r"\(19.03\) is too old", "20.10"),
        ({}, {"ApiVersion": ""}, "is too old", "20.10"),
        ({"Architecture": "aarch64"}, {}, "processor is aarch64, this machine's is x86_64", "engine's own"),
        ({"Architecture": ""}, {}, "processor is unknown", "engine's own"),
    ],
    ids=["rootless", "userns", "Podman", "Windows", "old", "silent", "processor", "no processor"],
)
def test_an_engine_that_cannot_carry_hosts_is_refused_with_the_reason(client, info, version, what, fix):
    client.facts |= info
    client.versions |= version
    with pytest.raises(UnsuitableEngine, match=what) as refused:
        require_suitable(engine_facts("unix:///e"), "unix:///e", "x86_64")
    assert fix in refused.value.fix
    assert refused.value.where == "unix:///e"
    assert refused.value.exit_code == 2
