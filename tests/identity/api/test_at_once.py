"""Logins that are answered from memory, on the event loop; and those that begin again on a thread."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity import service
from pileus.identity.db import user as users
from pileus.identity.model.password_rule import PasswordRules
from pileus.identity.tokens.attempts import Attempts
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.threads import Threads
from pileus.kit.patience import TakesLong, at_once
from tests.identity.api.test_login import show
from tests.identity.api.test_notification import listening
from tests.identity.world import SYSTEM, UNSCOPED, project

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from pileus.kit.http.message import Reply
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def chosen(world: World, **options: Any) -> None:
    world.backend = replace(world.backend, **options)
    world.app = App(service.new_service(world.backend))


def begun_again(ask: Callable[[], Reply]) -> Reply:
    """Ask where nothing may wait, as the event loop does, and then as a thread does."""
    with at_once(), pytest.raises(TakesLong):
        ask()
    return ask()


# --- a token for a token, from memory ---------------------------------------------------------------


@pytest.mark.parametrize(
    "scope", [None, UNSCOPED, SYSTEM, project("demo"), project("admin"), {"domain": {"id": "default"}}]
)
def test_a_token_for_a_token_waits_for_nothing_once_all_was_read(world: World, scope: Any) -> None:
    admin = world("GET", "/v3/auth/tokens", x_subject_token=world.admin).decoded()["token"]["user"]["id"]
    for where in (f"projects/{world.shown('/v3/projects?name=demo')[0]['id']}", "domains/default", "system"):
        world.give(admin, "admin", where)
    unscoped = world.token("admin", "secret", UNSCOPED)
    first = world.exchange(unscoped, scope)
    assert first.status == 201, first.decoded()
    world.clock.sleep(1)
    with at_once():
        second = world.exchange(unscoped, scope)
        text = second.headers["x-subject-token"]
        assert world("GET", "/v3/auth/tokens", token=text, x_subject_token=text).status == 200
    ours, theirs = (reply.decoded()["token"] for reply in (first, second))
    for varies in ("audit_ids", "issued_at"):
        assert ours.pop(varies) != theirs.pop(varies)
    assert ours == theirs


def asked_by_socket(world: World, token: str, scope: Any, *, padding: str = "") -> int | None:
    """Ask a server that has no threads for a token; return the status, or None if it wants a thread."""
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}
    came = [{"type": "http.request", "body": json.dumps({"auth": auth}).encode() + padding.encode()}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return came.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope_of_asgi = {
        "type": "http", "method": "POST", "path": "/v3/auth/tokens", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"identity.test")], "client": ("127.0.0.1", 1),
    }  # fmt: skip
    answer = Listener(world.app, Threads(0))(scope_of_asgi, receive, send)

    async def wait() -> None:
        await asyncio.wait_for(answer, 0.5)

    try:
        asyncio.run(wait())
    except TimeoutError:
        return None
    return int(sent[0]["status"])


def test_only_what_was_not_read_yet_and_a_long_body_want_a_thread(world: World) -> None:
    token = world.token("demo", "secret", UNSCOPED)
    assert asked_by_socket(world, token, project("demo")) is None
    world.exchange(token, project("demo"))
    assert asked_by_socket(world, token, project("demo")) == 201
    assert asked_by_socket(world, token, project("demo"), padding=" " * 2**14) is None
    world.user("somebody")  # any write
    assert asked_by_socket(world, token, project("demo")) is None


def test_a_new_token_has_the_roles_of_now(world: World) -> None:
    owner, member = world.user("u"), f"projects/{world.shown('/v3/projects?name=demo')[0]['id']}"
    for role in ("reader", "member"):
        world.give(owner, role, member)
    token = world.token("u", "pw", project("demo"))

    def roles() -> list[str]:
        return [row["name"] for row in world.exchange(token, project("demo")).decoded()["token"]["roles"]]

    assert roles() == roles() == ["member", "reader"]
    assert world("DELETE", f"/v3/{member}/users/{owner}/roles/{world.role('member')}").status == 204
    assert roles() == roles() == ["reader"]


def test_the_names_that_a_project_and_its_domain_had_lead_nowhere(world: World) -> None:
    token = world.token("demo", "secret", UNSCOPED)
    where = world.shown("/v3/projects?name=demo")[0]["id"]
    scope = {"project": {"name": "demo", "domain": {"name": "Default"}}}
    assert [world.exchange(token, scope).status for _ in range(2)] == [201, 201]
    assert world("PATCH", f"/v3/projects/{where}", {"project": {"name": "new"}}).status == 200
    assert world.exchange(token, scope).status == 401
    scope["project"]["name"] = "new"
    assert [world.exchange(token, scope).status for _ in range(2)] == [201, 201]
    assert world("PATCH", "/v3/domains/default", {"domain": {"name": "Old"}}).status == 200
    assert world.exchange(token, scope).status == 401


def test_a_catalog_shows_the_ids_of_who_looks_at_it(world: World) -> None:
    identity = world.shown("/v3/services?type=identity")[0]["id"]
    url = "http://x/$(project_id)s/%(user_id)s"
    world.made("/v3/endpoints", {"endpoint": {"service_id": identity, "interface": "admin", "url": url}})
    for name, where in (("demo", "demo"), ("admin", "admin"), ("demo", "demo")):
        token = world.validated(world.token(name, "secret", project(where))).decoded()["token"]
        urls = [row["url"] for service in token["catalog"] for row in service["endpoints"]]
        assert f"http://x/{token['project']['id']}/{token['user']['id']}" in urls


# --- what begins again ------------------------------------------------------------------------------


def wrong(method: str) -> dict[str, Any]:
    """Return what shows something wrong."""
    nobody = {"name": "nobody", "domain": {"id": "nowhere"}}
    return {
        "password": {"password": {"user": {**nobody, "password": "wrong"}}},
        "totp": {"totp": {"user": {**nobody, "passcode": "123456"}}},
        "application_credential": {"application_credential": {"name": "none", "user": nobody, "secret": "wrong"}},
    }[method]


@pytest.mark.parametrize("method", ["password", "totp", "application_credential"])
def test_a_failure_counts_once_though_its_request_began_twice(world: World, method: str) -> None:
    chosen(world, attempts=Attempts(world.clock, of_user=2, of_address=100))
    statuses = [begun_again(lambda: show(world, wrong(method))).status for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_a_token_with_something_else_counts_its_failure_once(world: World) -> None:
    chosen(world, attempts=Attempts(world.clock, of_user=2, of_address=100))
    both = {"token": {"id": world.token("demo", "secret")}, **wrong("totp")}
    assert show(world, {"token": both["token"]}).status == 201
    statuses = [begun_again(lambda: show(world, both)).status for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_a_refusal_is_told_once(world: World) -> None:
    heard = listening(world)
    token = world.token("demo", "secret", UNSCOPED)
    assert world.exchange(token, project("demo")).status == 201
    heard.events.clear()
    assert begun_again(lambda: world.exchange(token, project("nowhere"))).status == 401
    assert heard.types() == ["identity.authenticate"]
    assert [payload["outcome"] for _, payload in heard.events] == ["failure"]


def test_what_is_wrong_with_a_body_is_worded_on_a_thread(world: World) -> None:
    assert begun_again(lambda: world("POST", "/v3/auth/tokens", {"auth": 1}, token="")).status == 400


def test_what_is_told_of_a_login_is_told_once(world: World) -> None:
    heard = listening(world, opt_out=())
    token = world.token("demo", "secret", UNSCOPED)
    heard.events.clear()
    assert begun_again(lambda: world.exchange(token, project("demo"))).status == 201
    with at_once():
        assert world.exchange(token, project("demo")).status == 201
    assert heard.types() == ["identity.authenticate"] * 2


def test_the_first_login_of_a_day_is_noted_once_and_on_a_thread(world: World) -> None:
    chosen(world, password_rules=PasswordRules(disable_user_account_days_inactive=90))
    chosen(world, token_lifetime=timedelta(days=3))
    token = world.token("demo", "secret", UNSCOPED)
    owner = world.validated(token).decoded()["token"]["user"]["id"]
    world.clock.sleep(24 * 3600)
    world.admin = world.token("admin", "secret", project("admin"))
    assert world.validated(token).status == 200
    assert begun_again(lambda: world.exchange(token)).status == 201
    with world.database.read() as tx:
        assert users.get(tx, owner).last_active_at == world.clock.now()
    assert world.exchange(token).status == 201
    with at_once():
        assert world.exchange(token).status == 201


def test_one_who_has_been_away_too_long_gets_no_token_from_memory(world: World) -> None:
    chosen(world, token_lifetime=timedelta(days=200))
    world.user("u")
    token = world.token("u", "pw", UNSCOPED)
    assert [world.exchange(token).status for _ in range(2)] == [201, 201]
    chosen(world, password_rules=PasswordRules(disable_user_account_days_inactive=90))
    world.clock.sleep(100 * 24 * 3600)
    assert world.exchange(token).status in (401, 404)


def test_a_token_from_memory_ends_with_the_one_that_it_was_got_for(world: World) -> None:
    token = world.token("demo", "secret", UNSCOPED)
    world.clock.sleep(1800)
    first, second = (world.exchange(token, project("demo")).decoded()["token"] for _ in range(2))
    assert first["expires_at"] == second["expires_at"] == world.validated(token).decoded()["token"]["expires_at"]
    world.clock.sleep(1801)
    assert world.exchange(token, project("demo")).status == 404
