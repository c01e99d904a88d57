"""CVE-2020-12689, -12690, -12691: credentials changed hands, and their limits and roles were not kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.api.test_application_credential import Owner

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def test_a_credential_stays_its_owners_and_its_projects(world: World) -> None:
    owner = Owner(world)
    admin = world.validated(world.admin).decoded()["token"]
    other = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    path = f"/v3/users/{owner.id}/credentials/OS-EC2"
    access = world.made(path, {"tenant_id": owner.project}, token=owner.token)["access"]
    stored = world.shown("/v3/credentials", token=owner.token)[0]
    where = f"/v3/credentials/{stored['id']}"
    changes: list[dict[str, Any]] = [
        {"user_id": admin["user"]["id"]},
        {"project_id": admin["project"]["id"]},
        {"project_id": other},
        {"type": "cert"},
    ]
    for change in changes:
        for body in ({"credential": change}, {"credential": {**change, "blob": stored["blob"]}}):
            assert world("PATCH", where, body, token=owner.token).status == 400, body
    assert world.shown(where) == stored
    assert world.shown(f"{path}/{access}")["tenant_id"] == owner.project


def test_a_body_does_not_say_whose_a_credential_is(world: World) -> None:
    """LP 2148398: a member `target` of the body, or an owner named in it, was what the policy looked at."""
    owner, other = Owner(world), Owner(world, "other")
    blob = json.dumps({"access": "a", "secret": "s"})
    whole = {"user_id": owner.id, "type": "ec2", "project_id": owner.project, "blob": blob}
    where = f"/v3/credentials/{world.made('/v3/credentials', {'credential': whole}, token=owner.token)['id']}"
    trick = {"target": {"credential": {"user_id": other.id}}, "target.credential.user_id": other.id}
    for body in ({"credential": {**whole, **trick}}, {"credential": whole, **trick}):
        assert world("POST", "/v3/credentials", body, token=other.token).status == 403
    assert world("PATCH", where, {"credential": {"blob": blob}, **trick}, token=other.token).status == 403
    assert world("GET", where, trick, token=other.token).status == 403
    assert world("DELETE", where, trick, token=other.token).status == 403
    assert world("GET", f"{where}?user_id={other.id}", token=other.token).status == 403


def test_a_body_does_not_say_who_trusts(world: World) -> None:
    owner, other = Owner(world), Owner(world, "other")
    parties = {"trustor_user_id": owner.id, "trustee_user_id": other.id, "impersonation": True}
    whole = {**parties, "project_id": owner.project, "roles": [{"name": "reader"}]}
    trick = {"target": {"trust": {"trustor_user_id": other.id}}}
    assert world("POST", "/v3/OS-TRUST/trusts", {"trust": {**whole, **trick}}, token=other.token).status == 403
    assert world("POST", "/v3/OS-TRUST/trusts", {"trust": whole, **trick}, token=other.token).status == 400
