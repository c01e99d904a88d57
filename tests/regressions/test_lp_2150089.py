"""Delegated tokens reached beyond the project and the roles that they were for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_application_credential import RULE, Owner
from tests.identity.api.test_trust import PATH, Pair
from tests.identity.world import project

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize("unrestricted", [False, True])
def test_an_application_credential_has_nothing_to_do_with_trusts(world: World, unrestricted: bool) -> None:
    owner = Owner(world)
    trustee = world.user("trustee")
    parties = {"trustor_user_id": owner.id, "trustee_user_id": trustee, "impersonation": True}
    body = {"trust": {**parties, "project_id": owner.project, "roles": [{"name": "reader"}]}}
    trust_id = world.made(PATH, body, token=owner.token)["id"]
    token = owner.token_of(owner.made(unrestricted=unrestricted))
    assert world("POST", PATH, body, token=token).status == 403
    assert world("GET", f"{PATH}?trustor_user_id={owner.id}", token=token).status == 403
    assert world("GET", f"{PATH}/{trust_id}", token=token).status == 403
    assert world("GET", f"{PATH}/{trust_id}/roles", token=token).status == 403
    assert world("DELETE", f"{PATH}/{trust_id}", token=token).status == 403
    assert world("DELETE", f"{PATH}/{trust_id}", token=owner.token).status == 204


def test_a_trust_makes_no_application_credential_and_sees_none(world: World) -> None:
    pair = Pair(world)
    token = pair.token_of(pair.made())
    path = f"/v3/users/{pair.trustor}/application_credentials"
    body = {"application_credential": {"name": "a"}}
    made = world.made(path, {"application_credential": {"name": "b", "access_rules": [RULE]}}, token=pair.token)
    rule = f"/v3/users/{pair.trustor}/access_rules/{made['access_rules'][0]['id']}"
    assert world("POST", path, body, token=token).status == 403
    assert world("GET", path, token=token).status == 403
    assert world("GET", f"{path}/{made['id']}", token=token).status == 403
    assert world("DELETE", f"{path}/{made['id']}", token=token).status == 403
    assert world("GET", rule, token=token).status == 403
    assert world("DELETE", rule, token=token).status == 403


def test_a_delegated_token_gets_no_token_of_another_project(world: World) -> None:
    pair, owner = Pair(world), Owner(world)
    other = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    for user_id in (pair.trustor, pair.trustee, owner.id):
        world.give(user_id, "member", f"projects/{other}")
    for token in (pair.token_of(pair.made()), owner.token_of(owner.made(unrestricted=True))):
        assert world.exchange(token, {"project": {"id": other}}).status in (401, 403)
        assert world.exchange(token, {"unscoped": {}}).status in (401, 403)


def test_an_application_credential_with_access_rules_makes_none_with_more(world: World) -> None:
    owner = Owner(world)
    more = {"service": "identity", "method": "POST", "path": "/v3/users/*/application_credentials"}
    rules = [RULE, more]
    made = owner.made(name="ruled", unrestricted=True, access_rules=rules)
    token = owner.token_of(made)
    path = f"/v3/users/{owner.id}/application_credentials"
    for said in ([{**RULE, "method": "DELETE"}], [RULE], [{"id": "nope"}]):
        assert owner.ask(token, name="more", access_rules=said).status == 400, said
    same = owner.made(token, name="same")["access_rules"]
    assert sorted(same, key=str) == sorted(made["access_rules"], key=str)
    one = made["access_rules"][:1]
    assert owner.made(token, name="one", access_rules=[{"id": one[0]["id"]}])["access_rules"] == one
    assert len(world.shown(path, token=owner.token)) == 3


def test_an_application_credential_of_a_part_gives_no_more_than_that_part(world: World) -> None:
    owner = Owner(world)
    token = owner.token_of(owner.made(name="r", roles=[{"name": "reader"}], unrestricted=True))
    assert owner.ask(token, name="m", roles=[{"name": "member"}]).status == 400
    child = owner.made(token, name="all")
    assert [row["name"] for row in child["roles"]] == ["reader"]
    assert child["project_id"] == owner.project
    world.give(owner.id, "admin", f"projects/{owner.project}")
    grown = owner.made(token, name="grown")
    assert [row["name"] for row in grown["roles"]] == ["reader"]
    assert world.token("u", "pw", project("demo"))
