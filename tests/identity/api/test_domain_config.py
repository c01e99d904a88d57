from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.world import message, project

if TYPE_CHECKING:
    from tests.identity.world import World

CONFIG = {
    "identity": {"driver": "ldap"},
    "ldap": {"url": "ldap://x", "user_tree_dn": "ou=Users,dc=root,dc=org", "password": "secret"},
}
SHOWN = {**CONFIG, "ldap": {"url": "ldap://x", "user_tree_dn": "ou=Users,dc=root,dc=org"}}


@pytest.fixture
def path(world: World) -> str:
    """The settings of a domain that has none yet."""
    return f"/v3/domains/{world.made('/v3/domains', {'domain': {'name': 'd'}})['id']}/config"


def test_a_domain_has_settings_of_its_own_and_nobody_reads_its_secrets(world: World, path: str) -> None:
    assert world("GET", path).status == 404
    replies = [world("PUT", path, {"config": CONFIG}) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 200]
    assert [reply.decoded()["config"] for reply in replies] == [SHOWN, SHOWN]
    assert world.shown(path) == SHOWN
    assert world.shown(f"{path}/ldap") == {"ldap": SHOWN["ldap"]}
    assert world.shown(f"{path}/ldap/url") == {"url": "ldap://x"}
    assert world("GET", f"{path}/ldap/password").status == 404
    assert world("GET", f"{path}/ldap/suffix").status == 404


def test_settings_are_changed_and_removed_one_by_one(world: World, path: str) -> None:
    assert world("PATCH", f"{path}/ldap", {"config": {"ldap": {"url": "ldap://y"}}}).status == 404
    world("PUT", path, {"config": CONFIG})
    for where, sent, status in (
        ("", {"identity": {"list_limit": 5}}, 200),
        ("/ldap", {"ldap": {"url": "ldap://y", "suffix": "s"}}, 200),
        ("/ldap/url", {"url": "ldap://z"}, 200),
        ("/ldap", {"identity": {"driver": "sql"}}, 403),
        ("/ldap", {"identity": {"driver": "sql"}, "ldap": {"url": "u"}}, 403),
        ("/ldap/url", {"suffix": "s"}, 403),
        ("/ldap/user", {"user": "u"}, 404),
    ):
        assert world("PATCH", f"{path}{where}", {"config": sent}).status == status, where
    assert world.shown(path) == {
        "identity": {"driver": "ldap", "list_limit": 5},
        "ldap": {**SHOWN["ldap"], "url": "ldap://z", "suffix": "s"},
    }
    assert [world("DELETE", f"{path}/ldap/url").status for _ in range(2)] == [204, 404]
    assert [world("DELETE", f"{path}/ldap").status for _ in range(2)] == [204, 404]
    assert world("DELETE", path).status == 204
    assert world("GET", path).status == 404


def test_only_what_a_domain_may_have_is_set(world: World, path: str) -> None:
    for sent in ({}, {"token": {"provider": "x"}}, {"ldap": {}}, {"ldap": "x"}, {"ldap": {"nope": 1}}):
        assert world("PUT", path, {"config": sent}).status == 403, sent
    reply = world("GET", f"{path}/nope")
    assert message(reply) == (
        "Invalid domain specific configuration: Group nope is not supported for domain specific configurations."
    )
    assert world("PUT", "/v3/domains/nope/config", {"config": CONFIG}).status == 404


def test_the_defaults_are_shown(world: World) -> None:
    shown = world.shown("/v3/domains/config/default")
    assert (shown["identity"]["driver"], shown["ldap"]["use_pool"]) == ("sql", True)
    assert world.shown("/v3/domains/config/identity/default") == {"identity": shown["identity"]}
    assert world.shown("/v3/domains/config/ldap/url/default") == {"url": "ldap://localhost"}
    assert world("GET", "/v3/domains/config/ldap/password/default").status == 403
    assert world("GET", "/v3/domains/config/nope/default").status == 403


def test_everybody_reads_the_rules_for_passwords_and_nothing_else(world: World, path: str) -> None:
    token = world.token("demo", "secret", project("demo"))
    rules = "/v3/domains/default/config/security_compliance"
    assert world.shown(rules, token=token) == {
        "security_compliance": {"password_regex": None, "password_regex_description": None}
    }
    assert world.shown(f"{rules}/password_regex", token=token) == {"password_regex": None}
    assert world("GET", f"{rules}/lockout_duration", token=token).status == 403
    assert world("GET", f"{path}/security_compliance").status == 403
    for method, where in (("GET", path), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        assert world(method, where, {"config": CONFIG}, token=token).status == 403
    assert world("GET", "/v3/domains/config/default", token=token).status == 403


def test_settings_go_with_their_domain(world: World, path: str) -> None:
    world("PUT", path, {"config": CONFIG})
    where = path.removesuffix("/config")
    assert world("PATCH", where, {"domain": {"enabled": False}}).status == 200
    assert world("DELETE", where).status == 204
    assert world("GET", path).status == 404
