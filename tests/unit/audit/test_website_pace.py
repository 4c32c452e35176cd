"""How fast the audit asks the site: it isn't refused by the limits that it measures."""

from types import SimpleNamespace

import pytest

from amanat.audit import website


@pytest.mark.parametrize(("requests", "seconds"), [(60, 0.0), (80, 1.0), (200, 7.0)])
def test_requests_beyond_a_burst_wait(monkeypatch, requests, seconds):
    clock = SimpleNamespace(now=0.0)

    def sleep(duration):
        clock.now += duration

    monkeypatch.setattr(website, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    pace = website.Pace()
    for _ in range(requests):
        pace.wait()
    assert clock.now == pytest.approx(seconds, abs=0.2)
