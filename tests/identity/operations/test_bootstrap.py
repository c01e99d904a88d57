from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.identity.db import assignment, catalog, role, user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.operations import bootstrap
from tests.identity.world import PASSWORDS, SYSTEM, project

if TYPE_CHECKING:
    from tests.identity.world import World

URLS = {"identity": "http://elsewhere:5000/v3", "image": "http://elsewhere:9292"}


def again(world: World, urls: dict[str, str]) -> None:
    world.database.write(bootstrap.bootstrap, bootstrap.accounts(PASSWORDS), urls, "RegionOne")


def test_a_second_start_adds_nothing_and_moves_the_endpoints(world: World) -> None:
    again(world, URLS)
    with world.database.read() as tx:
        before = (len(user.list_users(tx)), len(assignment.list_assignments(tx)), len(role.list_all(tx)))
        urls = {(row.service_id, row.interface): row.url for row in catalog.list_endpoints(tx)}
    again(world, URLS)
    with world.database.read() as tx:
        after = (len(user.list_users(tx)), len(assignment.list_assignments(tx)), len(role.list_all(tx)))
        assert {(row.service_id, row.interface): row.url for row in catalog.list_endpoints(tx)} == urls
    assert before == after
    assert sorted(set(urls.values())) == sorted(URLS.values())


def test_a_start_does_not_give_back_what_somebody_changed(world: World) -> None:
    admin = world.shown("/v3/users?name=admin")[0]["id"]
    assert world("PATCH", f"/v3/users/{admin}", {"user": {"password": "mine"}}).status == 200
    again(world, URLS)
    assert world.login("admin", "secret").status == 401
    assert world.login("admin", "mine").status == 201


def test_services_have_one_role_and_it_is_not_admin(world: World) -> None:
    for name in ("glance", "placement", "nova"):
        shown = world.login(name, "secret", project("service")).decoded()["token"]
        assert [row["name"] for row in shown["roles"]] == ["service"]


def test_the_administrator_is_one_everywhere(world: World) -> None:
    for scope in (project("admin"), SYSTEM, {"domain": {"id": "default"}}):
        shown = world.login("admin", "secret", scope).decoded()["token"]
        assert [row["name"] for row in shown["roles"]] == ["admin", "manager", "member", "reader"]


def test_the_roles_that_everything_relies_on_cannot_be_lost_by_mistake(world: World) -> None:
    for name in bootstrap.ROLES:
        reply = world("DELETE", f"/v3/roles/{world.role(name)}")
        assert reply.status == 403, name


def test_accounts_are_kept_by_a_hash_that_fits_their_password(world: World) -> None:
    with world.database.read() as tx:
        hashes = [row.password_hash or "" for row in user.list_users(tx)]
        assert assignment.list_assignments(tx, kind=TargetKind.SYSTEM)
    assert all(each.startswith("$sha256$") for each in hashes)
