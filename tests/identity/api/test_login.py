from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity import service
from pileus.identity.operations.methods.totp import passcodes
from pileus.identity.tokens.attempts import Attempts
from pileus.identity.tokens.jws import JwsTokens
from pileus.identity.tokens.keys import Keys
from pileus.kit.http.app import App
from pileus.kit.patience import TakesLong, hurry
from tests.identity.world import SYSTEM, UNSCOPED, project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pileus.kit.http.message import Reply
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
SEED = base64.b32encode(b"12345678901234567890").decode()


def chosen(world: World, **options: Any) -> None:
    """Let the world's service have other settings."""
    world.backend = replace(world.backend, **options)
    world.app = App(service.new_service(world.backend))


def show(world: World, methods: dict[str, Any], *, scope: Any = None, **headers: str) -> Reply:
    auth: dict[str, Any] = {"identity": {"methods": list(methods), **methods}}
    if scope is not None:
        auth["scope"] = scope
    return world("POST", "/v3/auth/tokens", {"auth": auth}, token="", **headers)


def own(world: World, name: str = "worker") -> tuple[str, str, str]:
    """Make a user who is a member of a project of its own; return both ids and a token."""
    inside = world.made("/v3/projects", {"project": {"name": f"of {name}"}})["id"]
    owner = world.user(name)
    world.give(owner, "member", f"projects/{inside}")
    return owner, inside, world.token(name, "pw", {"project": {"id": inside}})


# --- one-time passcodes and several methods -------------------------------------------------------


def test_passcodes_are_those_of_the_rfc() -> None:
    known = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
    assert {at: next(passcodes(SEED, at, 1)) for at in known} == {at: (at // 30, text) for at, text in known.items()}
    assert list(passcodes("no base32!", 59, 2)) == []


def passcode(world: World, windows_ago: int = 0) -> str:
    now_s = int((world.clock.now() - world.clock.now().replace(year=1970, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)).total_seconds())  # fmt: skip # noqa: E501
    return list(passcodes(SEED, now_s, windows_ago + 1))[-1][1]


def with_seed(world: World) -> str:
    owner = world.user("u")
    world.made("/v3/credentials", {"credential": {"type": "totp", "blob": SEED, "user_id": owner}})
    return owner


@pytest.mark.parametrize(("windows_ago", "status"), [(0, 201), (1, 201), (2, 401)])
def test_a_passcode_is_good_for_its_period_and_the_next(world: World, windows_ago: int, status: int) -> None:
    owner = with_seed(world)
    user = {"id": owner, "passcode": passcode(world, windows_ago)}
    assert show(world, {"totp": {"user": user}}).status == status


def test_a_passcode_is_taken_once(world: World) -> None:
    owner = with_seed(world)
    shown = {"totp": {"user": {"id": owner, "passcode": passcode(world)}}}
    assert [show(world, shown).status for _ in range(2)] == [201, 401]
    world.clock.sleep(30)
    assert show(world, shown).status == 401
    shown["totp"]["user"]["passcode"] = passcode(world)
    assert show(world, shown).status == 201
    other = world.user("other")
    world.made("/v3/credentials", {"credential": {"type": "totp", "blob": SEED, "user_id": other}})
    shown["totp"]["user"]["id"] = other
    assert show(world, shown).status == 201


def test_a_login_that_begins_anew_on_another_thread_has_not_used_up_its_passcode(world: World) -> None:
    owner = with_seed(world)
    both: dict[str, Any] = {"totp": {"user": {"id": owner, "passcode": passcode(world)}}}
    both["password"] = {"user": {"id": owner, "password": "pw"}}
    with ThreadPoolExecutor(1, initializer=hurry) as hurried, pytest.raises(TakesLong):
        hurried.submit(show, world, both).result()
    assert show(world, both).status == 201


def test_who_must_show_two_methods_gets_a_receipt_for_the_first(world: World) -> None:
    owner = with_seed(world)
    rules = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"options": rules}}).status == 200
    first = show(world, {"password": {"user": {"id": owner, "password": "pw"}}})
    assert first.status == 401
    assert first.decoded()["required_auth_methods"] == [["password", "totp"]]
    assert first.decoded()["receipt"]["methods"] == ["password"]
    receipt = first.headers["openstack-auth-receipt"]
    second = {"totp": {"user": {"id": owner, "passcode": passcode(world)}}}
    assert show(world, second).status == 401
    world.clock.sleep(30)
    second["totp"]["user"]["passcode"] = passcode(world)
    done = show(world, second, openstack_auth_receipt=receipt)
    assert done.status == 201
    assert set(done.decoded()["token"]["methods"]) == {"password", "totp"}
    other = world.user("other")
    theirs = {"password": {"user": {"id": other, "password": "pw"}}}
    assert show(world, theirs, openstack_auth_receipt=receipt).status == 401
    world.clock.sleep(301)
    second["totp"]["user"]["passcode"] = passcode(world)
    assert show(world, second, openstack_auth_receipt=receipt).status == 401


# --- failed logins --------------------------------------------------------------------------------


def test_failed_logins_lock_a_user_out_for_a_while_on_every_process(world: World) -> None:
    owner = world.user("u")
    chosen(world, lockout_failure_attempts=2, lockout_duration=timedelta(seconds=5))
    assert [world.login("u", "wrong").status for _ in range(2)] == [401, 401]
    chosen(world, attempts=Attempts(world.clock, of_user=0, of_address=0))  # another process has counted nothing
    assert world.login("u").status == 401
    world.clock.sleep(5)
    assert world.login("u").status == 201
    assert [world.login("u", "wrong").status, world.login("u").status, world.login("u", "wrong").status] == [
        401,
        201,
        401,
    ]
    assert world.login("u").status == 201
    options = {"ignore_lockout_failure_attempts": True}
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"options": options}}).status == 200
    assert [world.login("u", "wrong").status for _ in range(3)] == [401] * 3
    assert world.login("u").status == 201


def test_who_fails_too_often_in_a_minute_must_wait(world: World) -> None:
    world.user("u")
    chosen(world, attempts=Attempts(world.clock, of_user=2, of_address=4))
    assert [world.login("u", "wrong").status for _ in range(2)] == [401, 401]
    refused = world.login("u")
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    assert [world.login(name, "wrong").status for name in ("a", "b", "c")] == [401, 401, 429]
    world.clock.sleep(60)
    assert world.login("u").status == 201


# --- application credentials ----------------------------------------------------------------------


def credential(world: World, owner: str, token: str, **more: Any) -> dict[str, Any]:
    body = {"application_credential": {"name": "app", **more}}
    return world.made(f"/v3/users/{owner}/application_credentials", body, token=token)


def test_an_application_credential_gives_a_token_of_its_project(world: World) -> None:
    owner, inside, token = own(world)
    made = credential(world, owner, token)
    by_id = {"application_credential": {"id": made["id"], "secret": made["secret"]}}
    by_name = {"application_credential": {"name": "app", "user": {"id": owner}, "secret": made["secret"]}}
    for shown in (by_id, by_name):
        reply = show(world, shown)
        assert reply.status == 201
        document = reply.decoded()["token"]
        assert (document["project"]["id"], document["methods"]) == (inside, ["application_credential"])
        assert document["application_credential"] == {"id": made["id"], "name": "app", "restricted": True}
    got = reply.headers["x-subject-token"]
    assert show(world, by_id, scope=project("admin")).status == 401
    assert world.exchange(got, project("admin")).status == 403
    assert show(world, {"application_credential": {"id": made["id"], "secret": "wrong"}}).status == 401
    assert world("DELETE", f"/v3/users/{owner}/application_credentials/{made['id']}", token=token).status == 204
    assert world.validated(got).status == 404


def test_a_token_ends_with_its_application_credential(world: World) -> None:
    owner, _, token = own(world)
    made = credential(world, owner, token, expires_at="2026-01-01T12:10:00Z")
    shown = {"application_credential": {"id": made["id"], "secret": made["secret"]}}
    assert show(world, shown).decoded()["token"]["expires_at"] == "2026-01-01T12:10:00.000000Z"
    world.clock.sleep(600)
    assert show(world, shown).status == 401


def test_access_rules_are_kept_and_shown_only_to_who_keeps_them(world: World) -> None:
    owner, _, token = own(world)
    rules = [{"service": "identity", "method": "GET", "path": "/v3/auth/projects"}]
    made = credential(world, owner, token, access_rules=rules)
    got = show(world, {"application_credential": {"id": made["id"], "secret": made["secret"]}})
    limited = got.headers["x-subject-token"]
    assert world("GET", "/v3/auth/projects", token=limited).status == 200
    assert world("GET", "/v3/auth/domains", token=limited).status == 401
    assert world.validated(limited).status == 404
    reply = world("GET", "/v3/auth/tokens", x_subject_token=limited, openstack_identity_access_rules="1.0")
    shown = reply.decoded()["token"]["application_credential"]["access_rules"]
    assert [(rule["service"], rule["method"], rule["path"]) for rule in shown] == [
        ("identity", "GET", "/v3/auth/projects")
    ]


# --- trusts ---------------------------------------------------------------------------------------


def trusted(world: World, **more: Any) -> tuple[str, str, str, dict[str, Any]]:
    """Let `trustee` act for `worker`; return the trustor, the project, the trustee's token and the trust."""
    owner, inside, token = own(world)
    trustee = world.user("trustee")
    body = {
        "trustor_user_id": owner,
        "trustee_user_id": trustee,
        "project_id": inside,
        "impersonation": False,
        "roles": [{"name": "member"}],
        **more,
    }
    made = world.made("/v3/OS-TRUST/trusts", {"trust": body}, token=token)
    return owner, inside, world.token("trustee", "pw", UNSCOPED), made


def by_trust(world: World, token: str, trust: dict[str, Any]) -> Reply:
    return world.exchange(token, {"OS-TRUST:trust": {"id": trust["id"]}})


@pytest.mark.parametrize("is_impersonation", [False, True])
def test_a_trust_gives_a_token_of_its_project_and_roles(world: World, is_impersonation: bool) -> None:
    owner, inside, token, trust = trusted(world, impersonation=is_impersonation)
    reply = by_trust(world, token, trust)
    assert reply.status == 201
    document = reply.decoded()["token"]
    assert document["project"]["id"] == inside
    assert document["user"]["name"] == ("worker" if is_impersonation else "trustee")
    assert document["OS-TRUST:trust"]["trustor_user"] == {"id": owner}
    assert [row["name"] for row in document["roles"]] == ["member", "reader"]
    assert world.exchange(reply.headers["x-subject-token"], UNSCOPED).status == 403
    assert by_trust(world, world.admin, trust).status == 403


def test_a_trust_is_good_for_so_many_tokens(world: World) -> None:
    _, _, token, trust = trusted(world, remaining_uses=2)
    assert [by_trust(world, token, trust).status for _ in range(3)] == [201, 201, 401]


def lose_role(world: World, owner: str, inside: str) -> None:
    world("DELETE", f"/v3/projects/{inside}/users/{owner}/roles/{world.role('member')}")


@pytest.mark.parametrize(
    "change",
    [
        lose_role,
        lambda world, owner, _: world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": False}}),
        lambda world, owner, _: world("PATCH", f"/v3/users/{owner}", {"user": {"password": "new"}}),
        lambda world, owner, _: world("DELETE", f"/v3/users/{owner}"),
        lambda world, _, inside: world("PATCH", f"/v3/projects/{inside}", {"project": {"enabled": False}}),
    ],
    ids=["role", "disabled", "password", "deleted", "project"],
)
def test_what_the_trustor_loses_the_trustee_loses_at_once(
    world: World, change: Callable[[World, str, str], object]
) -> None:
    owner, inside, token, trust = trusted(world)
    got = by_trust(world, token, trust).headers["x-subject-token"]
    assert world.validated(got).status == 200
    change(world, owner, inside)
    assert world.validated(got).status == 404


# --- scopes and forms of tokens -------------------------------------------------------------------


def test_a_token_of_the_system_is_exchanged_for_no_project(world: World) -> None:
    system = world.token("admin", "secret", SYSTEM)
    assert world.exchange(system, project("admin")).status == 403
    assert world.exchange(system, UNSCOPED).status == 201


def test_an_operator_may_forbid_to_exchange_scoped_tokens(world: World) -> None:
    chosen(world, allow_rescope_scoped_token=False)
    assert world.exchange(world.admin, project("admin")).status == 403
    assert world.exchange(world.token("admin", "secret", UNSCOPED), project("admin")).status == 201


def test_signed_tokens_do_all_that_encrypted_ones_do(world: World, tmp_path: Path) -> None:
    keys = Keys.at(tmp_path / "keys")
    chosen(world, tokens=JwsTokens(keys.jws))
    token = world.token("admin", "secret", project("admin"))
    assert token.count(".") == 2
    world.admin = token
    assert world.validated(token).decoded()["token"]["user"]["name"] == "admin"
    Keys.at(tmp_path / "keys").jws.rotate()  # by another process
    newer = world.token("admin", "secret", project("admin"))
    assert [world.validated(each).status for each in (token, newer)] == [200, 200]
    head, claims, signature = token.split(".")
    for forged in (f"{head}.{claims[:-2]}AA.{signature}", f"{head}.{claims}.", f"{head}.{claims}.AAAA", "..", "a.b.c"):
        assert world.validated(forged).status == 404
    assert world("DELETE", "/v3/auth/tokens", token=newer, x_subject_token=token).status == 204
    assert world("GET", "/v3/auth/projects", token=token).status == 401


def test_revocations_are_listed_for_services(world: World) -> None:
    token = world.token("demo", "secret")
    audit_id = world.validated(token).decoded()["token"]["audit_ids"][0]
    assert world("DELETE", "/v3/auth/tokens", x_subject_token=token).status == 204
    events = world("GET", "/v3/OS-REVOKE/events").decoded()["events"]
    assert [event.get("audit_id") or event["audit_chain_id"] for event in events] == [audit_id] * 2
    assert world("GET", "/v3/OS-REVOKE/events?since=2027-01-01T00:00:00Z").decoded()["events"] == []
    assert world("GET", "/v3/OS-REVOKE/events?since=moon").status == 400
    assert world("GET", "/v3/OS-REVOKE/events", token=world.token("demo", "secret")).status == 403
