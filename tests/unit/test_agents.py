"""The desk's agents as an operator writes them."""

import pytest

from amanat.agents import Agent, agents
from amanat.setting_errors import BadSetting
from amanat.settings import Settings
from amanat.validators import InvalidValue


def test_an_agent_has_a_login_a_name_and_an_address():
    given = {"zahra": "زهرا کریمی <zahra@example.org>", "ali": " Ali Rezaei  <ali@example.org> "}
    assert agents(given) == (
        Agent("ali", "Ali Rezaei", "ali@example.org"),
        Agent("zahra", "زهرا کریمی", "zahra@example.org"),
    )


@pytest.mark.parametrize("login", ["Zahra", "z", "root", "rt_system", "nobody", "1a", "a b", "a" * 33, ""])
def test_a_login_that_can_not_be_one_is_refused(login):
    with pytest.raises(InvalidValue, match="no login name"):
        agents({login: "Zahra Karimi <zahra@example.org>"})


@pytest.mark.parametrize(
    "written",
    [
        "Zahra Karimi",
        "zahra@example.org",
        "<zahra@example.org>",
        "Zahra <zahra>",
        "Zahra\nKarimi <z@example.org>",
        "",
        "A <b> <c@example.org>",
    ],
)
def test_what_names_nobody_or_no_address_is_refused(written):
    with pytest.raises(InvalidValue, match="no name and mail address"):
        agents({"zahra": written})


def test_two_agents_have_two_addresses():
    with pytest.raises(InvalidValue, match="to two agents"):
        agents({"zahra": "Zahra <desk@example.org>", "ali": "Ali <Desk@example.org>"})


def test_a_setting_that_names_no_agent_is_told_with_its_file():
    with pytest.raises(BadSetting, match="no name and mail address") as refused:
        Settings.parse({"desk_agents": {"zahra": "nobody"}}, "t")
    assert "desk_agents" in refused.value.what
    assert "Pulumi.t.yaml" in refused.value.fix
