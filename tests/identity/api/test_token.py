from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.operations import history
from tests.identity.world import BASE, SYSTEM, UNSCOPED, message, project

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect."
    " The client is assumed to be in error."
)


def with_password(**user: Any) -> dict[str, Any]:
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}


def test_a_token_says_who_for_what_and_until_when(world: World) -> None:
    reply = world.login("demo", "secret", project("demo"))
    assert reply.status == 201
    assert reply.headers["vary"] == "X-Auth-Token"
    token = reply.decoded()["token"]
    assert token["methods"] == ["password"]
    assert token["user"] == {
        "domain": {"id": "default", "name": "Default"},
        "id": token["user"]["id"],
        "name": "demo",
        "password_expires_at": None,
    }
    assert token["project"]["name"] == "demo"
    assert token["project"]["domain"] == {"id": "default", "name": "Default"}
    assert token["is_domain"] is False
    assert [row["name"] for row in token["roles"]] == ["member", "reader"]
    assert token["issued_at"] == "2026-01-01T12:00:00.123456Z"
    assert token["expires_at"] == "2026-01-01T13:00:00.000000Z"
    assert [len(each) for each in token["audit_ids"]] == [22]
    assert token["catalog"][0]["type"] == "identity"
    assert set(token["catalog"][0]["endpoints"][0]) == {"id", "interface", "region", "region_id", "url"}


@pytest.mark.parametrize(
    ("scope", "member", "roles"),
    [(SYSTEM, "system", 4), ({"domain": {"name": "Default"}}, "domain", 4), (project("admin"), "project", 4)],
)
def test_a_token_has_one_scope(world: World, scope: Any, member: str, roles: int) -> None:
    token = world.login("admin", "secret", scope).decoded()["token"]
    assert {"system", "domain", "project"} & token.keys() == {member}
    assert len(token["roles"]) == roles


@pytest.mark.parametrize("scope", ["unscoped", UNSCOPED])
def test_an_unscoped_token_has_neither_roles_nor_catalog(world: World, scope: Any) -> None:
    token = world.login("admin", "secret", scope).decoded()["token"]
    assert token.keys() == {"methods", "user", "audit_ids", "expires_at", "issued_at"}


def test_without_a_scope_it_is_the_default_project(world: World) -> None:
    assert world.login("demo", "secret").decoded()["token"]["project"]["name"] == "demo"


@pytest.mark.parametrize("change", ["no role", "disabled", "deleted"])
def test_a_default_project_is_only_a_wish(world: World, change: str) -> None:
    wanted = world.made("/v3/projects", {"project": {"name": "wanted"}})["id"]
    owner = world.user("u", default_project_id=wanted)
    if change != "no role":
        world.give(owner, "member", f"projects/{wanted}")
        assert "project" in world.login("u").decoded()["token"]
    if change == "disabled":
        world("PATCH", f"/v3/projects/{wanted}", {"project": {"enabled": False}})
    if change == "deleted":
        world("DELETE", f"/v3/projects/{wanted}")
    reply = world.login("u")
    assert reply.status == 201
    assert "project" not in reply.decoded()["token"]


def test_nocatalog_leaves_the_catalog_out(world: World) -> None:
    body = with_password(name="demo", domain={"id": "default"}, password="secret")
    reply = world("POST", "/v3/auth/tokens?nocatalog", body, token="")
    assert "catalog" not in reply.decoded()["token"]
    subject = reply.headers["x-subject-token"]
    assert "catalog" not in world.validated(subject, "?nocatalog").decoded()["token"]
    assert "catalog" in world.validated(subject).decoded()["token"]


def test_head_says_whether_a_token_is_good_without_a_body(world: World) -> None:
    reply = world("HEAD", "/v3/auth/tokens", x_subject_token=world.admin)
    assert (reply.status, reply.headers["x-subject-token"]) == (200, world.admin)
    assert world("HEAD", "/v3/auth/tokens", x_subject_token="junk").status == 404


def test_a_refusal_to_log_in_is_the_same_for_every_reason(world: World) -> None:
    world.user("off", enabled=False)
    bodies = {
        "unknown": world.login("nobody", "secret"),
        "wrong": world.login("admin", "wrong"),
        "domain": world.login("admin", "secret", domain="nowhere"),
        "disabled": world.login("off", "pw"),
        "no role": world.login("demo", "secret", project("admin")),
        "no project": world.login("demo", "secret", project("nope")),
        "no such domain": world.login("demo", "secret", {"domain": {"id": "nope"}}),
        "not of the system": world.login("demo", "secret", SYSTEM),
        "trust": world.login("demo", "secret", {"OS-TRUST:trust": {"id": "x"}}),
    }
    assert {name: reply.status for name, reply in bodies.items()} == dict.fromkeys(bodies, 401)
    assert len({bytes(reply.body) for reply in bodies.values() if isinstance(reply.body, bytes)}) == 1
    assert bodies["wrong"].headers["www-authenticate"] == f'Keystone uri="{BASE}/v3"'
    assert bodies["wrong"].decoded() == {
        "error": {
            "code": 401,
            "message": "The request you have made requires authentication.",
            "title": "Unauthorized",
        }
    }


ODD_BODIES: list[Any] = [
    {}, [], "x", 5, {"auth": None}, {"auth": []}, {"auth": {}}, {"auth": {"identity": None}},
    {"auth": {"identity": {}}}, {"auth": {"identity": {"methods": "password"}}},
    {"auth": {"identity": {"methods": [5]}}}, {"auth": {"identity": {"methods": ["password"]}}},
    {"auth": {"identity": {"methods": ["moon"]}}},
    {"auth": {"identity": {"methods": ["password"], "password": None}}},
    {"auth": {"identity": {"methods": ["password"], "password": {}}}},
    {"auth": {"identity": {"methods": ["password"], "password": {"user": []}}}},
    {"auth": {"identity": {"methods": ["token"], "token": {}}}},
    {"auth": {"identity": {"methods": ["token"], "token": {"id": 5}}}},
    {"auth": {"identity": {"methods": ["token"], "token": "x"}}},
    with_password(), with_password(password="x"), with_password(name="admin", password="x"),
    with_password(name="admin", domain={}, password="x"), with_password(name="admin", domain=None, password="x"),
    with_password(name="admin", domain="Default", password="x"), with_password(id=5, password="x"),
    with_password(id=None, password="x"), with_password(name=["admin"], domain={"id": "default"}),
    with_password(id="x", password=5), with_password(id="x", password=None), with_password(id="x", password=["x"]),
    with_password(name={"$gt": ""}, domain={"id": "default"}, password="x"),
]  # fmt: skip


def test_an_odd_body_is_400_with_a_sentence(world: World) -> None:
    for body in ODD_BODIES:
        reply = world("POST", "/v3/auth/tokens", body, token="")
        assert reply.status == 400, body
        assert message(reply)


ODD_SCOPES: list[Any] = [
    {}, {"moon": 1}, [], 5, "project", {"project": None}, {"project": {}}, {"project": {"name": "admin"}},
    {"project": {"id": 5}}, {"project": {"name": "admin", "domain": {}}}, {"domain": {}}, {"domain": None},
    {"system": None}, {"system": {"all": "yes"}}, {"system": {"all": False}}, {"system": {}},
    {"system": {"all": True}, "domain": {"id": "default"}},
    {"project": {"id": "x"}, "domain": {"id": "default"}},
    {"unscoped": {}, "project": {"id": "x"}},
]  # fmt: skip


def test_an_odd_scope_is_400_and_never_another_scope(world: World) -> None:
    for scope in ODD_SCOPES:
        assert world.login("admin", "secret", scope).status == 400, scope


def test_two_scopes_are_refused_in_words_that_clients_know(world: World) -> None:
    reply = world.login("admin", "secret", {**SYSTEM, **project("admin")})
    expected = f"Expecting to find system, project, domain, OS-TRUST:trust or unscoped in scope. {MALFORMED}"
    assert message(reply) == expected


@pytest.mark.parametrize("data", [b"", b"{", b"null,", b'{"a":"\xff"}', b'{"a":"\\ud800"}', b"[" * 5000])
def test_a_body_that_is_no_json_is_400(world: World, data: bytes) -> None:
    reply = world("POST", "/v3/auth/tokens", data=data, token="")
    assert reply.status == 400
    assert message(reply).startswith("Expecting to find valid JSON in request body.")


def test_a_wrong_field_is_named_by_its_way_through_the_body(world: World) -> None:
    reply = world("POST", "/v3/auth/tokens", with_password(id=1), token="")
    assert message(reply) == "Invalid input for field 'identity/password/user/id': 1 is not of type 'string'"


def shown_as(method: str, part: Any) -> dict[str, Any]:
    return {"auth": {"identity": {"methods": [method], method: part}}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v3/auth/tokens", with_password(id="x", password=["hunter2"])),
        ("/v3/auth/tokens", with_password(id="x", password={"it": "hunter2"})),
        ("/v3/auth/tokens", shown_as("password", {"user": [{"id": "x", "password": "hunter2"}]})),
        ("/v3/auth/tokens", shown_as("password", {"user": "hunter2"})),
        ("/v3/auth/tokens", shown_as("totp", {"user": {"id": "x", "passcode": ["hunter2"]}})),
        ("/v3/auth/tokens", shown_as("token", {"id": ["hunter2"]})),
        ("/v3/auth/tokens", shown_as("token", "hunter2")),
        ("/v3/auth/tokens", shown_as("application_credential", {"id": "x", "secret": ["hunter2"]})),
        ("/v3/users", {"user": {"name": "x", "password": "hunter2" * 1000}}),
        ("/v3/users/x/password", {"user": {"original_password": "hunter2" * 1000, "password": ["hunter2"]}}),
        ("/v3/users/x/password", {"user": ["hunter2"]}),
        ("/v3/users/x/application_credentials", {"application_credential": {"name": "x", "secret": "hunter2" * 1000}}),
        ("/v3/credentials", {"credential": {"user_id": "x", "type": "cert", "blob": ["hunter2"]}}),
    ],
)
def test_what_was_given_as_a_secret_is_not_repeated(world: World, path: str, body: dict[str, Any]) -> None:
    reply = world("POST", path, body)
    assert (reply.status, "hunter2" in message(reply)) == (400, False), message(reply)


@pytest.mark.parametrize("text", ["x" * 100_000, "жж\0жж ✓", "", "☃" * 500])
def test_a_strange_password_is_just_wrong(world: World, text: str) -> None:
    assert world.login("admin", text).status == 401


@pytest.mark.databases("sqlite", "postgresql", "mariadb")
def test_a_strange_name_is_just_unknown(world: World) -> None:
    for name in ("ad\0min", "x" * 300, "☃", "a/b", "", "ADMIN"):
        assert world.login(name, "secret").status in (400, 401), name


@pytest.mark.databases("sqlite", "postgresql", "mariadb")
def test_a_name_may_be_anything_that_can_be_read(world: World) -> None:
    for name in ("Zoë/ünïcode ✓", "naïve@example.com", "ADMIN", "x" * 255, "a b", "%2F", "'; --"):
        owner = world.user(name)
        shown = world.login(name).decoded()["token"]["user"]
        assert (shown["id"], shown["name"]) == (owner, name)


# --- a token for a token --------------------------------------------------------------------------


def test_a_token_for_a_token_keeps_its_end_and_its_chain(world: World) -> None:
    first = world.login("admin", "secret", UNSCOPED)
    world.clock.sleep(60)
    second = world.exchange(first.headers["x-subject-token"], project("admin"))
    third = world.exchange(second.headers["x-subject-token"], SYSTEM)
    one, two, three = (reply.decoded()["token"] for reply in (first, second, third))
    assert one["expires_at"] == two["expires_at"] == three["expires_at"]
    assert one["issued_at"] < two["issued_at"]
    assert sorted(two["methods"]) == sorted(three["methods"]) == ["password", "token"]
    assert two["audit_ids"][1] == three["audit_ids"][1] == one["audit_ids"][0]
    assert len({each["audit_ids"][0] for each in (one, two, three)}) == 3


def test_a_token_alone_gives_the_default_project(world: World) -> None:
    unscoped = world.token("demo", "secret", UNSCOPED)
    assert world.exchange(unscoped).decoded()["token"]["project"]["name"] == "demo"


@pytest.mark.parametrize("text", ["", "junk", "é", "gAAAA"])
def test_a_token_that_is_none_gets_none(world: World, text: str) -> None:
    assert world.exchange(text).status == 404


def test_a_password_and_a_token_must_be_of_one_user(world: World) -> None:
    demo = world.token("demo", "secret")
    who = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    identity = {"methods": ["password", "token"], "password": {"user": who}, "token": {"id": demo}}
    assert world("POST", "/v3/auth/tokens", {"auth": {"identity": identity}}, token="").status == 401
    identity["token"] = {"id": world.admin}
    reply = world("POST", "/v3/auth/tokens", {"auth": {"identity": identity}}, token="")
    assert (reply.status, reply.decoded()["token"]["methods"]) == (201, ["password", "token"])


def test_a_method_named_twice_counts_once(world: World) -> None:
    body = with_password(name="demo", domain={"id": "default"}, password="secret")
    body["auth"]["identity"]["methods"] = ["password", "password"]
    assert world("POST", "/v3/auth/tokens", body, token="").decoded()["token"]["methods"] == ["password"]


# --- validation and its end -----------------------------------------------------------------------


def test_a_token_is_good_until_the_second_it_ends(world: World) -> None:
    token = world.token("demo", "secret")
    world.clock.at = datetime(2026, 1, 1, 12, 59, 59, 999999)
    world.admin = world.token("admin", "secret", project("admin"))
    assert world.validated(token).status == 200
    world.clock.at = datetime(2026, 1, 1, 13, 0, 0)
    assert world.validated(token).status == 404
    assert world("GET", "/v3/auth/projects", token=token).status == 401


def test_an_expired_token_can_be_asked_about_for_two_days(world: World) -> None:
    token = world.token("demo", "secret")
    world.clock.sleep(3600 + 47 * 3600)
    world.admin = world.token("admin", "secret", project("admin"))
    assert world.validated(token).status == 404
    assert world.validated(token, "?allow_expired=1").status == 200
    assert world.validated(token, "?allow_expired=0").status == 404
    assert world("GET", "/v3/auth/projects?allow_expired=1", token=token).status == 401
    assert world.exchange(token).status == 404
    world.clock.sleep(3600)
    world.admin = world.token("admin", "secret", project("admin"))
    assert world.validated(token, "?allow_expired=1").status == 404


def test_a_revoked_token_stays_revoked_after_it_has_expired(world: World) -> None:
    token = world.token("demo", "secret")
    assert world("DELETE", "/v3/auth/tokens", x_subject_token=token).status == 204
    world.clock.sleep(7200)
    world.admin = world.token("admin", "secret", project("admin"))
    other = world.token("demo", "secret")
    assert world("DELETE", "/v3/auth/tokens", x_subject_token=other).status == 204  # which forgets old revocations
    world.database.write(history.purge, world.clock.now())  # as does, of other things, an operator
    assert world.validated(token, "?allow_expired=1").status == 404


@pytest.mark.parametrize(("query", "status"), [("", 404), ("?cascade=true", 404), ("?cascade=false", 200)])
def test_a_revocation_holds_at_once_and_unless_told_otherwise_for_all_that_came_of_it(
    world: World, query: str, status: int
) -> None:
    first = world.token("demo", "secret")
    child = world.exchange(first, project("demo")).headers["x-subject-token"]
    other = world.token("demo", "secret")
    reply = world("DELETE", f"/v3/auth/tokens{query}", token=first, x_subject_token=first)
    assert (reply.status, reply.body) == (204, b"")
    assert world("GET", "/v3/auth/projects", token=first).status == 401
    assert world.exchange(first).status == 404
    assert world.validated(first).status == 404
    assert world("DELETE", "/v3/auth/tokens", x_subject_token=first).status == 404
    assert [world.validated(each).status for each in (child, other)] == [status, 200]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_without_a_subject_there_is_nothing_to_ask_about(world: World, method: str) -> None:
    assert world(method, "/v3/auth/tokens").status == 404
    assert world(method, "/v3/auth/tokens", x_subject_token="junk").status == 404
    assert world(method, "/v3/auth/tokens", x_subject_token=world.admin, token="junk").status == 401
    assert world(method, "/v3/auth/tokens", x_subject_token=world.admin, token="").status == 401


def test_a_user_may_ask_about_his_own_tokens_only(world: World) -> None:
    mine, other = world.token("demo", "secret"), world.token("demo", "secret", UNSCOPED)
    assert world("GET", "/v3/auth/tokens", token=mine, x_subject_token=other).status == 200
    assert world("GET", "/v3/auth/tokens", token=mine, x_subject_token=world.admin).status == 403
    assert world("DELETE", "/v3/auth/tokens", token=mine, x_subject_token=world.admin).status == 403
    service = world.token("nova", "secret", project("service"))
    assert world("GET", "/v3/auth/tokens", token=service, x_subject_token=world.admin).status == 200
    assert world("DELETE", "/v3/auth/tokens", token=service, x_subject_token=world.admin).status == 403


def test_a_disabled_user_loses_all_tokens_for_good(world: World) -> None:
    owner = world.user("u")
    token = world.token("u")
    for is_enabled in (False, True):
        assert world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": is_enabled}}).status == 200
        assert world("GET", "/v3/auth/projects", token=token).status == 401
        assert world.validated(token).status == 404
    assert world.login("u").status == 201


@pytest.mark.parametrize("kind", ["project", "domain", "home"])
def test_a_token_is_worth_nothing_while_its_scope_is_disabled(world: World, kind: str) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    inside = world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"]
    owner = world.user("u", domain_id=home if kind == "home" else "default")
    world.give(owner, "member", f"projects/{inside}")
    domain = "d" if kind == "home" else "Default"
    token = world.token("u", "pw", UNSCOPED if kind == "home" else {"project": {"id": inside}}, domain)
    path = f"/v3/projects/{inside}" if kind == "project" else f"/v3/domains/{home}"
    outer = "project" if kind == "project" else "domain"
    for is_enabled, status in ((False, 401), (True, 200)):
        assert world("PATCH", path, {outer: {"enabled": is_enabled}}).status == 200
        assert world("GET", "/v3/auth/projects", token=token).status == status


def test_a_role_that_is_taken_away_is_gone_from_tokens_at_once(world: World) -> None:
    inside = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    owner = world.user("u")
    world.give(owner, "manager", f"projects/{inside}")
    world.give(owner, "reader", f"projects/{inside}")
    token = world.token("u", "pw", {"project": {"id": inside}})
    path = f"/v3/projects/{inside}/users/{owner}/roles"
    assert world("DELETE", f"{path}/{world.role('manager')}").status == 204
    assert [row["name"] for row in world.validated(token).decoded()["token"]["roles"]] == ["reader"]
    assert world("DELETE", f"{path}/{world.role('reader')}").status == 204
    assert world.validated(token).status == 404


def test_a_domains_own_role_is_in_no_token(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    inside = world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"]
    fake = world.made("/v3/roles", {"role": {"name": "admin", "domain_id": home}})["id"]
    owner = world.user("u", domain_id=home)
    assert world("PUT", f"/v3/projects/{inside}/users/{owner}/roles/{fake}").status == 204
    scope = {"project": {"id": inside}}
    assert world.login("u", "pw", scope, "d").status == 401
    world.give(owner, "reader", f"projects/{inside}")
    token = world.token("u", "pw", scope, "d")
    assert [row["name"] for row in world.validated(token).decoded()["token"]["roles"]] == ["reader"]
    assert world("GET", "/v3/users", token=token).status == 403


# --- what a token's holder may reach --------------------------------------------------------------


def test_a_user_finds_his_projects_domains_and_the_system(world: World) -> None:
    inside = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    owner = world.user("u")
    world.give(owner, "member", f"projects/{inside}")
    world.give(owner, "member", "domains/default")
    token = world.token("u", "pw", UNSCOPED)
    assert [row["name"] for row in world.shown("/v3/auth/projects", token=token)] == ["p"]
    assert [row["id"] for row in world.shown("/v3/auth/domains", token=token)] == ["default"]
    assert world.shown("/v3/auth/system", token=token) == []
    assert world.shown("/v3/auth/system") == [{"all": True}]
    world("PATCH", f"/v3/projects/{inside}", {"project": {"enabled": False}})
    assert world.shown("/v3/auth/projects", token=token) == []


def test_the_catalog_wants_a_scope(world: World) -> None:
    assert world.shown("/v3/auth/catalog") == world.validated(world.admin).decoded()["token"]["catalog"]
    assert world("GET", "/v3/auth/catalog", token=world.token("admin", "secret", UNSCOPED)).status == 403


def test_the_clock_that_stands_still_does_not_keep_a_new_password_out(world: World) -> None:
    owner = world.user("u")
    old = world.token("u")
    body = {"user": {"original_password": "pw", "password": "new"}}
    assert world("POST", f"/v3/users/{owner}/password", body, token="").status == 204
    new = world.token("u", "new")
    assert world("GET", "/v3/auth/projects", token=old).status == 401
    assert world("GET", "/v3/auth/projects", token=new).status == 200
    world.clock.at -= timedelta(minutes=5)  # somebody sets it right
    assert world("GET", "/v3/auth/projects", token=world.token("u", "new")).status == 200
