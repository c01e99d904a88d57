from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import SYSTEM, message, project

if TYPE_CHECKING:
    from pileus.kit.http.message import Reply
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
PATH = "/v3/OS-TRUST/trusts"


class Pair:
    """A trustor who is a member of the project `demo`, and a trustee who is nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.project = world.shown("/v3/projects?name=demo")[0]["id"]
        self.trustor, self.trustee, self.third = (world.user(name) for name in ("trustor", "trustee", "third"))
        world.give(self.trustor, "member", f"projects/{self.project}")
        self.token = world.token("trustor", "pw", project("demo"))
        self.trustee_token = world.token("trustee", "pw", {"unscoped": {}})

    def body(self, **more: Any) -> dict[str, Any]:
        wanted = {
            "trustor_user_id": self.trustor,
            "trustee_user_id": self.trustee,
            "project_id": self.project,
            "roles": [{"name": "member"}],
            "impersonation": True,
        }
        return {"trust": {**wanted, **more}}

    def ask(self, token: str | None = None, **more: Any) -> Reply:
        return self.world("POST", PATH, self.body(**more), token=token or self.token)

    def made(self, token: str | None = None, **more: Any) -> dict[str, Any]:
        reply = self.ask(token, **more)
        assert reply.status == 201, reply.decoded()
        found: dict[str, Any] = reply.decoded()["trust"]
        return found

    def use(self, trust: dict[str, Any], name: str = "trustee") -> Reply:
        """Log in as somebody by a trust."""
        return self.world.login(name, "pw", {"OS-TRUST:trust": {"id": trust["id"]}})

    def token_of(self, trust: dict[str, Any], name: str = "trustee") -> str:
        reply = self.use(trust, name)
        assert reply.status == 201, reply.decoded()
        return reply.headers["x-subject-token"]


@pytest.fixture
def pair(world: World) -> Pair:
    return Pair(world)


def test_a_trust_is_shown_to_both_with_its_roles(world: World, pair: Pair) -> None:
    made = pair.made(expires_at="2026-01-02T00:00:00Z", note="mine")
    assert made["expires_at"] == "2026-01-02T00:00:00.000000Z"
    assert (made["trustor_user_id"], made["trustee_user_id"]) == (pair.trustor, pair.trustee)
    assert (made["remaining_uses"], made["redelegation_count"], made["redelegated_trust_id"]) == (None, 0, None)
    assert (made["deleted_at"], made["impersonation"], made["note"]) == (None, True, "mine")
    assert [row["name"] for row in made["roles"]] == ["member"]
    path = f"{PATH}/{made['id']}"
    assert made["links"]["self"].endswith(path)
    for token in (pair.token, pair.trustee_token, None):
        assert world.shown(path, token=token) == made
        roles = world("GET", f"{path}/roles", token=token).decoded()
        assert roles["roles"] == made["roles"]
        assert roles["links"] == made["roles_links"]
        role_id = made["roles"][0]["id"]
        assert world.shown(f"{path}/roles/{role_id}", token=token)["name"] == "member"
        assert world("HEAD", f"{path}/roles/{role_id}", token=token).status == 200
        assert world("GET", f"{path}/roles/{world.role('admin')}", token=token).status == 404


def test_nobody_else_sees_it_and_only_the_trustor_ends_it(world: World, pair: Pair) -> None:
    path = f"{PATH}/{pair.made()['id']}"
    stranger = world.token("third", "pw", {"unscoped": {}})
    for where in (path, f"{path}/roles", f"{path}/roles/x"):
        assert world("GET", where, token=stranger).status == 403, where
    assert world("GET", f"{PATH}/nope", token=stranger).status == 404
    for token in (stranger, pair.trustee_token):
        assert world("DELETE", path, token=token).status == 403
    assert world("DELETE", path, token=pair.token).status == 204
    assert world("GET", path, token=pair.token).status == 404


def test_only_the_trustor_makes_it_and_gives_only_what_he_has(world: World, pair: Pair) -> None:
    assert pair.ask(trustor_user_id=pair.trustee).status == 403
    assert pair.ask(token=world.admin).status == 403
    assert pair.ask(trustor_user_id="nobody").status == 403
    assert pair.ask(trustee_user_id="nobody").status == 404
    assert pair.ask(roles=[]).status == 403
    assert pair.ask(roles=[{"name": "admin"}]).status == 404
    assert pair.ask(roles=[{"id": "nope"}]).status == 404
    assert pair.ask(project_id="nope").status == 404
    assert pair.ask(project_id=None).status == 404
    assert pair.ask(roles=[{"name": "reader"}]).status == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_at": "bad.123Z"},
        {"expires_at": "2025-01-01T00:00:00Z"},
        {"remaining_uses": 0},
        {"remaining_uses": 1.5},
        {"remaining_uses": 1, "allow_redelegation": True},
        {"impersonation": "yes"},
        {"redelegation_count": -1},
        {"roles": [{}]},
    ],
)
def test_what_makes_no_sense_is_refused(pair: Pair, wrong: dict[str, Any]) -> None:
    assert pair.ask(**wrong).status == 400


def test_lists_have_rules_of_their_own(world: World, pair: Pair) -> None:
    made = pair.made()["id"]
    world.give(pair.third, "reader", "system")
    reader = world.token("third", "pw", SYSTEM)

    def ids(query: str, token: str | None) -> list[str] | int:
        reply = world("GET", f"{PATH}{query}", token=token)
        return [row["id"] for row in reply.decoded()["trusts"]] if reply.status == 200 else reply.status

    of_trustor, of_trustee = f"?trustor_user_id={pair.trustor}", f"?trustee_user_id={pair.trustee}"
    for everybody in (None, reader):
        assert [ids(query, everybody) for query in ("", of_trustor, of_trustee)] == [[made]] * 3
    assert [ids(query, pair.token) for query in ("", of_trustor, of_trustee)] == [403, [made], 403]
    assert [ids(query, pair.trustee_token) for query in ("", of_trustor, of_trustee)] == [403, 403, [made]]
    assert ids(f"?trustee_user_id={pair.trustor}", pair.token) == []
    assert "roles" not in world.shown(PATH)[0]
    assert world.shown(f"{PATH}/")[0]["id"] == made  # as Tempest asks


def test_a_trust_that_is_over_is_like_none(world: World, pair: Pair) -> None:
    short = pair.made(expires_at="2026-01-01T13:00:00Z")
    once = pair.made(remaining_uses=1)
    assert pair.use(once).status == 201
    assert pair.use(once).status in (401, 403)
    assert world("GET", f"{PATH}/{once['id']}", token=pair.token).status == 404
    world.clock.sleep(3600)
    assert world("GET", f"{PATH}/{short['id']}", token=world.token("admin", "secret", project("admin"))).status == 404


@pytest.mark.parametrize("gone", ["trustor", "trustee", "project"])
def test_a_trust_goes_with_all_whom_it_concerns(world: World, pair: Pair, gone: str) -> None:
    made = pair.made()
    token = pair.token_of(made)
    where = f"/v3/projects/{pair.project}" if gone == "project" else f"/v3/users/{getattr(pair, gone)}"
    assert world("DELETE", where).status == 204
    assert world("GET", f"{PATH}/{made['id']}").status == 404
    assert world.validated(token).status == 404


# --- passed on -------------------------------------------------------------------------------------


def test_a_trust_is_passed_on_until_its_count_is_used_up(world: World, pair: Pair) -> None:
    first = pair.made(allow_redelegation=True, redelegation_count=2, expires_at="2026-01-02T00:00:00Z")
    assert first["redelegation_count"] == 2
    more = {"trustee_user_id": pair.third, "allow_redelegation": True}
    second = pair.made(pair.token_of(first), **more)
    assert second["redelegated_trust_id"] == first["id"]
    assert (second["redelegation_count"], second["expires_at"]) == (1, first["expires_at"])
    third = pair.made(pair.token_of(second, "third"), **{**more, "trustee_user_id": pair.trustee})
    assert third["redelegation_count"] == 0
    assert pair.ask(pair.token_of(third), **more).status == 403
    assert world("DELETE", f"{PATH}/{first['id']}", token=pair.token).status == 204
    assert [world("GET", f"{PATH}/{each['id']}").status for each in (second, third)] == [404, 404]


def test_a_trust_that_is_passed_on_gives_no_more_than_the_first(world: World, pair: Pair) -> None:
    other = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    world.give(pair.trustor, "member", f"projects/{other}")
    first = pair.made(allow_redelegation=True, roles=[{"name": "reader"}], expires_at="2026-01-02T00:00:00Z")
    assert first["redelegation_count"] == 3
    token = pair.token_of(first)
    fine = {"trustee_user_id": pair.third, "roles": [{"name": "reader"}]}
    for wrong in (
        {"roles": [{"name": "member"}]},
        {"expires_at": "2026-01-03T00:00:00Z"},
        {"remaining_uses": 1},
        {"project_id": other},
        {"allow_redelegation": True, "redelegation_count": 3},
    ):
        assert pair.ask(token, **{**fine, **wrong}).status == 403, wrong
    assert pair.ask(token, **fine).status == 201


def test_a_trust_without_impersonation_is_not_passed_on_with_it(pair: Pair) -> None:
    first = pair.made(allow_redelegation=True, impersonation=False)
    wanted = {"trustor_user_id": pair.trustee, "trustee_user_id": pair.third}
    token = pair.token_of(first)
    assert pair.ask(token, **wanted).status == 403
    assert pair.ask(token, **wanted, impersonation=False).status == 201


def test_what_is_passed_on_says_the_token_and_not_the_body(pair: Pair) -> None:
    first = pair.made(allow_redelegation=True)
    plain = pair.made(trustee_user_id=pair.third, redelegated_trust_id=first["id"])
    assert plain["redelegated_trust_id"] is None


def test_a_chain_is_no_longer_than_allowed(pair: Pair) -> None:
    assert pair.ask(allow_redelegation=True, redelegation_count=4).status == 403
    assert pair.made(allow_redelegation=True, redelegation_count=0)["redelegation_count"] == 0
    reply = pair.ask(pair.token_of(pair.made()), trustee_user_id=pair.third)
    assert reply.status == 403
    assert "may not be passed on" in message(reply)
