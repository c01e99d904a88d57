from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def parts(world: World) -> dict[str, str]:
    """Two policies, a service with an endpoint in an inner region, and the region around it."""
    world.made("/v3/regions", {"region": {"id": "outer"}})
    world.made("/v3/regions", {"region": {"id": "inner", "parent_region_id": "outer"}})
    service = world.made("/v3/services", {"service": {"type": "x"}})["id"]
    body = {"service_id": service, "interface": "public", "url": "http://x", "region_id": "inner"}
    endpoint = world.made("/v3/endpoints", {"endpoint": body})["id"]
    policies = {name: world.made("/v3/policies", policy(type=name))["id"] for name in ("a", "b")}
    return {"service": service, "endpoint": endpoint, **policies}


def policy(**more: Any) -> dict[str, Any]:
    return {"policy": {"blob": "{}", "type": "application/json", **more}}


def places(parts: dict[str, str]) -> dict[str, str]:
    """Return the paths of what a policy can be for, the widest first."""
    service = f"OS-ENDPOINT-POLICY/services/{parts['service']}"
    return {
        "service": service,
        "outer": f"{service}/regions/outer",
        "inner": f"{service}/regions/inner",
        "endpoint": f"OS-ENDPOINT-POLICY/endpoints/{parts['endpoint']}",
    }


def test_a_policy_is_made_shown_changed_and_removed(world: World) -> None:
    made = world.made("/v3/policies", policy(cow=1))
    path = f"/v3/policies/{made['id']}"
    assert made == world.shown(path)
    assert made["links"]["self"].endswith(path)
    assert (made["blob"], made["type"], made["cow"]) == ("{}", "application/json", 1)
    changed = world("PATCH", path, {"policy": {"blob": "[]", "cow": 2}}).decoded()["policy"]
    assert (changed["blob"], changed["type"], changed["cow"]) == ("[]", "application/json", 2)
    assert [row["id"] for row in world.shown("/v3/policies?type=application/json")] == [made["id"]]
    assert world.shown("/v3/policies?type=x") == []
    assert world("DELETE", path).status == 204
    assert message(world("GET", path)) == f"Could not find policy: {made['id']}."


@pytest.mark.parametrize("odd", [{"blob": None}, {"blob": {}}, {"type": None}, {"type": "x" * 256}])
def test_an_odd_policy_is_refused(world: World, odd: dict[str, Any]) -> None:
    assert world("POST", "/v3/policies", policy(**odd)).status == 400
    made = world.made("/v3/policies", policy())["id"]
    assert world("PATCH", f"/v3/policies/{made}", {"policy": odd}).status == 400
    assert world("PATCH", f"/v3/policies/{made}", {"policy": {}}).status == 400


@pytest.mark.parametrize("place", ["service", "outer", "inner", "endpoint"])
def test_a_place_has_one_policy_and_a_new_one_takes_it(world: World, parts: dict[str, str], place: str) -> None:
    first, second = (f"/v3/policies/{parts[name]}/{places(parts)[place]}" for name in ("a", "b"))
    assert message(world("GET", first)) == "Could not find policy association."
    assert [world(method, first).status for method in ("PUT", "PUT", "GET", "HEAD")] == [204, 204, 204, 204]
    assert [row["id"] for row in world.shown(f"/v3/policies/{parts['a']}/OS-ENDPOINT-POLICY/endpoints")] == [
        parts["endpoint"]
    ]
    assert world("PUT", second).status == 204
    assert [world("GET", path).status for path in (first, second)] == [404, 204]
    assert [world("DELETE", path).status for path in (first, second, second)] == [204, 204, 204]
    assert world("GET", second).status == 404
    assert world("PUT", first.replace(parts["a"], "nope")).status == 404
    assert world("PUT", f"{first}nope").status == 404


def test_an_endpoint_has_the_policy_of_the_nearest_place(world: World, parts: dict[str, str]) -> None:
    of_endpoint = f"/v3/endpoints/{parts['endpoint']}/OS-ENDPOINT-POLICY/policy"
    assert message(world("GET", of_endpoint)) == f"No policy is associated with endpoint {parts['endpoint']}."
    for number, path in enumerate(places(parts).values()):
        name = "ab"[number % 2]
        assert world("PUT", f"/v3/policies/{parts[name]}/{path}").status == 204
        assert world.shown(of_endpoint)["id"] == parts[name]
    listed = world.shown(f"/v3/policies/{parts['a']}/OS-ENDPOINT-POLICY/endpoints")
    assert [row["id"] for row in listed] == [parts["endpoint"]]
    assert world("GET", "/v3/endpoints/nope/OS-ENDPOINT-POLICY/policy").status == 404


@pytest.mark.parametrize("gone", ["service", "outer", "inner", "endpoint", "policy"])
def test_what_a_policy_is_for_goes_with_each_part(world: World, parts: dict[str, str], gone: str) -> None:
    place = places(parts)["service" if gone == "policy" else gone]
    assert world("PUT", f"/v3/policies/{parts['a']}/{place}").status == 204
    if gone in ("outer", "inner"):
        assert world("PATCH", f"/v3/endpoints/{parts['endpoint']}", {"endpoint": {"region_id": None}}).status == 200
    path = {
        "service": f"/v3/services/{parts['service']}",
        "endpoint": f"/v3/endpoints/{parts['endpoint']}",
        "policy": f"/v3/policies/{parts['a']}",
    }.get(gone, f"/v3/regions/{gone}")
    assert world("DELETE", path).status == 204
    if gone == "policy":
        assert world("GET", f"/v3/endpoints/{parts['endpoint']}/OS-ENDPOINT-POLICY/policy").status == 404
    else:
        assert world.shown(f"/v3/policies/{parts['a']}/OS-ENDPOINT-POLICY/endpoints") == []
