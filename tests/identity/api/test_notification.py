from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity import service
from pileus.identity.api.notification import announcer
from pileus.identity.settings import NotificationSettings
from pileus.kit.http.app import App

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


class Heard:
    """A notifier that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []

    def notify(self, event_type: str, payload: Any, priority: str = "INFO") -> None:
        self.events.append((event_type, payload))

    def close(self) -> None:
        """It holds nothing."""

    def types(self) -> list[str]:
        return [event_type for event_type, _ in self.events]


def listening(world: World, **chosen: Any) -> Heard:
    heard = Heard()
    announce = announcer(world.backend, NotificationSettings(**chosen), heard)
    world.app = App(service.new_service(world.backend, announce=announce))
    return heard


def test_what_is_made_changed_and_removed_is_told(world: World) -> None:
    heard = listening(world, format="basic")
    user = world.user("bob")
    world("PATCH", f"/v3/users/{user}", {"user": {"enabled": False}})
    world("DELETE", f"/v3/users/{user}")
    project = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    domain = world.made("/v3/projects", {"project": {"name": "d", "is_domain": True}})["id"]
    region = world("PUT", "/v3/regions/a%20b", {"region": {}}).decoded()["region"]["id"]
    world("DELETE", "/v3/regions/a%20b")
    told = [(event_type, payload["resource_info"]) for event_type, payload in heard.events]
    assert told == [
        ("identity.user.created", user),
        ("identity.user.updated", user),
        ("identity.user.deleted", user),
        ("identity.project.created", project),
        ("identity.domain.created", domain),
        ("identity.region.created", region),
        ("identity.region.deleted", "a b"),
    ]
    assert all(payload["request_id"].startswith("req-") for _, payload in heard.events)


def test_what_only_reads_or_is_refused_is_not_told(world: World) -> None:
    heard = listening(world)
    world.shown("/v3/users")
    assert world("DELETE", "/v3/users/none").status == 404
    assert world("POST", "/v3/users", {"user": {}}).status == 400
    assert heard.events == []


def test_a_role_that_is_given_or_taken_is_told_with_its_parts(world: World) -> None:
    heard = listening(world, format="basic")
    user, place = world.user("bob"), world.shown("/v3/projects?name=demo")[0]["id"]
    path = f"/v3/projects/{place}/users/{user}/roles/{world.role('reader')}"
    assert (world("PUT", path).status, world("DELETE", path).status) == (204, 204)
    assert heard.types()[1:] == ["identity.role_assignment.created", "identity.role_assignment.deleted"]
    told = heard.events[1][1]
    assert (told["project"], told["user"], told["role"]) == (place, user, world.role("reader"))
    assert told["inherited_to_projects"] is False


def test_logins_that_fail_are_told_and_others_only_if_wanted(world: World) -> None:
    heard = listening(world)
    assert world.login("admin", "wrong").status == 401
    assert world.login("admin", "secret").status == 201
    assert [payload["outcome"] for _, payload in heard.events] == ["failure"]
    heard = listening(world, opt_out=())
    assert world.login("admin", "secret").status == 201
    assert heard.types() == ["identity.authenticate"]
    told = heard.events[0][1]
    assert told["initiator"]["name"] == "admin"
    assert told["observer"]["id"] == world.shown("/v3/services?type=identity")[0]["id"]


def test_a_slash_at_the_end_hides_no_login(world: World) -> None:
    heard = listening(world, opt_out=())
    who = {"name": "admin", "domain": {"name": "Default"}, "password": "secret"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}}}
    assert world("POST", "/v3/auth/tokens/", body, token="").status == 201
    assert heard.types() == ["identity.authenticate"]


def test_a_password_that_its_user_changes_is_told_and_not_shown(world: World) -> None:
    user = world.user("bob", "old-password")
    heard = listening(world)
    body = {"user": {"original_password": "old-password", "password": "new-password"}}
    assert world("POST", f"/v3/users/{user}/password", body, token="").status == 204
    assert heard.types() == ["identity.user.updated"]
    assert "password" not in str(heard.events)


def test_what_is_opted_out_of_is_not_told(world: World) -> None:
    heard = listening(world, opt_out=("identity.user.created",))
    user = world.user("bob")
    world("DELETE", f"/v3/users/{user}")
    assert heard.types() == ["identity.user.deleted"]
