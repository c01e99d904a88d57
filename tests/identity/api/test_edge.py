from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.api.routes import ROUTES
from pileus.identity.policy import DEFAULTS
from tests.identity.world import BASE, SYSTEM, message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
STRANGE = ("nope", "a%2Fb", "%00", "%F0%9F%92%A9", "%ff", "..", "'", "x" * 3000)


def test_the_versions_need_no_token(world: World) -> None:
    reply = world("GET", "/", token="")
    assert (reply.status, reply.headers["location"]) == (300, f"{BASE}/v3/")
    version = reply.decoded()["versions"]["values"][0]
    assert world("GET", "/v3", token="").decoded()["version"] == version
    assert world("GET", "/v3/", token="").decoded()["version"] == version
    assert version["links"] == [{"rel": "self", "href": f"{BASE}/v3/"}]


def test_nobody_learns_which_paths_exist(world: World) -> None:
    assert world("GET", "/v3/nope", token="").status == 401
    assert world("PUT", "/v3/users", token="").status == 401
    assert world("GET", "/v3/nope").status == 404
    reply = world("PUT", "/v3/users")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


def test_every_reply_says_on_what_it_depends(world: World) -> None:
    for reply in (
        world("GET", "/v3"),
        world("GET", "/v3/users"),
        world("GET", "/v3/users/x"),
        world("GET", "/v3/users", token=""),
    ):
        assert reply.headers["vary"] == "X-Auth-Token"
        assert reply.headers["x-openstack-request-id"].startswith("req-")


def test_a_401_says_where_to_log_in(world: World) -> None:
    for token in ("", "junk", "gAAAAA"):
        reply = world("GET", "/v3/users", token=token)
        assert (reply.status, reply.headers["www-authenticate"]) == (401, f'Keystone uri="{BASE}/v3"')


def test_a_403_names_the_rule(world: World) -> None:
    reply = world("GET", "/v3/users", token=world.token("demo", "secret"))
    assert reply.decoded()["error"] == {
        "code": 403,
        "message": "You are not authorized to perform the requested action: identity:list_users.",
        "title": "Forbidden",
    }


def test_a_403_tells_who_may_know_what_the_rule_wanted(world: World) -> None:
    owner = world.user("reader")
    world.give(owner, "reader", "system")
    token = world.token("reader", "pw", SYSTEM)
    assert message(world("POST", "/v3/users", {"user": {"name": "x"}}, token=token)) == (
        "You are not authorized to perform the requested action: identity:create_user. identity:create_user wants"
        " 'rule:admin_required or (role:manager and domain_id:%(target.user.domain_id)s)'; the caller has the roles"
        " reader."
    )


def test_every_route_has_a_rule_and_every_rule_a_route(world: World) -> None:
    used = {row.rule for row in ROUTES.rows if row.rule}
    asked_by_handlers = {name for name in DEFAULTS if "domain_role" in name and name.startswith("identity:")} | {
        "identity:check_implied_role",
        "identity:get_security_compliance_domain_config",
        "identity:list_role_assignments_for_tree",
        "identity:list_trusts_for_trustee",
        "identity:list_trusts_for_trustor",
    }
    assert used | asked_by_handlers == {name for name in DEFAULTS if name.startswith("identity:")}


def test_the_body_is_judged_before_the_caller_and_the_caller_before_what_exists(world: World) -> None:
    demo = world.token("demo", "secret")
    assert world("POST", "/v3/users", {}, token="").status == 401
    assert world("POST", "/v3/users", {}, token=demo).status == 400
    assert world("PATCH", "/v3/users/nope", {"user": {"name": "x"}}, token=demo).status == 403
    assert world("PATCH", "/v3/users/nope", {"user": {"enabled": 5}}).status == 400
    assert world("PATCH", "/v3/users/nope", {"user": {"name": "x"}}).status == 404


@pytest.mark.parametrize("kind", ["users", "projects", "domains"])
def test_who_may_not_see_it_does_not_learn_whether_it_exists(world: World, kind: str) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    makers: dict[str, Callable[[], str]] = {
        "users": lambda: world.user("other", domain_id=home),
        "projects": lambda: str(world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"]),
        "domains": lambda: str(home),
    }
    real = makers[kind]()
    demo = world.token("demo", "secret")
    answers = [world("GET", f"/v3/{kind}/{each}", token=demo) for each in (real, "nope")]
    assert [reply.status for reply in answers] == [403, 403]
    assert message(answers[0]) == message(answers[1])


def test_of_roles_anybody_learns_which_exist(world: World) -> None:
    demo = world.token("demo", "secret")
    answers = [world("GET", f"/v3/roles/{each}", token=demo) for each in (world.role("admin"), "nope")]
    assert [reply.status for reply in answers] == [403, 404]


@pytest.mark.parametrize("kind", ["users", "projects", "domains", "roles", "regions", "services", "endpoints"])
def test_a_strange_id_is_not_found(world: World, kind: str) -> None:
    for name in STRANGE:
        assert world("GET", f"/v3/{kind}/{name}").status in (400, 404), name


@pytest.mark.databases("postgresql", "mariadb")
def test_a_strange_id_is_not_found_by_a_server_either(world: World) -> None:
    for kind in ("users", "projects", "domains", "roles", "regions", "services", "endpoints"):
        for name in STRANGE:
            assert world("GET", f"/v3/{kind}/{name}").status in (400, 404), name


@pytest.mark.parametrize("kind", ["users", "roles"])
@pytest.mark.databases("sqlite", "postgresql")
def test_a_strange_filter_finds_nothing(world: World, kind: str) -> None:
    for text in ("%00", "%ff", "x" * 3000, "%25", "_____"):
        reply = world("GET", f"/v3/{kind}?name={text}")
        assert reply.status in (200, 400)
        assert reply.status == 400 or reply.decoded()[kind] == []


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role", "service", "endpoint", "region"])
def test_an_odd_body_is_400(world: World, kind: str) -> None:
    bodies: tuple[Any, ...] = (
        {},
        [],
        "x",
        5,
        {kind: None},
        {kind: []},
        {kind: "x"},
        {"moon": {}},
        {kind: {"name": 5, "type": 5, "id": 5, "url": 5}},
    )
    for body in bodies:
        assert world("POST", f"/v3/{kind}s", body).status == 400
        assert world("PATCH", f"/v3/{kind}s/x", body).status == 400
    # A project may be changed in nothing, as with the original; there is none here.
    assert world("PATCH", f"/v3/{kind}s/x", {kind: {}}).status == (404 if kind == "project" else 400)
    assert world("POST", f"/v3/{kind}s", data=b"{").status == 400
    assert world("POST", f"/v3/{kind}s", data=b"{}", content_type="text/plain").status == 415


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role"])
def test_a_name_is_text_that_can_be_read(world: World, kind: str) -> None:
    for name in ("", " ", "\n", "a\0b", "x" * 256, None, 5, ["x"], True):
        assert world("POST", f"/v3/{kind}s", {kind: {"name": name}}).status == 400, name


@pytest.mark.databases("sqlite", "postgresql")
def test_a_zero_byte_deep_in_a_body_is_no_fault_of_ours(world: World) -> None:
    for kind in ("domain", "project", "user", "role"):
        body = {kind: {"name": "n", "description": "a\0b", "cow": ["a\0b"]}}
        assert world("POST", f"/v3/{kind}s", body).status in (201, 400)


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role"])
def test_a_name_that_is_taken_is_a_conflict(world: World, kind: str) -> None:
    first = world.made(f"/v3/{kind}s", {kind: {"name": "taken"}})["id"]
    reply = world("POST", f"/v3/{kind}s", {kind: {"name": "taken"}})
    assert reply.status == 409
    assert message(reply).startswith(
        f"Conflict occurred attempting to store {kind} - Duplicate entry found with name taken"
    )
    second = world.made(f"/v3/{kind}s", {kind: {"name": "free"}})["id"]
    assert world("PATCH", f"/v3/{kind}s/{second}", {kind: {"name": "taken"}}).status == 409
    assert world("PATCH", f"/v3/{kind}s/{first}", {kind: {"name": "taken"}}).status == 200
    assert world("PATCH", f"/v3/{kind}s/{second}", {kind: {"name": "Taken"}}).status == 200


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role"])
def test_unknown_members_are_kept_and_null_is_a_value(world: World, kind: str) -> None:
    made = world.made(f"/v3/{kind}s", {kind: {"name": "n", "cow": {"a": [1]}, "hen": 1}})
    assert (made["cow"], made["hen"]) == ({"a": [1]}, 1)
    path = f"/v3/{kind}s/{made['id']}"
    changed = world("PATCH", path, {kind: {"cow": None, "pig": 2}}).decoded()[kind]
    assert changed == world.shown(path)
    assert (changed["cow"], changed["hen"], changed["pig"]) == (None, 1, 2)
    assert world("PATCH", path, {kind: {"links": {"self": "x"}, "extra": 5}}).decoded()[kind] == changed


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role", "region"])
def test_a_description_can_be_taken_away(world: World, kind: str) -> None:
    name = "id" if kind == "region" else "name"
    made = world.made(f"/v3/{kind}s", {kind: {name: "n", "description": "old"}})
    reply = world("PATCH", f"/v3/{kind}s/{made['id']}", {kind: {"description": None}})
    assert reply.status == 200
    assert not reply.decoded()[kind].get("description")


@pytest.mark.parametrize("kind", ["domain", "project", "user", "role", "region", "service"])
def test_an_id_never_changes(world: World, kind: str) -> None:
    made = world.made(f"/v3/{kind}s", {kind: {"type": "t"} if kind == "service" else {"name": "n"}})
    path = f"/v3/{kind}s/{made['id']}"
    reply = world("PATCH", path, {kind: {"id": "other"}})
    assert (reply.status, message(reply)) == (400, "Cannot change ID")
    assert world("PATCH", path, {kind: {"id": made["id"], "description": "x"}}).status == 200


@pytest.mark.parametrize("kind", ["project", "user", "role"])
def test_nothing_moves_to_another_domain(world: World, kind: str) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    made = world.made(f"/v3/{kind}s", {kind: {"name": "n", "domain_id": home}})
    path = f"/v3/{kind}s/{made['id']}"
    reply = world("PATCH", path, {kind: {"domain_id": "default"}})
    assert (reply.status, message(reply)) == (400, "Cannot change Domain ID")
    assert world("PATCH", path, {kind: {"domain_id": home}}).status == 200


@pytest.mark.parametrize("kind", ["domain", "project", "role"])
def test_what_is_immutable_must_be_made_mutable_first(world: World, kind: str) -> None:
    made = world.made(f"/v3/{kind}s", {kind: {"name": "n", "enabled": False, "options": {"immutable": True}}})
    path = f"/v3/{kind}s/{made['id']}"
    assert made["options"] == {"immutable": True}
    refused = [
        world("DELETE", path),
        world("PATCH", path, {kind: {"name": "x"}}),
        world("PATCH", path, {kind: {"name": "x", "options": {"immutable": False}}}),
        world("PATCH", path, {kind: {"options": {"immutable": True}}}),
        world("PATCH", path, {kind: {"options": {}}}),
    ]
    assert [reply.status for reply in refused] == [403] * len(refused)
    assert "immutable" in message(refused[0])
    assert world("PATCH", path, {kind: {"options": {"immutable": None}}}).decoded()[kind]["options"] == {}
    assert world("DELETE", path).status == 204


# --- lists ----------------------------------------------------------------------------------------


def names(world: World, query: str) -> list[str]:
    return [row["name"] for row in world.shown(f"/v3/projects?{query}")]


def test_lists_are_filtered_on_parts_of_names(world: World) -> None:
    for name in ("alpha", "Alps", "beta_1", "beta%1"):
        world.made("/v3/projects", {"project": {"name": name}})
    assert names(world, "name__startswith=al") == ["alpha"]
    assert names(world, "name__istartswith=AL") in (["Alps", "alpha"], ["alpha", "Alps"])
    assert names(world, "name__contains=a_") == ["beta_1"]
    assert names(world, "name__endswith=%251") == ["beta%1"]
    assert names(world, "name__icontains=LP&name__endswith=s") == ["Alps"]
    assert len(names(world, "moon__contains=x")) == len(names(world, "moon=x")) == 7
    assert names(world, "name=ALPHA") == []


@pytest.mark.parametrize(
    ("text", "expected"), [("", ["on"]), ("=true", ["on"]), ("=1", ["on"]), ("=0", ["off"]), ("=False", ["off"])]
)
def test_lists_are_filtered_on_enabled(world: World, text: str, expected: list[str]) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    for name, is_enabled in (("on", True), ("off", False)):
        for kind in ("project", "user"):
            world.made(f"/v3/{kind}s", {kind: {"name": name, "domain_id": home, "enabled": is_enabled}})
    for kind in ("projects", "users"):
        found = world.shown(f"/v3/{kind}?domain_id={home}&enabled{text}")
        assert [row["name"] for row in found] == expected


def test_pages_lead_through_a_whole_list(world: World) -> None:
    for number in range(5):
        world.made("/v3/projects", {"project": {"name": f"p{number}", "description": "&"}})
    path, seen = "/v3/projects?limit=2&name__startswith=p", []
    while path:
        reply = world("GET", path).decoded()
        seen.append({row["name"] for row in reply["projects"]})
        assert reply.get("truncated", False) is (reply["links"]["next"] is not None)
        path = (reply["links"]["next"] or "").removeprefix(BASE)
    assert [len(page) for page in seen] == [2, 2, 1]
    assert set().union(*seen) == {f"p{number}" for number in range(5)}


def test_a_page_has_odd_sizes(world: World) -> None:
    assert world("GET", "/v3/users?limit=0").decoded()["users"] == []
    assert "truncated" not in world("GET", "/v3/users?limit=1000").decoded()
    for text in ("-1", "x", "", "1.5", "%C2%B2"):
        assert world("GET", f"/v3/users?limit={text}").status == 400
    assert world("GET", f"/v3/users?limit={'9' * 5000}").status == 200
    assert world("GET", "/v3/users?marker=nope").status == 404


def test_a_list_links_to_itself_as_it_was_asked(world: World) -> None:
    links = world("GET", "/v3/users?name=admin&enabled").decoded()["links"]
    assert links == {"next": None, "previous": None, "self": f"{BASE}/v3/users?name=admin&enabled"}


def test_head_finds_what_get_finds(world: World) -> None:
    for path in ("/v3/users", "/v3/domains/default", "/v3/regions/RegionOne"):
        assert world("HEAD", path).status == 200
    assert world("HEAD", "/v3/domains/nope").status == 404
