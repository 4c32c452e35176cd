"""How long the archive says that it keeps records, and what a try at less comes to."""

import json

import pytest

from amanat_host.archive import probe_retention
from amanat_host.errors import HostError

NO = "psql failed: psql:<stdin>:1: ERROR:  22023"
READ_ONLY = "psql failed: psql:<stdin>:1: ERROR:  25006"


@pytest.mark.parametrize(
    ("outcome", "refuses"), [(NO, True), (READ_ONLY, False), ("", False)], ids=["refused", "let-go", "empty"]
)
def test_a_day_less_is_tried_where_nothing_can_be_written(monkeypatch, call, outcome, refuses):
    asked = []

    def query(sql, _where):
        asked.append(sql)
        if sql == probe_retention.KEPT:
            return "366"
        if outcome:
            raise HostError(outcome)
        return ""

    monkeypatch.setattr(probe_retention, "become_postgres", lambda: None)
    monkeypatch.setattr(probe_retention, "query", query)
    status, said = call(probe_retention.main)
    assert (status, json.loads(said)) == (0, {"days": 366, "refuses_less": refuses})
    assert asked[1] == "BEGIN READ ONLY; SELECT archive.expire_partitions(365); ROLLBACK;"


def test_addresses_have_a_retention_of_their_own(monkeypatch, call):
    answers = {
        probe_retention.KEPT_ADDRESSES: "190",
        "BEGIN READ ONLY; SELECT archive.expire_days(189); ROLLBACK;": HostError(NO),
    }

    def query(sql, _where):
        answer = answers[sql]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(probe_retention, "become_postgres", lambda: None)
    monkeypatch.setattr(probe_retention, "query", query)
    status, said = call(probe_retention.main, "addresses")
    assert (status, json.loads(said)) == (0, {"days": 190, "refuses_less": True})
