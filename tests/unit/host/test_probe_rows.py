"""The archive's rows of state and their events, as one session tells them."""

import json
import re

import pytest

from amanat_host.archive import probe_rows
from amanat_host.errors import HostError


@pytest.fixture
def ask(monkeypatch, call):
    """ask(said): what the probe answers where psql says so, and what psql was asked."""

    def asked(said):
        queries = []

        def query(sql, _where):
            queries.append(sql)
            if isinstance(said, Exception):
                raise said
            return said

        monkeypatch.setattr(probe_rows, "become_postgres", lambda: None)
        monkeypatch.setattr(probe_rows, "query", query)
        return (*call(probe_rows.main), queries)

    return asked


def test_rows_and_events_are_told_as_of_one_moment(ask):
    event = {"id": 1, "at": "2026-11-27T08:00:00+00:00", "kind": "row", "detail": {}, "by": "postgres"}
    status, said, (asked,) = ask(f'{{"retention": "366 days"}}\n{json.dumps([event])}')
    assert (status, json.loads(said)) == (0, {"rows": {"retention": "366 days"}, "events": [event]})
    assert "READ ONLY" in asked
    assert "REPEATABLE READ" in asked


def test_no_secret_is_asked_for():
    """Of the pepper and of keys only digests, and nothing of records or disclosures."""
    assert probe_rows.ROWS.count("pepper") == probe_rows.ROWS.count("sha256(m.pepper)") + 1  # the item's name
    assert "FROM archive.message" not in probe_rows.ROWS
    assert "NOT IN ('disclosure found', 'disclosure fetched')" in probe_rows.EVENTS


def test_whom_a_hold_is_of_is_told_by_a_digest_whose_salt_is_drawn_for_each_answer(ask):
    """Phone numbers are few: the digest of one alone could be looked up."""
    salts = []
    for _ in range(2):
        *_, (asked,) = ask("{}\n[]")
        found = set(re.findall(r"convert_to\('([0-9a-f]{64})' \|\| ", asked))
        assert len(found) == 1
        assert asked.count("-> 'selector')::text") == asked.count("convert_to('")
        salts.append(found.pop())
    assert salts[0] != salts[1]


def test_a_database_that_refuses_is_told(ask):
    status, said, _ = ask(HostError("psql failed: ERROR:  42501"))
    assert (status, said) == (1, "")
