"""The dead-man's switch: what it takes for silence, when it tells, and by which ways."""

import json
import smtplib
import ssl
import time

import pytest

from amanat_host.errors import HostError
from amanat_host.monitoring import tell, watch
from amanat_host.monitoring.api import Api, NoAnswer
from amanat_host.monitoring.prometheus import Rule, flags, rules, scraped
from amanat_host.monitoring.tell import Message
from amanat_host.monitoring.watch import State, fault, step

WAYS = {"webhook": {"url_file": "/none"}}
SETTINGS = {"silent_seconds": 180, "ways": WAYS}
WATCHDOG = Rule("Watchdog", "firing", "ok", 1000.0, ())


def rule(name, state="firing"):
    return Rule(name, state, "ok", 1000.0, ())


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ((WATCHDOG,), ""),
        ((WATCHDOG, rule("MachineDown")), ""),
        ((WATCHDOG, rule("AlertmanagerDown", "inactive")), ""),
        ((), "Prometheus doesn't fire its Watchdog"),
        ((rule("Watchdog", "inactive"),), "Prometheus doesn't fire its Watchdog"),
        ((WATCHDOG, rule("AlertmanagerDown")), "alerts don't get out: AlertmanagerDown"),
        ((WATCHDOG, rule("AlertsNotDelivered")), "alerts don't get out: AlertsNotDelivered"),
    ],
)
def test_the_monitoring_is_silent_without_its_watchdog_or_a_way_out(found, wrong):
    assert fault(found, 1010.0, 180) == wrong


def test_rules_that_are_no_longer_computed_are_silence():
    assert fault((WATCHDOG,), 1181.0, 180) == "Prometheus computed its rules last 181 s ago"


@pytest.fixture
def told(monkeypatch):
    """The messages that were told."""
    messages = []
    monkeypatch.setattr(watch, "tell", lambda message, _ways: messages.append(message))
    return messages


def test_silence_is_told_once_when_it_has_lasted_and_its_end_too(told):
    state = step(State(), "gone", 1000, SETTINGS)
    assert (state, told) == (State(1000), [])
    state = step(state, "gone", 1179, SETTINGS)
    assert told == []
    state = step(state, "gone", 1180, SETTINGS)
    assert [(message.firing, message.summary) for message in told] == [(True, "gone")]
    state = step(state, "gone", 1240, SETTINGS)
    assert len(told) == 1
    assert step(state, "", 1300, SETTINGS) == State()
    assert [message.firing for message in told] == [True, False]


def test_a_moment_of_silence_is_told_to_nobody(told):
    state = step(State(), "gone", 1000, SETTINGS)
    assert step(state, "", 1060, SETTINGS) == State()
    assert told == []


@pytest.fixture
def settings(tmp_path):
    """A file of settings for a Prometheus that isn't there."""
    files = dict.fromkeys(("authority", "certificate", "key"), str(tmp_path / "none"))
    path = tmp_path / "watch.json"
    path.write_text(json.dumps({"host": "127.0.0.1", "port": 1, "silent_seconds": 180, "ways": {}, **files}))
    return path


def test_the_unit_fails_while_nothing_answers_and_remembers_since_when(settings, tmp_path, call):
    state = tmp_path / "state.json"
    assert call(watch.main, str(settings), str(state))[0] == 75, "once may be a moment's"
    assert call(watch.main, str(settings), str(state))[0] == 1
    assert "Prometheus" in call.said
    assert State.read(state).since == pytest.approx(time.time(), abs=60)


def test_what_could_not_be_told_is_told_again(settings, tmp_path, call, monkeypatch):
    def fails(_message, _ways):
        raise HostError("nobody could be told")

    state = tmp_path / "state.json"
    State(1.0).write(state)
    monkeypatch.setattr(watch, "tell", fails)
    assert call(watch.main, str(settings), str(state))[0] == 1
    assert State.read(state) == State(1.0, told=False)
    monkeypatch.setattr(watch, "tell", lambda _message, _ways: None)
    assert call(watch.main, str(settings), str(state))[0] == 1
    assert State.read(state) == State(1.0, told=True)


def test_it_is_well_when_prometheus_says_so(settings, tmp_path, call, monkeypatch):
    monkeypatch.setattr(watch, "looked", lambda _settings, _now: "")
    assert call(watch.main, str(settings), str(tmp_path / "state.json")) == (0, "")


def test_a_state_that_cannot_be_read_counts_as_none(tmp_path):
    (tmp_path / "state").write_text("{")
    assert State.read(tmp_path / "state") == State()


def test_every_way_is_tried_and_no_address_is_repeated(tmp_path):
    secret = tmp_path / "url"
    secret.write_text("http://secret.example/key")
    ways = {
        "webhook": {"url_file": str(secret)},
        "mail": {"from": "a", "to": "b", "host": "127.0.0.1", "port": 1},
    }
    with pytest.raises(HostError) as caught:
        tell.tell(Message("A", True, "b", "c"), ways)
    assert "webhook: ValueError" in str(caught.value)
    assert "mail: ConnectionRefusedError" in str(caught.value)
    assert "secret" not in str(caught.value)


class Smarthost:
    """A mail server that notes what is asked of it."""

    def __init__(self, host, port, timeout, **_tls):
        self.asked = [(host, port)]
        Smarthost.last = self

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def starttls(self, context):
        assert context.verify_mode == ssl.CERT_REQUIRED
        self.asked.append("starttls")

    def login(self, user, password):
        self.asked.append((user, password))

    def send_message(self, letter):
        self.asked.append(letter["Subject"])


def test_mail_is_sent_after_tls_and_the_login(monkeypatch, tmp_path):
    monkeypatch.setattr(smtplib, "SMTP", Smarthost)
    (tmp_path / "password").write_text("word\n")
    settings = {"from": "a@x", "to": "b@x", "host": "m", "port": 587, "user": "u"}
    tell.mail(Message("A", False, "b", "c"), {**settings, "password_file": str(tmp_path / "password")})
    assert Smarthost.last.asked == [("m", 587), "starttls", ("u", "word"), "[RESOLVED] A"]


def test_the_port_of_implicit_tls_is_spoken_to_in_tls_at_once(monkeypatch):
    monkeypatch.setattr(smtplib, "SMTP_SSL", Smarthost)
    tell.mail(
        Message("A", True, "b", "c"), {"from": "a@x", "to": "b@x", "host": "m", "port": 465, "user": ""}
    )
    assert Smarthost.last.asked == [("m", 465), "[FIRING] A"]


class Answers:
    """A Prometheus that answers from a table."""

    def __init__(self, **answers):
        self.answers = answers

    def get(self, path):
        return {"status": "success", "data": self.answers[path.split("/")[-1].split("?")[0]]}


def test_rules_and_targets_are_read_from_the_api():
    alert = {
        "state": "firing",
        "labels": {"machine": "store"},
        "activeAt": "2026-11-26T10:00:00.123456789Z",
        "annotations": {"summary": "down"},
    }
    found = {
        "name": "MachineDown",
        "state": "firing",
        "health": "ok",
        "lastEvaluation": "2026-11-26T10:00:00.123456789Z",
        "alerts": [alert, {**alert, "state": "pending"}],
    }
    target = {"labels": {"job": "machine", "machine": "store"}, "health": "up", "lastScrape": "x"}
    api = Answers(
        rules={"groups": [{"rules": [found]}]}, targets={"activeTargets": [target]}, flags={"a": "b"}
    )
    (one,) = rules(api)
    assert (one.name, one.evaluated) == ("MachineDown", pytest.approx(1795687200.123456))
    assert [(firing.alert, firing.machine) for firing in one.alerts] == [("MachineDown", "store")]
    assert [(each.job, each.machine, each.up) for each in scraped(api)] == [("machine", "store", True)]
    assert flags(api) == {"a": "b"}


def test_a_refusal_is_no_answer(tmp_path):
    api = Answers()
    api.get = lambda _path: {"status": "error"}
    with pytest.raises(NoAnswer):
        rules(api)
    none = tmp_path / "none"
    with pytest.raises(NoAnswer):
        Api("127.0.0.1", 1, none, none, none).get("/")
