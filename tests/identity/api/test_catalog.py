from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import SYSTEM, message, project

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def service_id(world: World) -> str:
    return str(world.made("/v3/services", {"service": {"type": "image", "name": "glance"}})["id"])


def endpoint(service_id: str, **more: Any) -> dict[str, Any]:
    return {"endpoint": {"service_id": service_id, "interface": "public", "url": "http://x"} | more}


def test_a_region_has_an_id_of_ones_own_or_one_of_ours(world: World) -> None:
    assert world.made("/v3/regions", {"region": {"id": "R/1"}})["description"] == ""
    assert world.shown("/v3/regions/R%2F1")["links"]["self"].endswith("/v3/regions/R%2F1")
    assert len(world.made("/v3/regions", {"region": {}})["id"]) == 32
    assert world("PUT", "/v3/regions/mine", {"region": {"cow": 1}}).decoded()["region"]["id"] == "mine"
    assert world("PUT", "/v3/regions/mine", {"region": {}}).status == 409
    reply = world("PUT", "/v3/regions/mine", {"region": {"id": "other"}})
    assert (reply.status, message(reply)) == (400, 'Conflicting region IDs specified: "mine" != "other"')
    assert world("POST", "/v3/regions", {"region": {"id": "x" * 256}}).status == 400


def test_regions_lie_within_each_other_but_not_in_circles(world: World) -> None:
    for name, parent in (("a", None), ("b", "a"), ("c", "b")):
        world.made("/v3/regions", {"region": {"id": name, "parent_region_id": parent}})
    assert [row["id"] for row in world.shown("/v3/regions?parent_region_id=a")] == ["b"]
    for parent in ("a", "b", "c"):
        assert world("PATCH", "/v3/regions/a", {"region": {"parent_region_id": parent}}).status == 400
    assert world("POST", "/v3/regions", {"region": {"id": "d", "parent_region_id": "d"}}).status == 400
    assert world("POST", "/v3/regions", {"region": {"parent_region_id": "nope"}}).status == 400
    assert world("PATCH", "/v3/regions/c", {"region": {"parent_region_id": None}}).status == 200


def test_a_region_goes_with_those_within_it_unless_endpoints_are_there(world: World, service_id: str) -> None:
    world.made("/v3/regions", {"region": {"id": "a"}})
    world.made("/v3/regions", {"region": {"id": "b", "parent_region_id": "a"}})
    made = world.made("/v3/endpoints", endpoint(service_id, region_id="b"))["id"]
    assert world("DELETE", "/v3/regions/a").status == 403
    assert world("DELETE", f"/v3/endpoints/{made}").status == 204
    assert world("DELETE", "/v3/regions/a").status == 204
    assert world("GET", "/v3/regions/b").status == 404


def test_a_service_may_be_one_of_several_of_a_type(world: World, service_id: str) -> None:
    second = world.made("/v3/services", {"service": {"type": "image"}})
    assert (second["name"], second["enabled"], "description" in second) == ("", True, False)
    assert len(world.shown("/v3/services?type=image")) == 2
    assert [row["id"] for row in world.shown("/v3/services?name=glance")] == [service_id]
    path = f"/v3/services/{service_id}"
    changed = world("PATCH", path, {"service": {"enabled": False, "description": "d", "cow": 1}}).decoded()["service"]
    assert (changed["enabled"], changed["description"], changed["cow"]) == (False, "d", 1)
    for odd in ({"name": None}, {"name": ""}, {"type": ""}, {"type": None}, {"enabled": "yes"}, {}):
        assert world("PATCH", path, {"service": odd}).status == 400


def test_a_service_takes_its_endpoints_along(world: World, service_id: str) -> None:
    made = world.made("/v3/endpoints", endpoint(service_id))["id"]
    assert world("DELETE", f"/v3/services/{service_id}").status == 204
    assert world("GET", f"/v3/endpoints/{made}").status == 404


def test_an_endpoints_region_must_be_known_unless_it_is_named_the_old_way(world: World, service_id: str) -> None:
    reply = world("POST", "/v3/endpoints", endpoint(service_id, region_id="new"))
    assert reply.status == 400
    assert message(reply).startswith("Expecting to find endpoint region_id in region table.")
    made = world.made("/v3/endpoints", endpoint(service_id, region="new"))
    assert (made["region"], made["region_id"]) == ("new", "new")
    assert world("GET", "/v3/regions/new").status == 200
    path = f"/v3/endpoints/{made['id']}"
    assert world("PATCH", path, {"endpoint": {"region_id": "newer"}}).status == 400
    assert world("PATCH", path, {"endpoint": {"region": "newer"}}).decoded()["endpoint"]["region_id"] == "newer"
    assert world("PATCH", path, {"endpoint": {"region_id": None}}).decoded()["endpoint"]["region"] is None


@pytest.mark.parametrize(
    "odd",
    [
        {"service_id": "nope"}, {"service_id": None}, {"interface": "moon"}, {"url": ""}, {"url": "x"}, {"url": 5},
        {"url": "http://x/$(moon)s"}, {"url": "http://x/%(project_id)"}, {"enabled": "yes"}, {"region": 5},
        {"url": "http://" + "x" * 250}, {"name": 5}, {"description": 5},
    ],
)  # fmt: skip
def test_an_odd_endpoint_is_refused_when_made_and_when_changed(world: World, service_id: str, odd: Any) -> None:
    assert world("POST", "/v3/endpoints", {"endpoint": endpoint(service_id)["endpoint"] | odd}).status == 400
    made = world.made("/v3/endpoints", endpoint(service_id))["id"]
    assert world("PATCH", f"/v3/endpoints/{made}", {"endpoint": odd}).status == 400


def test_endpoints_are_filtered(world: World, service_id: str) -> None:
    for interface in ("public", "admin"):
        world.made("/v3/endpoints", endpoint(service_id, interface=interface, region_id="RegionOne"))
    assert len(world.shown(f"/v3/endpoints?service_id={service_id}")) == 2
    assert len(world.shown(f"/v3/endpoints?service_id={service_id}&interface=admin")) == 1
    assert len(world.shown("/v3/endpoints?region_id=nowhere")) == 0


def test_the_catalog_of_a_token_shows_what_is_enabled_and_fits_its_scope(world: World, service_id: str) -> None:
    world.made("/v3/endpoints", endpoint(service_id, url="http://x/%(tenant_id)s"))
    off = world.made("/v3/endpoints", endpoint(service_id, url="http://off", interface="admin"))["id"]
    world("PATCH", f"/v3/endpoints/{off}", {"endpoint": {"enabled": False}})

    def urls(scope: Any) -> list[str]:
        token = world.login("admin", "secret", scope).decoded()["token"]
        image = next(row for row in token["catalog"] if row["type"] == "image")
        return [row["url"].removesuffix(token.get("project", {}).get("id", "-")) for row in image["endpoints"]]

    assert urls(project("admin")) == ["http://x/"]
    assert urls(SYSTEM) == []


def test_regions_are_for_everybody_and_the_rest_for_administrators(world: World) -> None:
    demo = world.token("demo", "secret")
    assert world("GET", "/v3/regions", token=demo).status == 200
    assert world("GET", "/v3/regions/RegionOne", token=demo).status == 200
    for path in ("services", "endpoints"):
        assert world("GET", f"/v3/{path}", token=demo).status == 403
