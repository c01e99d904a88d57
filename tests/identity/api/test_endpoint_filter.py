from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity import service
from pileus.kit.http.app import App
from tests.identity.world import SYSTEM, message, project

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
BASE = "/v3/OS-EP-FILTER"


@pytest.fixture
def service_id(world: World) -> str:
    return str(world.made("/v3/services", {"service": {"type": "image", "name": "glance"}})["id"])


@pytest.fixture
def endpoints(world: World, service_id: str) -> dict[str, str]:
    """The ids of a public, an internal and an admin endpoint, by interface."""

    def made(interface: str) -> str:
        body = {"service_id": service_id, "interface": interface, "url": f"http://{interface}"}
        return str(world.made("/v3/endpoints", {"endpoint": body})["id"])

    return {interface: made(interface) for interface in ("public", "internal", "admin")}


@pytest.fixture
def demo(world: World) -> str:
    """The id of the project demo."""
    return str(world.shown("/v3/projects?name=demo")[0]["id"])


def group(world: World, filters: dict[str, Any], name: str = "g") -> str:
    """Make an endpoint group; return its id."""
    body = {"endpoint_group": {"name": name, "filters": filters}}
    return str(world.made(f"{BASE}/endpoint_groups", body)["id"])


def urls(world: World, name: str = "demo", scope: Any = None) -> list[str]:
    """Return the URLs of the catalog that a user sees."""
    catalog = world.login(name, "secret", scope or project(name)).decoded()["token"]["catalog"]
    return sorted(endpoint["url"] for row in catalog for endpoint in row["endpoints"])


# --- groups ---------------------------------------------------------------------------------------


def test_a_group_is_made_shown_changed_and_removed(world: World, service_id: str) -> None:
    made = group(world, {"service_id": service_id})
    path = f"{BASE}/endpoint_groups/{made}"
    shown = world.shown(path)
    assert shown.pop("links")["self"].endswith(path)
    assert shown == {"id": made, "name": "g", "description": None, "filters": {"service_id": service_id}}
    body = {"name": "new", "description": "d", "filters": {"interface": "admin"}}
    assert world("PATCH", path, {"endpoint_group": body}).decoded()["endpoint_group"].items() >= body.items()
    assert [row["id"] for row in world.shown(f"{BASE}/endpoint_groups?name=new")] == [made]
    assert world.shown(f"{BASE}/endpoint_groups?name=g") == []
    assert world("PATCH", path, {"endpoint_group": {"id": "other"}}).status == 400
    assert world("DELETE", path).status == 204
    assert message(world("GET", path)) == f"Could not find Endpoint Group: {made}."


@pytest.mark.parametrize(
    "odd",
    [
        {"filters": {}}, {"filters": None}, {"filters": {"cow": "moo"}}, {"filters": {"enabled": True}}, {"name": ""},
        {"filters": {"interface": "moon"}}, {"filters": {"service_id": 5}}, {"cow": 1}, {"description": 5},
    ],
)  # fmt: skip
def test_an_odd_group_is_refused(world: World, odd: dict[str, Any]) -> None:
    body = {"name": "g", "filters": {"interface": "admin"}, **odd}
    assert world("POST", f"{BASE}/endpoint_groups", {"endpoint_group": body}).status == 400


def test_a_group_has_the_endpoints_that_all_of_its_filters_fit(
    world: World, service_id: str, endpoints: dict[str, str]
) -> None:
    made = group(world, {"service_id": service_id, "interface": "admin"})
    assert [row["id"] for row in world.shown(f"{BASE}/endpoint_groups/{made}/endpoints")] == [endpoints["admin"]]
    nowhere = group(world, {"service_id": service_id, "region_id": None})
    assert len(world.shown(f"{BASE}/endpoint_groups/{nowhere}/endpoints")) == 3


# --- what a project was given -----------------------------------------------------------------------


def test_a_project_is_given_endpoints_and_they_are_taken_from_it(
    world: World, demo: str, endpoints: dict[str, str]
) -> None:
    path = f"{BASE}/projects/{demo}/endpoints/{endpoints['public']}"
    assert message(world("GET", path)) == f"Endpoint {endpoints['public']} not found in project {demo}"
    assert [world(method, path).status for method in ("PUT", "GET", "HEAD", "PUT")] == [204, 204, 204, 409]
    assert [row["id"] for row in world.shown(f"{BASE}/projects/{demo}/endpoints")] == [endpoints["public"]]
    assert [row["id"] for row in world.shown(f"{BASE}/endpoints/{endpoints['public']}/projects")] == [demo]
    assert [world(method, path).status for method in ("DELETE", "DELETE", "GET")] == [204, 404, 404]
    for gone in (f"projects/nope/endpoints/{endpoints['public']}", f"projects/{demo}/endpoints/nope"):
        assert world("PUT", f"{BASE}/{gone}").status == 404


def test_a_project_is_given_groups_and_they_are_taken_from_it(
    world: World, demo: str, endpoints: dict[str, str]
) -> None:
    made = group(world, {"interface": "admin"})
    path = f"{BASE}/endpoint_groups/{made}/projects/{demo}"
    assert [world(method, path).status for method in ("GET", "PUT", "PUT")] == [404, 204, 409]
    shown = world.shown(path)
    assert (shown["endpoint_group_id"], shown["project_id"]) == (made, demo)
    assert shown["links"]["self"].endswith(path)
    assert [row["id"] for row in world.shown(f"{BASE}/projects/{demo}/endpoint_groups")] == [made]
    assert [row["id"] for row in world.shown(f"{BASE}/endpoint_groups/{made}/projects")] == [demo]
    assert endpoints["admin"] in [row["id"] for row in world.shown(f"{BASE}/projects/{demo}/endpoints")]
    assert [world(method, path).status for method in ("DELETE", "DELETE")] == [204, 404]


def test_what_was_given_goes_with_each_of_its_parts(
    world: World, service_id: str, demo: str, endpoints: dict[str, str]
) -> None:
    gone = world.made("/v3/projects", {"project": {"name": "gone"}})["id"]
    made = group(world, {"interface": "admin"})
    for owner in (demo, gone):
        assert world("PUT", f"{BASE}/projects/{owner}/endpoints/{endpoints['public']}").status == 204
        assert world("PUT", f"{BASE}/endpoint_groups/{made}/projects/{owner}").status == 204
    assert world("DELETE", f"/v3/projects/{gone}").status == 204
    assert [row["id"] for row in world.shown(f"{BASE}/endpoint_groups/{made}/projects")] == [demo]
    assert world("DELETE", f"{BASE}/endpoint_groups/{made}").status == 204
    assert world.shown(f"{BASE}/projects/{demo}/endpoint_groups") == []
    assert world("DELETE", f"/v3/services/{service_id}").status == 204
    assert world.shown(f"{BASE}/projects/{demo}/endpoints") == []


# --- what the catalog shows -------------------------------------------------------------------------


def test_a_project_that_was_given_endpoints_sees_these_alone(
    world: World, demo: str, endpoints: dict[str, str]
) -> None:
    everything = urls(world)
    assert world("PUT", f"{BASE}/projects/{demo}/endpoints/{endpoints['public']}").status == 204
    assert urls(world) == ["http://public"]
    made = group(world, {"interface": "internal", "service_id": world.shown("/v3/services?name=glance")[0]["id"]})
    assert world("PUT", f"{BASE}/endpoint_groups/{made}/projects/{demo}").status == 204
    assert urls(world) == ["http://internal", "http://public"]
    token = world.token("demo", "secret", project("demo"))
    assert [row["name"] for row in world.shown("/v3/auth/catalog", token=token)] == ["glance"]
    assert urls(world, "admin") == everything
    assert world("PATCH", f"/v3/endpoints/{endpoints['public']}", {"endpoint": {"enabled": False}}).status == 200
    assert urls(world) == ["http://internal"]


def test_who_was_given_none_sees_nothing_if_the_operator_wants_that(
    world: World, demo: str, endpoints: dict[str, str]
) -> None:
    world.app = App(service.new_service(replace(world.backend, return_all_endpoints_if_no_filter=False)))
    assert urls(world) == urls(world, "admin", SYSTEM) == []
    assert world("PUT", f"{BASE}/projects/{demo}/endpoints/{endpoints['public']}").status == 204
    assert urls(world) == ["http://public"]
