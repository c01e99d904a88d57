"""What one process makes void is void in all others at the next request, whatever they had kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity import service
from pileus.identity.settings import Settings
from pileus.identity.tokens.keys import Keys
from pileus.kit.db import Database
from pileus.kit.http.app import App
from tests.identity.api.test_application_credential import Owner
from tests.identity.api.test_oauth1 import Program
from tests.identity.api.test_trust import Pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pileus.identity.backend import Backend
    from tests.identity.world import World

Change = tuple[str, str, Any]


@pytest.fixture
def elsewhere(world: World, tmp_path: Path) -> Iterator[App[Backend]]:
    """The service as another process has it: the same database and keys, and nothing else."""
    database = Database(world.database.url.render_as_string(hide_password=False))
    backend = service.new_backend(Settings(password_hash_rounds=4), database, world.clock, Keys.at(tmp_path / "keys"))
    yield App(service.new_service(backend))
    database.close()


class Someone:
    """A user of a domain of his own, with one role on a project there."""

    def __init__(self, world: World, name: str, *, in_group: bool = False) -> None:
        self.world = world
        self.home = world.made("/v3/domains", {"domain": {"name": f"home of {name}"}})["id"]
        self.project = world.made("/v3/projects", {"project": {"name": name, "domain_id": self.home}})["id"]
        self.id = world.user(name, "old", domain_id=self.home)
        self.role = world.made("/v3/roles", {"role": {"name": f"role of {name}"}})["id"]
        self.group = world.made("/v3/groups", {"group": {"name": name, "domain_id": self.home}})["id"]
        who = f"groups/{self.group}" if in_group else f"users/{self.id}"
        self.grant = f"/v3/projects/{self.project}/{who}/roles/{self.role}"
        assert world("PUT", f"/v3/groups/{self.group}/users/{self.id}").status == 204
        assert world("PUT", self.grant).status == 204
        scope = {"project": {"id": self.project}}
        self.token = world.token(name, "old", scope, f"home of {name}")


def by_someone(change: Callable[[Someone], Change], *, in_group: bool = False) -> Callable[[World, str], Any]:
    def prepare(world: World, name: str) -> tuple[str, Change]:
        someone = Someone(world, name, in_group=in_group)
        return someone.token, change(someone)

    return prepare


def by_trust(change: Callable[[Pair, str], Change]) -> Callable[[World, str], Any]:
    def prepare(world: World, _name: str) -> tuple[str, Change]:
        pair = Pair(world)
        made = pair.made()
        return pair.token_of(made), change(pair, made["id"])

    return prepare


def by_application_credential(change: Callable[[Owner, str], Change]) -> Callable[[World, str], Any]:
    def prepare(world: World, name: str) -> tuple[str, Change]:
        owner = Owner(world, name)
        made = owner.made()
        return owner.token_of(made), change(owner, made["id"])

    return prepare


def by_oauth1(change: Callable[[Program, str], Change]) -> Callable[[World, str], Any]:
    def prepare(world: World, _name: str) -> tuple[str, Change]:
        program = Program(world, world.made("/v3/OS-OAUTH1/consumers", {"consumer": {}})).trusted("member")
        reply = program.login()
        assert reply.status == 201
        return reply.headers["x-subject-token"], change(program, reply.decoded()["token"]["user"]["id"])

    return prepare


OFF = {"enabled": False}
CASES: dict[str, Callable[[World, str], Any]] = {
    "the user is disabled": by_someone(lambda it: ("PATCH", f"/v3/users/{it.id}", {"user": OFF})),
    "the user is deleted": by_someone(lambda it: ("DELETE", f"/v3/users/{it.id}", None)),
    "the password is changed": by_someone(
        lambda it: ("POST", f"/v3/users/{it.id}/password", {"user": {"original_password": "old", "password": "new"}})
    ),
    "the password is set": by_someone(lambda it: ("PATCH", f"/v3/users/{it.id}", {"user": {"password": "new"}})),
    "all tokens of the user are revoked": by_someone(lambda it: ("DELETE", f"/v3/users/{it.id}/tokens", None)),
    "the project is disabled": by_someone(lambda it: ("PATCH", f"/v3/projects/{it.project}", {"project": OFF})),
    "the project is deleted": by_someone(lambda it: ("DELETE", f"/v3/projects/{it.project}", None)),
    "the domain is disabled": by_someone(lambda it: ("PATCH", f"/v3/domains/{it.home}", {"domain": OFF})),
    "the role is taken away": by_someone(lambda it: ("DELETE", it.grant, None)),
    "the role is deleted": by_someone(lambda it: ("DELETE", f"/v3/roles/{it.role}", None)),
    "the user leaves the group": by_someone(
        lambda it: ("DELETE", f"/v3/groups/{it.group}/users/{it.id}", None), in_group=True
    ),
    "the group is deleted": by_someone(lambda it: ("DELETE", f"/v3/groups/{it.group}", None), in_group=True),
    "the group's role is taken away": by_someone(lambda it: ("DELETE", it.grant, None), in_group=True),
    "the trust is deleted": by_trust(lambda _, trust: ("DELETE", f"/v3/OS-TRUST/trusts/{trust}", None)),
    "the trustor is disabled": by_trust(lambda pair, _: ("PATCH", f"/v3/users/{pair.trustor}", {"user": OFF})),
    "the trustor has a new password": by_trust(
        lambda pair, _: ("PATCH", f"/v3/users/{pair.trustor}", {"user": {"password": "new"}})
    ),
    "the trustor loses the role": by_trust(
        lambda pair, _: (
            "DELETE",
            f"/v3/projects/{pair.project}/users/{pair.trustor}/roles/{pair.world.role('member')}",
            None,
        )
    ),
    "the application credential is deleted": by_application_credential(
        lambda owner, which: ("DELETE", f"{owner.path}/{which}", None)
    ),
    "its user loses the role": by_application_credential(
        lambda owner, _: (
            "DELETE",
            f"/v3/projects/{owner.project}/users/{owner.id}/roles/{owner.world.role('member')}",
            None,
        )
    ),
    "its user is disabled": by_application_credential(
        lambda owner, _: ("PATCH", f"/v3/users/{owner.id}", {"user": OFF})
    ),
    "the consumer is deleted": by_oauth1(
        lambda it, _: ("DELETE", f"/v3/OS-OAUTH1/consumers/{it.consumer['id']}", None)
    ),
    "the access token is deleted": by_oauth1(
        lambda it, user: ("DELETE", f"/v3/users/{user}/OS-OAUTH1/access_tokens/{it.token['oauth_token']}", None)
    ),
}


def require_void(world: World, elsewhere: App[Backend], token: str, change: Change, **headers: str) -> None:
    """Use a token here, have something changed elsewhere, and see that the token is good for nothing here."""
    here = world.app
    for _ in range(2):  # the second time from what is kept
        assert world("GET", "/v3/auth/projects", token=token).status == 200
        assert world.validated(token).status == 200
        assert world.exchange(token).status in (201, 403)  # what is delegated gets no other token
    method, path, body = change
    world.app = elsewhere
    assert world(method, path, body, **headers).status in (200, 204)
    world.app = here
    assert world("GET", "/v3/auth/projects", token=token).status == 401
    assert world.validated(token).status == 404
    assert world.exchange(token).status in (401, 404)


def test_a_token_that_is_revoked_elsewhere_is_void_here(world: World, elsewhere: App[Backend]) -> None:
    token = world.token("demo", "secret")
    child = world.exchange(token).headers["x-subject-token"]
    require_void(world, elsewhere, token, ("DELETE", "/v3/auth/tokens", None), x_subject_token=token)
    assert world.validated(child).status == 404


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("case", CASES)
def test_a_token_is_void_here_when_elsewhere(world: World, elsewhere: App[Backend], case: str) -> None:
    token, change = CASES[case](world, "someone")
    require_void(world, elsewhere, token, change)


@pytest.mark.databases("postgresql", "mariadb")
def test_a_token_is_void_here_whatever_ends_it_elsewhere(world: World, elsewhere: App[Backend]) -> None:
    for case in (
        "the user is disabled",
        "the role is taken away",
        "the user leaves the group",
        "the domain is disabled",
    ):
        token, change = CASES[case](world, case)
        require_void(world, elsewhere, token, change)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("change", ["disabled", "lost the role"])
def test_an_application_credential_is_no_good_any_more_when_its_user_is(world: World, change: str) -> None:
    owner = Owner(world)
    made = owner.made()
    if change == "disabled":
        for enabled in (False, True):
            assert world("PATCH", f"/v3/users/{owner.id}", {"user": {"enabled": enabled}}).status == 200
    else:
        grant = f"/v3/projects/{owner.project}/users/{owner.id}/roles/{world.role('member')}"
        assert [world(method, grant).status for method in ("DELETE", "PUT")] == [204, 204]
    assert owner.use(made).status == 401


@pytest.mark.databases("sqlite")
def test_a_trust_that_was_passed_on_ends_with_the_domain_of_each_who_passed_it_on(world: World) -> None:
    pair = Pair(world)
    home = world.made("/v3/domains", {"domain": {"name": "of the second"}})["id"]
    second = world.user("second", domain_id=home)
    more = {"impersonation": False, "allow_redelegation": True}
    first = pair.made(trustee_user_id=second, **more)
    reply = world.login("second", "pw", {"OS-TRUST:trust": {"id": first["id"]}}, "of the second")
    other = reply.headers["x-subject-token"]
    other = pair.token_of(pair.made(other, trustor_user_id=second, trustee_user_id=pair.third, **more), "third")
    last = pair.token_of(pair.made(other, trustor_user_id=pair.third, impersonation=False))
    assert world.validated(last).status == 200
    assert world("PATCH", f"/v3/domains/{home}", {"domain": {"enabled": False}}).status == 200
    assert world.validated(last).status == 404
