from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.api.routes import ROUTES
from tests.identity.world import BASE, SYSTEM, message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
RELATION = "https://docs.openstack.org/api/openstack-identity/3"


def home(world: World, path: str = "/v3") -> dict[str, Any]:
    reply = world("GET", path, token="", accept="application/json-home")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json-home")
    resources: dict[str, Any] = reply.decoded()["resources"]
    return resources


def test_the_versions_are_a_choice_of_one(world: World) -> None:
    reply = world("GET", "/", token="")
    assert (reply.status, reply.headers["location"]) == (300, f"{BASE}/v3/")
    (version,) = reply.decoded()["versions"]["values"]
    assert version == world("GET", "/v3", token="").decoded()["version"]
    assert (version["id"], version["status"]) == ("v3.14", "stable")
    assert version["links"] == [{"rel": "self", "href": f"{BASE}/v3/"}]


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html", "application/json-home;q=0.5, */*"])
def test_who_does_not_prefer_json_home_gets_the_version(world: World, accept: str) -> None:
    assert "version" in world("GET", "/v3", token="", accept=accept).decoded()


def test_json_home_tells_where_things_are(world: World) -> None:
    resources = home(world)
    assert resources[f"{RELATION}/rel/users"] == {"href": "/users"}
    assert resources[f"{RELATION}/rel/limit"] == {
        "href-template": "/limits/{limit_id}",
        "href-vars": {"limit_id": f"{RELATION}/param/limit_id"},
        "hints": {"status": "experimental"},
    }
    extension = f"{RELATION}/ext/OS-EP-FILTER/1.0"
    assert resources[f"{extension}/rel/endpoint_group_to_project_association"] == {
        "href-template": "/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}",
        "href-vars": {
            "endpoint_group_id": f"{extension}/param/endpoint_group_id",
            "project_id": f"{RELATION}/param/project_id",
        },
    }


def test_json_home_of_the_root_begins_each_way_with_the_version(world: World) -> None:
    def ways(path: str) -> list[str]:
        return [each.get("href") or each["href-template"] for each in home(world, path).values()]

    assert ways("/") == [f"/v3{way}" for way in ways("/v3")]


def test_json_home_names_nothing_that_is_not_there(world: World) -> None:
    known = {re.sub(r"\{\w+\}", "{}", row.path) for row in ROUTES.rows}
    for resource in home(world, "/").values():
        way = resource.get("href") or resource["href-template"]
        assert re.sub(r"\{\w+\}", "{}", way) in known


def test_the_catalog_by_itself_is_for_tokens_of_projects(world: World) -> None:
    assert [row["type"] for row in world.shown("/v3/auth/catalog")] == ["identity"]
    assert world("HEAD", "/v3/auth/catalog").status == 200
    reply = world("GET", "/v3/auth/catalog", token=world.token("admin", "secret", SYSTEM))
    assert reply.status == 403
    assert message(reply) == "A project-scoped token is required to produce a service catalog."
