from __future__ import annotations

import calendar
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA512, SIGNATURE_PLAINTEXT, Client

from tests.identity.world import BASE, message, project

if TYPE_CHECKING:
    from pileus.kit.http.message import Reply
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
OAUTH = "/v3/OS-OAUTH1"
NOON = 1767268800  # when a world begins
LOGIN = {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}


class Program:
    """A consumer that signs with whatever secrets it has by now, at the world's time."""

    def __init__(self, world: World, consumer: dict[str, Any]) -> None:
        self.world, self.consumer = world, consumer
        self.token: dict[str, str] = {}
        self.nonce = 0

    def headers(self, path: str, **options: Any) -> dict[str, str]:
        self.nonce += 1
        more: dict[str, Any] = {
            "client_secret": self.consumer["secret"],
            "resource_owner_key": self.token.get("oauth_token"),
            "resource_owner_secret": self.token.get("oauth_token_secret"),
            "nonce": f"n{self.nonce}",
            "timestamp": str(calendar.timegm(self.world.clock.now().timetuple())),
            **options,
        }
        _, headers, _ = Client(self.consumer["id"], **more).sign(f"{BASE}{path}", "POST")
        return {"authorization": headers["Authorization"]}

    def post(self, path: str, *, sent: dict[str, str] | None = None, body: Any = None, **options: Any) -> Reply:
        more = {"requested_project_id": self.project_id} if "request_token" in path else {}
        return self.world("POST", path, body, token="", **(sent or self.headers(path, **options)), **more)

    def get(self, path: str, **options: Any) -> dict[str, str]:
        reply = self.post(path, **options)
        assert reply.status == 201, reply.body
        assert reply.headers["content-type"] == "application/x-www-form-urlencoded"
        assert isinstance(reply.body, bytes)
        self.token = dict(parse_qsl(reply.body.decode()))
        return self.token

    @property
    def project_id(self) -> str:
        return str(self.world.shown("/v3/projects?name=admin")[0]["id"])

    def authorized(self, *roles: str) -> str:
        """Have the administrator authorize the request token for some roles; return the verifier."""
        body = {"roles": [{"name": role} for role in roles]}
        reply = self.world("PUT", f"{OAUTH}/authorize/{self.token['oauth_token']}", body)
        assert reply.status == 200, reply.body
        return str(reply.decoded()["token"]["oauth_verifier"])

    def trusted(self, *roles: str) -> Program:
        """Go the whole way to an access token."""
        self.token = {}
        self.get(f"{OAUTH}/request_token")
        self.get(f"{OAUTH}/access_token", verifier=self.authorized(*roles))
        return self

    def login(self, **options: Any) -> Reply:
        return self.post("/v3/auth/tokens", body=LOGIN, **options)


@pytest.fixture
def program(world: World) -> Program:

    return Program(world, world.made(f"{OAUTH}/consumers", {"consumer": {"description": "robot"}}))


def admin_id(world: World) -> str:
    return str(world.shown("/v3/users?name=admin")[0]["id"])


# --- consumers ------------------------------------------------------------------------------------


def test_a_consumer_is_told_its_secret_once(world: World) -> None:
    made = world.made(f"{OAUTH}/consumers", {"consumer": {"description": "d", "secret": "mine", "cow": "moo"}})
    secret = made.pop("secret")
    assert secret != "mine"
    links = {"self": f"{BASE}{OAUTH}/consumers/{made['id']}"}
    assert made == {"id": made["id"], "description": "d", "cow": "moo", "links": links}
    assert world.shown(f"{OAUTH}/consumers/{made['id']}") == made
    assert world.shown(f"{OAUTH}/consumers") == [made]
    changed = world("PATCH", f"{OAUTH}/consumers/{made['id']}", {"consumer": {"description": None}})
    assert changed.decoded()["consumer"] == {**made, "description": None}
    assert world("PATCH", f"{OAUTH}/consumers/{made['id']}", {"consumer": {"secret": "x"}}).status == 400
    assert world("DELETE", f"{OAUTH}/consumers/{made['id']}").status == 204
    for method in ("GET", "DELETE"):
        reply = world(method, f"{OAUTH}/consumers/{made['id']}")
        assert (reply.status, message(reply)) == (404, "Consumer not found")


# --- the three steps ------------------------------------------------------------------------------


def test_a_consumer_acts_for_a_user_in_one_project_with_the_roles_it_was_given(world: World, program: Program) -> None:
    asked = program.get(f"{OAUTH}/request_token")
    assert asked["oauth_expires_at"] == "2026-01-01T20:00:00.123456Z"
    got = program.get(f"{OAUTH}/access_token", verifier=program.authorized("member"))
    assert got["oauth_expires_at"] == "2026-01-02T12:00:00.123456Z"
    reply = program.login()
    assert reply.status == 201
    token = reply.decoded()["token"]
    assert token["methods"] == ["oauth1"]
    assert token["project"]["name"] == "admin"
    assert [row["name"] for row in token["roles"]] == ["member", "reader"]
    assert token["OS-OAUTH1"] == {"access_token_id": got["oauth_token"], "consumer_id": program.consumer["id"]}
    assert world("GET", "/v3/users", token=reply.headers["x-subject-token"]).status == 403


def test_what_was_delegated_cannot_be_delegated_or_made_more_of(world: World, program: Program) -> None:
    delegated = program.trusted("admin").login().headers["x-subject-token"]
    assert world("GET", "/v3/users", token=delegated).status == 200
    access_tokens = f"/v3/users/{admin_id(world)}/OS-OAUTH1/access_tokens"
    other = Program(world, program.consumer)
    other.nonce = 100
    asked = other.get(f"{OAUTH}/request_token")["oauth_token"]
    reply = world("PUT", f"{OAUTH}/authorize/{asked}", {"roles": []}, token=delegated)
    assert reply.status == 403
    assert message(reply) == "Cannot authorize a request token with a token issued via delegation."
    assert world("GET", access_tokens, token=delegated).status == 403
    assert world("DELETE", f"{access_tokens}/{program.token['oauth_token']}", token=delegated).status == 403
    assert world.exchange(delegated, project("demo")).status in (401, 403)
    assert world.exchange(delegated).status in (401, 403)


@pytest.mark.parametrize("change", ["access token", "consumer", "role", "user"])
def test_what_a_consumer_got_is_void_as_soon_as_it_is_taken_back(world: World, program: Program, change: str) -> None:
    token = program.trusted("member").login().headers["x-subject-token"]
    admin = admin_id(world)
    assert world.validated(token).status == 200
    grants = f"/v3/projects/{program.project_id}/users/{admin}/roles"
    if change == "access token":
        path = f"/v3/users/{admin}/OS-OAUTH1/access_tokens/{program.token['oauth_token']}"
        assert world("DELETE", path).status == 204
    elif change == "consumer":
        assert world("DELETE", f"{OAUTH}/consumers/{program.consumer['id']}").status == 204
    elif change == "role":
        assert world("DELETE", f"{grants}/{world.role('admin')}").status == 204
        assert world.admin != token
        assert world("GET", "/v3/auth/projects", token=token).status == 401
        return
    else:
        assert world("PATCH", f"/v3/users/{admin}", {"user": {"enabled": False}}).status == 200
        assert world("GET", "/v3/auth/projects", token=token).status == 401
        return
    assert world.validated(token).status == 404
    assert program.login().status == 401


def test_a_user_delegates_only_roles_that_he_has(world: World, program: Program) -> None:
    token = program.get(f"{OAUTH}/request_token")["oauth_token"]
    foreign = world.made("/v3/roles", {"role": {"name": "foreign"}})["id"]
    for roles, status in (([{"id": foreign}], 401), ([{"name": "foreign"}], 401), ([{"name": "nope"}], 404)):
        assert world("PUT", f"{OAUTH}/authorize/{token}", {"roles": roles}).status == status
    for roles in ([{}], [{"id": "x", "name": "y"}], "member"):
        assert world("PUT", f"{OAUTH}/authorize/{token}", {"roles": roles}).status == 400
    assert world("PUT", f"{OAUTH}/authorize/nope", {"roles": []}).status == 404


def test_a_request_token_is_used_once_and_with_its_verifier(world: World, program: Program) -> None:
    asked = dict(program.get(f"{OAUTH}/request_token"))
    path = f"{OAUTH}/access_token"
    assert program.post(path, verifier="early123").status == 401
    verifier = program.authorized("member")
    reply = program.post(path, verifier="wrong123")
    assert (reply.status, message(reply)) == (401, "Provided verifier does not match stored verifier")
    assert program.post(path).status == 400
    program.get(path, verifier=verifier)
    program.token = asked
    assert program.post(path, verifier=verifier).status == 404


def test_what_came_too_late_is_refused(world: World, program: Program) -> None:
    program.get(f"{OAUTH}/request_token")
    verifier = program.authorized("member")
    world.clock.sleep(8 * 3600 + 1)
    world.admin = world.token("admin", "secret", project("admin"))
    assert program.post(f"{OAUTH}/access_token", verifier=verifier).status == 401
    token = program.token["oauth_token"]
    reply = world("PUT", f"{OAUTH}/authorize/{token}", {"roles": []})
    assert (reply.status, message(reply)) == (401, "Request token is expired")
    program.token = {}
    program.trusted("member")
    assert program.login().status == 201
    world.clock.sleep(24 * 3600 + 1)
    assert program.login().status == 401


# --- signatures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA512])
def test_a_signed_request_is_taken_once(program: Program, method: str) -> None:
    sent = program.headers(f"{OAUTH}/request_token", signature_method=method)
    assert program.post(f"{OAUTH}/request_token", sent=sent).status == 201
    reply = program.post(f"{OAUTH}/request_token", sent=sent)
    assert (reply.status, message(reply)) == (401, "Invalid signature")
    login = program.trusted("member").headers("/v3/auth/tokens")
    assert program.login(sent=login).status == 201
    assert program.login(sent=login).status == 401


def test_only_who_knows_the_secret_can_sign(world: World, program: Program) -> None:
    path = f"{OAUTH}/request_token"
    stale, early = (str(NOON + seconds) for seconds in (-601, 602))
    for options in (
        {"client_secret": "guessed"},
        {"timestamp": stale},
        {"timestamp": early},
        {"timestamp": "soon"},
        {"signature_method": SIGNATURE_PLAINTEXT},
    ):
        assert program.post(path, **options).status == 401, options
    assert program.post(path, sent=program.headers(f"{OAUTH}/access_token")).status == 401
    assert program.post(f"{path}?a=b", sent=program.headers(path)).status == 401
    assert program.post(f"{path}?a=b", sent=program.headers(f"{path}?a=b")).status == 201
    assert world("POST", path, token="").status == 400
    assert program.post(path, sent={"authorization": "Basic x"}).status == 400
    program.consumer = {"id": "nobody", "secret": "x"}
    assert program.post(path).status == 404


def test_an_access_token_is_of_the_consumer_that_asked_for_it(world: World, program: Program) -> None:
    thief = Program(world, world.made(f"{OAUTH}/consumers", {"consumer": {}}))
    thief.token = program.get(f"{OAUTH}/request_token")
    assert thief.post(f"{OAUTH}/access_token", verifier=program.authorized("member")).status == 401
    thief.token = program.trusted("member").token
    assert thief.login().status == 401


def test_a_login_that_was_signed_with_a_guess_is_refused(program: Program) -> None:
    program.trusted("member")
    assert program.login(resource_owner_secret="guessed").status == 401
    assert program.login(resource_owner_key="nope").status == 401
    assert program.login().status == 201


# --- access tokens --------------------------------------------------------------------------------


def test_access_tokens_are_listed_with_their_roles_and_without_their_secret(world: World, program: Program) -> None:
    token = program.trusted("member").token
    admin = admin_id(world)
    path = f"/v3/users/{admin}/OS-OAUTH1/access_tokens"
    shown = world.shown(f"{path}/{token['oauth_token']}")
    assert shown == {
        "id": token["oauth_token"],
        "consumer_id": program.consumer["id"],
        "authorizing_user_id": admin,
        "project_id": program.project_id,
        "expires_at": token["oauth_expires_at"],
        "links": {
            "self": f"{BASE}{path}/{token['oauth_token']}",
            "roles": f"{BASE}{path}/{token['oauth_token']}/roles",
        },
    }
    assert world.shown(path) == [shown]
    member = world.role("member")
    assert [row["id"] for row in world.shown(f"{path}/{shown['id']}/roles")] == [member]
    assert world.shown(f"{path}/{shown['id']}/roles/{member}")["name"] == "member"
    assert world("GET", f"{path}/{shown['id']}/roles/{world.role('admin')}").status == 404
    for method, where in (("GET", ""), ("DELETE", ""), ("GET", "/roles"), ("GET", f"/roles/{member}")):
        foreign = f"/v3/users/somebody/OS-OAUTH1/access_tokens/{shown['id']}{where}"
        assert world(method, foreign).status == 404
    assert world("GET", f"{path}/nope").status == 404
