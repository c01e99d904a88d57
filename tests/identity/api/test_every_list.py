"""What holds of every list, however long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from tests.identity.town import Town, lists
from tests.identity.world import project

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")

# What the original answers whole, and the two that are no collection.
WHOLE = {
    "/v3/OS-FEDERATION/domains",
    "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols",
    "/v3/OS-FEDERATION/projects",
    "/v3/OS-REVOKE/events",
    "/v3/auth/catalog",
    "/v3/auth/domains",
    "/v3/auth/projects",
    "/v3/projects/{project_id}/tags",
    "/v3/role_inferences",
    "/v3/roles/{prior_role_id}/implies",
    "/v3/users/{user_id}/credentials/OS-EC2",
    "/v3/projects/{project_id}?parents_as_list&subtree_as_list&include_limits",
    "/v3/projects/{project_id}?subtree_as_ids",
}


def counting(world: World) -> Callable[[str], tuple[int, int]]:
    said: list[str] = []
    event.listen(world.database._reader, "before_cursor_execute", lambda *args: said.append(args[2]))

    def count(path: str) -> tuple[int, int]:
        """Return the statements that a request takes, and the size of its answer."""
        world("GET", path)  # what the token stands for is in memory then
        said.clear()
        reply = world("GET", path)
        assert reply.status == 200, (path, reply.decoded())
        return len(said), len(reply.body)

    return count


def test_no_list_takes_more_statements_for_more_rows(world: World) -> None:
    town, count = Town(world), counting(world)
    town.build()
    few = {path: count(path.format_map(town.parts)) for path in lists()}
    for _ in range(3):
        town.build()
    many = {path: count(path.format_map(town.parts)) for path in lists()}
    assert {path for path in few if many[path][1] <= few[path][1]} == {"/v3/OS-REVOKE/events"}
    assert {path: (few[path][0], many[path][0]) for path in few if many[path][0] > few[path][0]} == {}
    assert max(statements for statements, _ in many.values()) < 10


def test_a_token_with_its_catalog_takes_no_more_statements_for_more_endpoints(world: World) -> None:
    town = Town(world)
    said: list[str] = []
    event.listen(world.database._reader, "before_cursor_execute", lambda *args: said.append(args[2]))
    counts = []
    for _ in range(2):
        town.build()
        said.clear()
        assert world.login("admin", "secret", project("admin")).status == 201
        counts.append(len(said))
    assert counts[0] == counts[1]


def rows_of(world: World, path: str) -> tuple[list[Any], str | None]:
    """Return the rows of a page, and where the next one is."""
    reply = world("GET", path)
    assert reply.status == 200, (path, reply.decoded())
    document = reply.decoded()
    plural = next(name for name in document if name not in ("links", "truncated"))
    following = (document.get("links") or {}).get("next")
    assert ("truncated" in document) is (following is not None), path
    return document[plural], following and following.split(":5000", 1)[1]


def test_the_pages_of_every_list_make_up_the_list(world: World) -> None:
    town = Town(world)
    for _ in range(3):
        town.build()
    for path in (path for path in lists() if path not in WHOLE):
        whole, following = rows_of(world, path.format_map(town.parts))
        assert following is None
        assert len(whole) >= 3, path
        seen: list[Any] = []
        page: str | None = path.format_map(town.parts) + ("&" if "?" in path else "?") + "limit=2"
        while page is not None:
            rows, page = rows_of(world, page)
            assert len(rows) <= 2, path
            seen += rows
        assert seen == whole, path
