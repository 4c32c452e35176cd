"""Who is told of alerts: what roles are told of it, what is secret, and which ways out the firewalls open."""

import pytest

from amanat import alerts
from amanat.errors import AmanatError
from amanat.settings import Settings

MAIL = {"alert_email": "o@example.org", "alert_smtp_server": "mail.example.org:587"}


def settings(**chosen):
    return Settings.parse(chosen, "test")


def test_nobody_is_told_by_default():
    assert alerts.mail(settings()) == {}
    assert [alerts.outgoing(name, settings()) for name in ("logs", "store", "vault")] == [[], [], []]


def test_mail_comes_from_whom_it_goes_to_unless_somebody_else_is_named():
    assert alerts.mail(settings(**MAIL)) == {
        "to": "o@example.org",
        "from": "o@example.org",
        "host": "mail.example.org",
        "port": 587,
        "user": "",
    }
    assert alerts.mail(settings(**MAIL, alert_email_from="a@example.org"))["from"] == "a@example.org"


def test_the_ports_that_alerts_need_are_open_to_who_tells_them_and_to_nobody_else():
    chosen = settings(**MAIL, alert_webhook_url="https://hooks.example/x")
    assert alerts.outgoing("logs", chosen) == [
        {"account": "alertmanager", "ports": [443, 587], "purpose": "alerts"}
    ]
    assert alerts.outgoing("vault", chosen) == [
        {"account": "monitoring-watch", "ports": [443, 587], "purpose": "alerts"}
    ]
    assert alerts.outgoing("store", chosen) == []
    other = settings(alert_webhook_url="https://hooks.example:8443/x")
    assert alerts.outgoing("logs", other) == [
        {"account": "alertmanager", "ports": [8443], "purpose": "alerts"}
    ]


def test_one_machine_with_both_tells_by_both_accounts():
    chosen = settings(
        placement={"a": "store", "b": "vault logs"}, alert_webhook_url="https://hooks.example/x"
    )
    assert [way["account"] for way in alerts.outgoing("b", chosen)] == ["alertmanager", "monitoring-watch"]


def test_the_webhooks_address_and_the_password_are_secrets_of_both_roles(tmp_path):
    (tmp_path / "password").write_text("word\n")
    chosen = settings(
        **MAIL,
        alert_smtp_user="u",
        alert_smtp_password_file="password",
        alert_webhook_url="https://hooks.example/key",
    )
    found = alerts.secrets(chosen, tmp_path)
    assert found == {
        "logs": {
            "monitoring_webhook_url": "https://hooks.example/key",
            "monitoring_mail_password": "word",
        },
        "vault": {
            "monitoring_watch_webhook_url": "https://hooks.example/key",
            "monitoring_watch_mail_password": "word",
        },
    }


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"alert_email": "o@example.org"}, "alert_smtp_server is not"),
        ({**MAIL, "alert_smtp_user": "u"}, "alert_smtp_password_file is not"),
        ({"alert_email": "nobody"}, "not a mail address"),
        ({"alert_smtp_server": "mail.example.org"}, "not a server with its port"),
        ({"alert_webhook_url": "http://hooks.example"}, "alert_webhook_url"),
    ],
)
def test_a_choice_that_tells_nobody_is_refused(chosen, words):
    with pytest.raises(AmanatError) as caught:
        settings(**chosen)
    assert words in str(caught.value)


def test_a_password_file_that_is_not_there_is_named(tmp_path):
    chosen = settings(**MAIL, alert_smtp_user="u", alert_smtp_password_file="none")
    with pytest.raises(AmanatError) as caught:
        alerts.secrets(chosen, tmp_path)
    assert str(tmp_path / "none") in str(caught.value)
