from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import BASE, message

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
    assert world("POST", "/v3/projects", {"project": {"name": "x", "is_domain": True, "parent_id": top}}).status == 400


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


def test_a_project_that_acts_as_a_domain_is_that_domain(world: World) -> None:
    made = world.made("/v3/projects", {"project": {"name": "acting", "is_domain": True, "tags": ["a"]}})
    assert (made["is_domain"], made["domain_id"], made["parent_id"], made["tags"]) == (True, None, None, ["a"])
    path = f"/v3/projects/{made['id']}"
    assert world.shown(f"/v3/domains/{made['id']}")["name"] == "acting"
    assert [row["name"] for row in world.shown("/v3/projects?is_domain=true&name=acting")] == ["acting"]
    assert "acting" not in [row["name"] for row in world.shown("/v3/projects")]
    assert world("DELETE", path).status == 403
    assert world("PATCH", path, {"project": {"enabled": False, "name": "renamed"}}).status == 200
    assert world.shown(path)["name"] == "renamed"
    assert world("DELETE", path).status == 204
    assert world("GET", f"/v3/domains/{made['id']}").status == 404


def test_projects_lie_five_deep_within_each_other_at_most(world: World) -> None:
    project_id = make(world, "p1")
    for depth in range(2, 6):
        project_id = make(world, f"p{depth}", parent_id=project_id)
    reply = world("POST", "/v3/projects", {"project": {"name": "p6", "parent_id": project_id}})
    assert (reply.status, message(reply)) == (403, f"Max hierarchy depth reached for {project_id} branch.")


def test_a_projects_tree_is_shown_as_ids_or_as_the_projects_that_the_caller_reaches(world: World) -> None:
    top = make(world, "top")
    middle = make(world, "middle", parent_id=top)
    bottom = make(world, "bottom", parent_id=middle)
    path = f"/v3/projects/{middle}"
    assert world.shown(f"{path}?parents_as_ids")["parents"] == {top: {"default": None}}
    assert world.shown(f"{path}?subtree_as_ids")["subtree"] == {bottom: None}
    assert world.shown(f"{path}?parents_as_list&subtree_as_list")["subtree"] == []
    admin = world.shown("/v3/users?name=admin")[0]["id"]
    for project_id in (top, bottom):
        world.give(admin, "member", f"projects/{project_id}")
    shown = world.shown(f"{path}?parents_as_list&subtree_as_list&include_limits")
    assert [row["project"]["name"] for row in shown["parents"]] == ["top"]
    assert [(row["project"]["name"], row["project"]["limits"]) for row in shown["subtree"]] == [("bottom", [])]
    assert world("GET", f"{path}?parents_as_list&parents_as_ids").status == 400


@pytest.mark.databases("sqlite", "postgresql", "mariadb")
def test_tags_are_put_on_one_by_one_and_projects_found_by_them(world: World) -> None:
    one, two = make(world, "one", tags=["red", "Blue"]), make(world, "two", tags=["red"])
    path = f"/v3/projects/{one}/tags"
    assert world.shown(path) == ["red", "Blue"]
    assert [world("PUT", f"{path}/gr%C3%BCn").status for _ in range(2)] == [201, 201]
    assert world.shown(path) == ["red", "Blue", "grün"]
    assert [world(method, f"{path}/red").status for method in ("HEAD", "GET", "DELETE", "GET")] == [204, 204, 204, 404]
    assert world("PUT", f"{path}/a,b").status == 400
    for query, expected in {
        "tags=Blue": [one],
        "tags=blue": [],
        "tags=Blue,grün": [one],
        "tags=Blue,red": [],
        "tags-any=Blue,red": sorted([one, two]),
        "tags=Blu": [],
    }.items():
        assert [row["id"] for row in world.shown(f"/v3/projects?{query}")] == expected, query
    named = {row["id"] for row in world.shown("/v3/projects?not-tags=red")}
    assert two not in named
    assert one in named
    assert {one, two}.isdisjoint({row["id"] for row in world.shown("/v3/projects?not-tags-any=Blue,red")})
    assert world("PUT", path, {"tags": ["x", "y"]}).decoded()["tags"] == ["x", "y"]
    assert world("PUT", path, {"tags": ["x", "x"]}).status == 400
    assert [world("PUT", path, {"tags": [str(number) for number in range(each)]}).status for each in (81, 80)] == [
        400,
        200,
    ]
    assert world("PUT", f"{path}/more").status == 400
    assert world("DELETE", path).status == 204
    assert world.shown(path) == []


def test_projects_are_listed_in_pages(world: World) -> None:
    ids = sorted(make(world, f"page{number}") for number in range(5))
    first = world("GET", "/v3/projects?name__startswith=page&limit=3").decoded()
    assert [row["id"] for row in first["projects"]] == ids[:3]
    second = world("GET", first["links"]["next"].removeprefix(BASE)).decoded()
    assert [row["id"] for row in second["projects"]] == ids[3:]
    assert second["links"]["next"] is None
