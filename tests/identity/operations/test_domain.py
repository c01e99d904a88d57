from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.identity.db import assignment, project, role, user

if TYPE_CHECKING:
    from tests.identity.world import World


def test_a_domain_goes_with_all_that_is_in_it_and_all_that_was_given_on_it(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "doomed"}})["id"]
    inside = world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"]
    world.made("/v3/projects", {"project": {"name": "c", "domain_id": home, "parent_id": inside}})
    own = world.made("/v3/roles", {"role": {"name": "own", "domain_id": home}})["id"]
    world.user("u", domain_id=home)
    guest = world.user("guest", default_project_id=inside)
    world.give(guest, "member", f"projects/{inside}")
    world.give(guest, "member", f"domains/{home}")
    assert world("PUT", f"/v3/projects/{inside}/users/{guest}/roles/{own}").status == 204
    assert world("DELETE", f"/v3/domains/{home}").status == 403
    assert world("PATCH", f"/v3/domains/{home}", {"domain": {"enabled": False}}).status == 200
    assert world("DELETE", f"/v3/domains/{home}").status == 204
    with world.database.read() as tx:
        assert project.list_projects(tx, domain_id=home) == []
        assert user.list_users(tx, domain_id=home) == []
        assert role.list_roles(tx, domain_id=home) == []
        assert assignment.list_assignments(tx, user_id=guest) == []
    assert world.shown(f"/v3/users/{guest}").get("default_project_id") is None


def test_a_project_that_goes_is_nobodys_default_any_more(world: World) -> None:
    gone = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    other = world.made("/v3/projects", {"project": {"name": "q"}})["id"]
    left = [world.user(name, default_project_id=home) for name, home in (("one", gone), ("two", other))]
    assert world("DELETE", f"/v3/projects/{gone}").status == 204
    assert [world.shown(f"/v3/users/{each}").get("default_project_id") for each in left] == [None, other]
