from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity import service
from pileus.identity.model.limit import EnforcementModel
from pileus.kit.http.app import App
from tests.identity.world import SYSTEM, UNSCOPED, message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


class Limits:
    """A service with a registered limit of ten, and two domains with a project each."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.service = world.made("/v3/services", {"service": {"type": "x"}})["id"]
        self.domains = [world.made("/v3/domains", {"domain": {"name": name}})["id"] for name in ("d1", "d2")]
        self.projects = [
            world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"] for home in self.domains
        ]
        self.registered = self.register()

    def register(self, resource_name: str = "r", **more: Any) -> str:
        """Register a limit; return its id."""
        one = {"service_id": self.service, "resource_name": resource_name, "default_limit": 10, **more}
        made = self.world("POST", "/v3/registered_limits", {"registered_limits": [one]})
        assert made.status == 201, made.decoded()
        return str(made.decoded()["registered_limits"][0]["id"])

    def of(self, amount: int = 5, **more: Any) -> dict[str, Any]:
        """Return what a limit is, of the first project if nobody is named."""
        owner = {} if more.keys() & {"project_id", "domain_id"} else {"project_id": self.projects[0]}
        return {"service_id": self.service, "resource_name": "r", "resource_limit": amount, **owner, **more}

    def ask(self, *limits: dict[str, Any]) -> Any:
        """Ask for limits."""
        return self.world("POST", "/v3/limits", {"limits": list(limits)})

    def made(self, *args: Any, **more: Any) -> str:
        """Make a limit; return its id."""
        reply = self.ask(self.of(*args, **more))
        assert reply.status == 201, reply.decoded()
        return str(reply.decoded()["limits"][0]["id"])


@pytest.fixture
def limits(world: World) -> Limits:
    return Limits(world)


@pytest.fixture
def strict(world: World, limits: Limits) -> Limits:
    backend = replace(world.backend, enforcement_model=EnforcementModel.STRICT_TWO_LEVEL)
    world.app = App(service.new_service(backend))
    return limits


# --- registered -------------------------------------------------------------------------------------


def test_a_registered_limit_is_shown_with_all_its_fields(world: World, limits: Limits) -> None:
    shown = world.shown(f"/v3/registered_limits/{limits.registered}")
    assert shown.pop("links")["self"].endswith(f"/v3/registered_limits/{limits.registered}")
    assert shown == {
        "id": limits.registered, "service_id": limits.service, "region_id": None, "resource_name": "r",
        "default_limit": 10, "description": None,
    }  # fmt: skip


def test_a_resource_is_registered_once_in_a_region_and_once_for_all(limits: Limits) -> None:
    limits.register(region_id="RegionOne")
    for more in ({}, {"region_id": "RegionOne"}, {"region_id": None}):
        one = {"service_id": limits.service, "resource_name": "r", "default_limit": 1, **more}
        reply = limits.world("POST", "/v3/registered_limits", {"registered_limits": [one]})
        assert reply.status == 409
        assert message(reply) == "Conflict occurred attempting to store registered_limit - Duplicate entry."


def test_registered_limits_are_made_all_or_none(world: World, limits: Limits) -> None:
    one = {"service_id": limits.service, "resource_name": "new", "default_limit": 1}
    assert world("POST", "/v3/registered_limits", {"registered_limits": [one, one]}).status == 409
    assert world.shown("/v3/registered_limits?resource_name=new") == []
    two = [one, {**one, "resource_name": "newer"}]
    made = world("POST", "/v3/registered_limits", {"registered_limits": two}).decoded()
    assert made.keys() == {"registered_limits"}
    assert len(world.shown(f"/v3/registered_limits?service_id={limits.service}")) == 3
    assert world.shown("/v3/registered_limits?region_id=RegionOne") == []


@pytest.mark.parametrize(
    "odd",
    [
        {"service_id": "0" * 32}, {"service_id": "x"}, {"region_id": "nowhere"}, {"default_limit": -2}, {"cow": 1},
        {"default_limit": 2**31}, {"default_limit": "1"}, {"resource_name": ""}, {"description": "x" * 256},
    ],
)  # fmt: skip
def test_an_odd_registered_limit_is_refused(world: World, limits: Limits, odd: dict[str, Any]) -> None:
    one = {"service_id": limits.service, "resource_name": "new", "default_limit": 1, **odd}
    assert world("POST", "/v3/registered_limits", {"registered_limits": [one]}).status == 400
    assert world("PATCH", f"/v3/registered_limits/{limits.registered}", {"registered_limit": odd}).status == 400


def test_a_registered_limit_changes_while_no_limit_depends_on_it(world: World, limits: Limits) -> None:
    path = f"/v3/registered_limits/{limits.registered}"
    changed = world("PATCH", path, {"registered_limit": {"default_limit": 0, "service_id": limits.service}}).decoded()
    assert changed["registered_limit"]["default_limit"] == 0
    limits.register("taken")
    assert world("PATCH", path, {"registered_limit": {"resource_name": "taken"}}).status == 409
    made = limits.made()
    for method, body in (("PATCH", {"registered_limit": {"description": "d"}}), ("DELETE", None)):
        reply = world(method, path, body)
        assert reply.status == 403
        assert message(reply).startswith(f"Unable to update or delete registered limit {limits.registered}")
    assert world("DELETE", f"/v3/limits/{made}").status == 204
    assert world("DELETE", path).status == 204
    assert message(world("GET", path)) == f"Could not find registered limit for {limits.registered}."


def test_limits_go_with_their_service_and_their_region(world: World, limits: Limits) -> None:
    world.made("/v3/regions", {"region": {"id": "far"}})
    limits.register(region_id="far")
    far, near = limits.made(region_id="far"), limits.made()
    assert world("DELETE", "/v3/regions/far").status == 204
    assert world("GET", f"/v3/limits/{far}").status == 404
    assert world("GET", f"/v3/limits/{near}").status == 200
    assert world("DELETE", f"/v3/services/{limits.service}").status == 204
    assert world.shown("/v3/limits") == world.shown("/v3/registered_limits") == []


# --- of projects and domains ------------------------------------------------------------------------


def test_a_limit_is_of_a_project_or_of_a_domain(world: World, limits: Limits) -> None:
    shown = world.shown(f"/v3/limits/{limits.made(description='d')}")
    assert shown.pop("links")["self"].endswith(shown.pop("id"))
    assert shown == {
        "project_id": limits.projects[0], "domain_id": None, "service_id": limits.service, "region_id": None,
        "resource_name": "r", "resource_limit": 5, "description": "d",
    }  # fmt: skip
    by_itself = world.shown(f"/v3/limits/{limits.made(domain_id=limits.domains[0])}")
    as_project = world.shown(f"/v3/limits/{limits.made(project_id=limits.domains[1])}")
    assert [(row["project_id"], row["domain_id"]) for row in (by_itself, as_project)] == [
        (None, home) for home in limits.domains
    ]


def test_a_limit_needs_a_registered_one_and_may_not_be_there_twice(limits: Limits) -> None:
    for more in ({"resource_name": "other"}, {"region_id": "RegionOne"}):
        reply = limits.ask(limits.of(**more))
        assert reply.status == 403
        assert message(reply) == "Unable to create a limit that has no corresponding registered limit."
    assert limits.ask(limits.of(), limits.of()).status == 409
    assert limits.world.shown("/v3/limits") == []
    limits.made()
    assert message(limits.ask(limits.of())) == "Conflict occurred attempting to store limit - Duplicate entry."


@pytest.mark.parametrize(
    "odd",
    [
        {"service_id": "0" * 32}, {"region_id": "nowhere"}, {"project_id": "0" * 32}, {"domain_id": "0" * 32},
        {"resource_limit": -2}, {"resource_limit": None}, {"cow": 1}, {"project_id": "p", "domain_id": "d"},
    ],
)  # fmt: skip
def test_an_odd_limit_is_refused(limits: Limits, odd: dict[str, Any]) -> None:
    assert limits.ask(limits.of(**odd)).status == 400
    nobody = limits.of()
    del nobody["project_id"]
    assert limits.ask(nobody).status == 400


def test_of_a_limit_only_how_much_and_its_description_change(world: World, limits: Limits) -> None:
    path = f"/v3/limits/{limits.made(description='d')}"
    changed = world("PATCH", path, {"limit": {"resource_limit": 0, "description": None}}).decoded()["limit"]
    assert (changed["resource_limit"], changed["description"]) == (0, None)
    for odd in ({"resource_name": "r"}, {"project_id": limits.projects[1]}, {"resource_limit": -2}):
        assert world("PATCH", path, {"limit": odd}).status == 400
    assert message(world("PATCH", "/v3/limits/nope", {"limit": {}})) == "Could not find limit for nope."


def test_a_limit_goes_with_its_project(world: World, limits: Limits) -> None:
    limits.made()
    assert world("DELETE", f"/v3/projects/{limits.projects[0]}").status == 204
    assert world.shown("/v3/limits") == []


# --- who sees what ----------------------------------------------------------------------------------


def test_who_does_not_serve_the_cloud_sees_the_limits_of_the_own_scope(world: World, limits: Limits) -> None:
    ids = [limits.made(project_id=owner) for owner in limits.projects]
    ids += [limits.made(domain_id=owner) for owner in limits.domains]
    someone = world.user("someone", domain_id=limits.domains[0])
    for where in (f"projects/{limits.projects[0]}", f"domains/{limits.domains[0]}", "system"):
        world.give(someone, "reader", where)

    def seen(scope: Any, query: str = "") -> set[str]:
        token = world.token("someone", "pw", scope, "d1")
        found = {row["id"] for row in world.shown(f"/v3/limits{query}", token=token)}
        if not query:
            shown = {each for each in ids if world("GET", f"/v3/limits/{each}", token=token).status == 200}
            assert shown == found
        return found

    assert seen({"project": {"id": limits.projects[0]}}) == {ids[0]}
    assert seen({"project": {"id": limits.projects[0]}}, f"?project_id={limits.projects[1]}") == set()
    assert seen({"domain": {"id": limits.domains[0]}}) == {ids[0], ids[2]}
    assert seen(SYSTEM) == set(ids)
    assert seen(SYSTEM, f"?domain_id={limits.domains[1]}") == {ids[3]}
    assert seen(UNSCOPED) == set()


def test_who_may_not_see_a_limit_does_not_learn_whether_it_is_there(world: World, limits: Limits) -> None:
    demo = world.token("demo", "secret")
    assert world("GET", f"/v3/limits/{limits.made()}", token=demo).status == 403
    assert world("GET", "/v3/limits/nope", token=demo).status == 403
    assert world("GET", "/v3/limits/nope").status == 404


# --- the model --------------------------------------------------------------------------------------


def test_the_model_is_named(world: World, limits: Limits) -> None:
    assert world.shown("/v3/limits/model")["name"] == "flat"
    limits.made(11)  # more than the default


def test_in_the_strict_model_no_project_has_more_than_its_domain(strict: Limits) -> None:
    assert strict.world.shown("/v3/limits/model")["name"] == "strict_two_level"
    reply = strict.ask(strict.of(11))
    assert reply.status == 403
    assert message(reply).startswith(f"Invalid resource limit: The resource limit (project_id: {strict.projects[0]}")
    of_domain = strict.made(20, domain_id=strict.domains[0])
    made = strict.made(20)
    for path, amount, status in (
        (made, 21, 403), (made, -1, 403), (of_domain, 19, 403), (of_domain, 30, 200), (made, 30, 200),
        (of_domain, -1, 200), (made, 31, 200), (made, -1, 200), (of_domain, 100, 403),
    ):  # fmt: skip
        reply = strict.world("PATCH", f"/v3/limits/{path}", {"limit": {"resource_limit": amount}})
        assert (amount, reply.status) == (amount, status)


def test_the_strict_model_looks_at_all_that_is_asked_for_at_once(strict: Limits) -> None:
    too_much, domain = strict.of(30), strict.of(20, domain_id=strict.domains[0])
    assert strict.ask(too_much, domain).status == strict.ask(domain, too_much).status == 403
    assert strict.world.shown("/v3/limits") == []
    assert strict.ask(strict.of(20), domain).status == 201
