from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import message, project

if TYPE_CHECKING:
    from pileus.kit.http.message import Reply
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
RULE = {"service": "compute", "method": "GET", "path": "/v2.1/servers/*/ips"}


class Owner:
    """A member of the project `demo`, who makes application credentials."""

    def __init__(self, world: World, name: str = "u") -> None:
        self.world = world
        self.id = world.user(name)
        self.project = world.shown("/v3/projects?name=demo")[0]["id"]
        world.give(self.id, "member", f"projects/{self.project}")
        self.token = world.token(name, "pw", project("demo"))
        self.path = f"/v3/users/{self.id}/application_credentials"
        self.rules = f"/v3/users/{self.id}/access_rules"

    def ask(self, token: str | None = None, **body: Any) -> Reply:
        """Ask for an application credential."""
        asked = {"application_credential": {"name": "a", **body}}
        return self.world("POST", self.path, asked, token=token or self.token)

    def made(self, token: str | None = None, **body: Any) -> dict[str, Any]:
        """Make one."""
        reply = self.ask(token, **body)
        assert reply.status == 201, reply.decoded()
        found: dict[str, Any] = reply.decoded()["application_credential"]
        return found

    def use(self, made: dict[str, Any]) -> Reply:
        """Log in with one."""
        shown = {"id": made["id"], "secret": made["secret"]}
        identity = {"methods": ["application_credential"], "application_credential": shown}
        return self.world("POST", "/v3/auth/tokens", {"auth": {"identity": identity}}, token="")

    def token_of(self, made: dict[str, Any]) -> str:
        reply = self.use(made)
        assert reply.status == 201, reply.decoded()
        return reply.headers["x-subject-token"]


@pytest.fixture
def owner(world: World) -> Owner:
    return Owner(world)


def names(shown: dict[str, Any]) -> set[str]:
    return {row["name"] for row in shown["roles"]}


def test_it_holds_the_roles_of_the_token_and_shows_its_secret_once(world: World, owner: Owner) -> None:
    made = owner.made(description="for the backup")
    assert len(made["secret"]) > 80
    assert names(made) == {"member", "reader"}
    assert (made["project_id"], made["unrestricted"], made["expires_at"]) == (owner.project, False, None)
    assert "access_rules" not in made
    shown = world.shown(f"{owner.path}/{made['id']}", token=owner.token)
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert world.shown(owner.path, token=owner.token) == [shown]
    assert owner.ask().status == 409


def test_its_roles_are_some_of_the_tokens_with_what_they_imply(owner: Owner) -> None:
    assert names(owner.made(name="r", roles=[{"name": "reader"}])) == {"reader"}
    assert names(owner.made(name="m", roles=[{"id": owner.world.role("member")}])) == {"member", "reader"}
    reply = owner.ask(roles=[{"name": "admin"}])
    assert reply.status == 400
    assert message(reply) == (
        "Invalid application credential: Cannot create an application credential with unassigned role"
    )
    assert owner.ask(roles=[{"name": "nope"}]).status == 404
    assert owner.ask(roles=[{}]).status == 400
    assert owner.ask(roles=[{"name": "reader", "id": "x"}]).status == 400


def test_a_secret_that_somebody_chose_works_too(owner: Owner) -> None:
    made = owner.made(secret="chosen")
    assert made["secret"] == "chosen"
    assert owner.use(made).status == 201
    assert owner.use({**made, "secret": "wrong"}).status == 401


def test_an_expiry_must_be_a_moment_to_come(world: World, owner: Owner) -> None:
    made = owner.made(expires_at="2026-01-01T13:00:00.500000")
    assert made["expires_at"] == "2026-01-01T13:00:00.500000"
    assert owner.ask(name="b", expires_at="2025-01-01T00:00:00Z").status == 400
    assert owner.ask(name="b", expires_at="tomorrow").status == 400
    assert owner.use(made).status == 201
    world.clock.sleep(3601)
    assert owner.use(made).status == 401


def test_nobody_has_so_many_access_rules_that_every_validation_shows_megabytes(owner: Owner) -> None:
    rules = [{**RULE, "path": f"/v2.1/servers/{number}"} for number in range(129)]
    assert owner.ask(access_rules=rules).status == 400
    assert owner.ask(access_rules=rules[1:]).status == 201


def test_access_rules_are_shared_and_stay_while_they_are_in_use(world: World, owner: Owner) -> None:
    first, second = owner.made(access_rules=[RULE]), owner.made(name="b", access_rules=[RULE, RULE])
    assert first["access_rules"] == second["access_rules"] == [{**RULE, "id": first["access_rules"][0]["id"]}]
    rule_id = first["access_rules"][0]["id"]
    assert owner.made(name="c", access_rules=[{"id": rule_id}])["access_rules"] == first["access_rules"]
    assert owner.made(name="d", access_rules=[]).get("access_rules") is None
    assert [row["id"] for row in world.shown(owner.rules, token=owner.token)] == [rule_id]
    assert world.shown(f"{owner.rules}?method=POST", token=owner.token) == []
    assert world.shown(f"{owner.rules}/{rule_id}", token=owner.token)["path"] == RULE["path"]
    reply = world("DELETE", f"{owner.rules}/{rule_id}", token=owner.token)
    assert (reply.status, message(reply)) == (403, "May not delete access rule in use")
    for row in world.shown(owner.path, token=owner.token):
        assert world("DELETE", f"{owner.path}/{row['id']}", token=owner.token).status == 204
    assert world("DELETE", f"{owner.rules}/{rule_id}", token=owner.token).status == 204
    assert world("GET", f"{owner.rules}/{rule_id}", token=owner.token).status == 404


def test_an_access_rule_is_its_users_alone(world: World, owner: Owner) -> None:
    other = Owner(world, "other")
    rule_id = owner.made(access_rules=[RULE])["access_rules"][0]["id"]
    assert other.ask(access_rules=[{"id": rule_id}]).status == 404
    assert other.made(access_rules=[RULE])["access_rules"][0]["id"] != rule_id
    assert world("GET", f"{other.rules}/{rule_id}", token=other.token).status == 404
    assert world("GET", f"{owner.rules}/{rule_id}", token=other.token).status == 403
    assert world("GET", owner.rules, token=other.token).status == 403


@pytest.mark.parametrize(
    "rule",
    [
        {**RULE, "path": "servers"},
        {**RULE, "method": "get"},
        {**RULE, "service": ""},
        {"path": "/"},
        {**RULE, "more": 1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(owner: Owner, rule: dict[str, Any]) -> None:
    assert owner.ask(access_rules=[rule]).status == 400


def test_nobody_makes_sees_or_removes_another_users(world: World, owner: Owner) -> None:
    other, made = Owner(world, "other"), owner.made()
    assert owner.ask(token=other.token).status == 403
    assert owner.ask(token=world.admin).status == 403
    # Whose it is says the database: a path with the caller's own id does not make it his.
    for path in (owner.path, other.path):
        assert world("GET", f"{path}/{made['id']}", token=other.token).status == 403
        assert world("DELETE", f"{path}/{made['id']}", token=other.token).status == 403
    assert world("GET", owner.path, token=other.token).status == 403
    assert world("GET", f"{other.path}/{made['id']}").status == 404
    assert world("GET", f"{owner.path}/nope").status == 404
    assert world("DELETE", f"{owner.path}/{made['id']}").status == 204


def test_it_cannot_be_changed(world: World, owner: Owner) -> None:
    path = f"{owner.path}/{owner.made()['id']}"
    assert world("PATCH", path, {"application_credential": {"name": "x"}}, token=owner.token).status == 405


def test_it_is_void_once_the_role_is_taken_away(world: World, owner: Owner) -> None:
    made = owner.made()
    token = owner.token_of(made)
    role_path = f"/v3/projects/{owner.project}/users/{owner.id}/roles/{world.role('member')}"
    assert world("DELETE", role_path).status == 204
    assert world.validated(token).status == 404
    world.give(owner.id, "member", f"projects/{owner.project}")
    assert (world.validated(token).status, owner.use(made).status) == (404, 401)


@pytest.mark.parametrize("method", ["disable", "delete"])
def test_it_goes_with_its_user(world: World, owner: Owner, method: str) -> None:
    made = owner.made(access_rules=[RULE])
    token = owner.token_of(made)
    path = f"/v3/users/{owner.id}"
    if method == "disable":
        assert world("PATCH", path, {"user": {"enabled": False}}).status == 200
        assert world("PATCH", path, {"user": {"enabled": True}}).status == 200
    else:
        assert world("DELETE", path).status == 204
    assert (world.validated(token).status, owner.use(made).status) == (404, 401)
    assert world("GET", f"{owner.path}/{made['id']}").status == 404


def test_it_goes_with_its_project_and_with_any_of_its_roles(world: World, owner: Owner) -> None:
    home = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    extra = world.made("/v3/roles", {"role": {"name": "extra"}})["id"]
    for role in ("member", "extra"):
        world.give(owner.id, role, f"projects/{home}")
    token = world.token("u", "pw", project("p"))
    small, large = owner.made(token, name="s", roles=[{"name": "member"}]), owner.made(token, name="l")
    assert world("DELETE", f"/v3/roles/{extra}").status == 204
    assert (owner.use(small).status, owner.use(large).status) == (201, 401)
    assert world("DELETE", f"/v3/projects/{home}").status == 204
    assert owner.use(small).status == 401


def test_one_with_restrictions_makes_no_others_and_one_without_does(world: World, owner: Owner) -> None:
    restricted, free = owner.made(), owner.made(name="free", unrestricted=True)
    token = owner.token_of(restricted)
    reply = owner.ask(token, name="child")
    assert reply.status == 403
    assert message(reply) == (
        "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed"
        " for managing additional application credentials."
    )
    assert world("DELETE", f"{owner.path}/{free['id']}", token=token).status == 403
    assert world("GET", owner.path, token=token).status == 200
    token = owner.token_of(free)
    child = owner.made(token, name="child")
    assert world("DELETE", f"{owner.path}/{child['id']}", token=token).status == 204


def test_it_is_made_for_the_project_of_the_token(world: World, owner: Owner) -> None:
    unscoped = world.token("u", "pw", {"unscoped": {}})
    assert owner.ask(unscoped).status == 400
    other = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    assert owner.made(project_id=other)["project_id"] == owner.project
