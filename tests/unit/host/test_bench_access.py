"""The bench of access records: what it makes of the times that the scratch archive took."""

import json

import pytest

from amanat_host.archive import bench_access
from amanat_host.errors import HostError


@pytest.fixture
def measured(monkeypatch):
    """measured(without): what is measured where so many questions find nothing, and what was asked."""

    class Scratch:
        where = {"PGHOST": "/scratch"}

        def __init__(self, _settings, _room):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    def measure(without=0):
        asked = []

        def query(sql, _where):
            asked.append(sql)
            if sql == bench_access.LOOK:
                return "[0.001, 0.002, 0.003]"
            return "SET\n" + json.dumps({"seconds": [0.01, 0.02, 0.25], "without": without})

        monkeypatch.setattr(bench_access, "Scratch", Scratch)
        monkeypatch.setattr(bench_access, "deploy", lambda scratch: None)
        monkeypatch.setattr(bench_access, "query", query)
        return bench_access.measure(bench_access.DAYS * 10, 4), asked

    return measure


def test_the_ratio_is_of_the_worst_question(measured):
    found, asked = measured()
    assert found["ratio"] == 4.0
    assert found["rows"] == 1900
    assert (found["carrier_second_seconds"], found["carrier_second_worst_seconds"]) == (0.02, 0.25)
    assert found["look_of_sealing_worst_seconds"] == 0.003
    assert sum("INSERT INTO archive.access" in sql for sql in asked) == bench_access.DAYS


def test_a_question_that_finds_nothing_is_no_measurement(measured):
    with pytest.raises(HostError, match="1 questions of address_port_second found nothing"):
        measured(without=1)
