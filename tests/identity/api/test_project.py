from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def make(world: World, name: str, **more: Any) -> str:
    return str(world.made("/v3/projects", {"project": {"name": name, **more}})["id"])


def able(world: World, project_id: str, is_enabled: bool) -> int:
    return world("PATCH", f"/v3/projects/{project_id}", {"project": {"enabled": is_enabled}}).status


def test_a_project_without_a_domain_is_made_in_the_callers(world: World) -> None:
    made = world.made("/v3/projects", {"project": {"name": "p"}})
    assert made == {
        "id": made["id"],
        "name": "p",
        "domain_id": "default",
        "parent_id": "default",
        "description": "",
        "enabled": True,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"http://identity.test:5000/v3/projects/{made['id']}"},
    }
    assert world.shown(f"/v3/projects/{made['id']}") == made


def test_projects_lie_within_projects_of_their_domain(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    top = make(world, "top", domain_id=home)
    child = make(world, "child", domain_id=home, parent_id=top)
    assert [row["id"] for row in world.shown(f"/v3/projects?parent_id={top}")] == [child]
    for parent in (top, home):
        reply = world("POST", "/v3/projects", {"project": {"name": "x", "domain_id": "default", "parent_id": parent}})
        assert reply.status == 400
        assert "a parent in a different domain" in message(reply)
    assert world("POST", "/v3/projects", {"project": {"name": "x", "parent_id": "nope"}}).status == 400
    assert world("POST", "/v3/projects", {"project": {"name": "x", "domain_id": "nope"}}).status == 400


def test_a_project_stays_where_it_is(world: World) -> None:
    top, other = make(world, "top"), make(world, "other")
    path = f"/v3/projects/{other}"
    assert world("PATCH", path, {"project": {"parent_id": top}}).status == 403
    assert world("PATCH", path, {"project": {"parent_id": "default"}}).status == 200
    assert world("PATCH", path, {"project": {"is_domain": True}}).status == 400
    assert world("PATCH", path, {"project": {"is_domain": False}}).status == 200
    assert world("POST", "/v3/projects", {"project": {"name": "x", "is_domain": True}}).status == 400


def test_nothing_enabled_lies_below_what_is_disabled(world: World) -> None:
    top = make(world, "top")
    middle = make(world, "middle", parent_id=top)
    bottom = make(world, "bottom", parent_id=middle)
    assert able(world, top, False) == 403
    assert able(world, middle, False) == 403
    assert [able(world, each, False) for each in (bottom, middle, top)] == [200, 200, 200]
    assert [able(world, each, True) for each in (bottom, middle)] == [403, 403]
    assert world("POST", "/v3/projects", {"project": {"name": "x", "parent_id": bottom}}).status == 400
    assert [able(world, each, True) for each in (top, middle, bottom)] == [200, 200, 200]


def test_a_project_goes_after_those_within_it(world: World) -> None:
    top = make(world, "top")
    child = make(world, "child", parent_id=top)
    assert world("DELETE", f"/v3/projects/{top}").status == 403
    assert [world("DELETE", f"/v3/projects/{each}").status for each in (child, top, top)] == [204, 204, 404]


def test_a_disabled_domain_takes_no_projects(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d", "enabled": False}})["id"]
    assert world("POST", "/v3/projects", {"project": {"name": "x", "domain_id": home}}).status == 400


def test_projects_are_found_by_tags(world: World) -> None:
    make(world, "ab", tags=["a", "b"])
    make(world, "b", tags=["b"])
    make(world, "none")
    for query, expected in {
        "tags=a,b": {"ab"},
        "tags-any=a,b": {"ab", "b"},
        "not-tags=a,b": {"b", "none"},
        "not-tags-any=a": {"b", "none"},
        "tags=b&not-tags=a": {"b"},
    }.items():
        found = {row["name"] for row in world.shown(f"/v3/projects?{query}")}
        assert found & {"ab", "b", "none"} == expected, query


@pytest.mark.parametrize(
    "tags", ["a", ["a", "a"], ["a/b"], ["a,b"], [""], [5], ["x" * 256], [str(n) for n in range(81)]]
)
def test_odd_tags_are_refused(world: World, tags: Any) -> None:
    assert world("POST", "/v3/projects", {"project": {"name": "x", "tags": tags}}).status == 400


def test_a_member_sees_his_project_and_no_other(world: World) -> None:
    demo = world.token("demo", "secret")
    mine = world.shown("/v3/auth/projects", token=demo)[0]["id"]
    assert world("GET", f"/v3/projects/{mine}", token=demo).status == 200
    assert world("GET", f"/v3/projects/{make(world, 'other')}", token=demo).status == 403
    assert world("GET", "/v3/projects", token=demo).status == 403


def test_a_domains_id_may_be_chosen_once(world: World) -> None:
    body = {"domain": {"name": "d", "explicit_domain_id": "0" * 31 + "a"}}
    assert world.made("/v3/domains", body)["id"] == "0" * 31 + "a"
    assert world("POST", "/v3/domains", {"domain": {**body["domain"], "name": "e"}}).status == 409
    taken = make(world, "p")
    assert world("POST", "/v3/domains", {"domain": {"name": "e", "explicit_domain_id": taken}}).status == 409
    assert world("POST", "/v3/domains", {"domain": {"name": "e", "explicit_domain_id": "../x"}}).status == 400


def test_a_project_shows_where_it_lies_if_asked(world: World) -> None:
    top = make(world, "top")
    middle = make(world, "middle", parent_id=top)
    one, two = make(world, "one", parent_id=middle), make(world, "two", parent_id=middle)
    shown = world.shown(f"/v3/projects/{one}?parents_as_ids")
    assert shown["parents"] == {middle: {top: {"default": None}}}
    assert world.shown(f"/v3/projects/{top}?parents_as_ids")["parents"] == {"default": None}
    assert world.shown(f"/v3/projects/{top}?subtree_as_ids")["subtree"] == {middle: {one: None, two: None}}
    assert world.shown(f"/v3/projects/{one}?subtree_as_ids")["subtree"] is None
    assert {"parents", "subtree"} & world.shown(f"/v3/projects/{top}").keys() == set()
