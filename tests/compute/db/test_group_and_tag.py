"""Tags and groups of servers, as every database keeps them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pileus.compute.db import aggregate, console_token, server, server_group, tag
from pileus.compute.db.server_list import ServerQuery, TagsWish, list_names, list_page
from pileus.compute.model.block_device import BlockDevice
from pileus.compute.model.console import Console
from pileus.compute.model.error.console import TokenNotFound
from pileus.compute.model.error.server_group import ServerGroupNotFound
from pileus.compute.model.server_group import ServerGroup
from pileus.compute.model.text_pattern import text_pattern
from pileus.kit import ids
from pileus.kit.db import Database
from tests.compute.db.test_server import NOW, new_server

GROUP = ServerGroup(
    id=ids.new_uuid(), project_id="p", user_id="u", name="g", policy="anti-affinity", created_at=NOW,
    max_server_per_host=2,
)  # fmt: skip


def test_what_a_server_was_asked_to_be_comes_back(database: Database) -> None:
    asked = new_server(
        created_at=NOW, hints={"group": "g"}, tags=("a", "b"), personality={"/etc/motd": "aGk="},
        block_devices=(BlockDevice(size_mb=512, guest_format="swap"),), trusted_certificates=["c"],
        requested_host="h1", is_host_forced=True, description="mine",
    )  # fmt: skip
    database.write(server.add, asked)
    with database.read() as tx:
        found = server.get(tx, asked.id)
    for name in ("hints", "tags", "personality", "block_devices", "trusted_certificates", "requested_host"):
        assert getattr(found, name) == getattr(asked, name), name
    assert (found.is_host_forced, found.description) == (True, "mine")


def test_servers_are_found_by_tags(database: Database) -> None:
    for name, tags in (("none", ()), ("a", ("a",)), ("ab", ("a", "b"))):
        database.write(server.add, new_server(name=name, created_at=NOW, tags=tags))

    def found(**wish: tuple[str, ...]) -> set[str]:
        query = ServerQuery(tags=TagsWish(**wish))
        with database.read() as tx:
            names = {name for _, name in list_names(tx, query)}
            assert {one.name for one in list_page(tx, query)} == names
        return names

    assert found(all_of=("a", "b")) == {"ab"}
    assert found(any_of=("a", "b")) == {"a", "ab"}
    assert found(not_all_of=("a", "b")) == {"none", "a"}
    assert found(none_of=("b",)) == {"none", "a"}


def test_servers_are_found_and_ordered_by_the_zone_that_is_shown(database: Database) -> None:
    database.write(aggregate.add, "rack", {"availability_zone": "east"}, NOW)
    with database.read() as tx:
        (rack,) = aggregate.list_all(tx)
    database.write(aggregate.add_host, rack, "h1")
    asked = {"in east": ("h1", None), "by default": ("h2", None), "to be": (None, "east"), "anywhere": (None, None)}
    for name, (host, zone) in asked.items():
        database.write(server.add, new_server(name, created_at=NOW, host=host, availability_zone=zone))

    def found(pattern: str) -> list[str]:
        query = ServerQuery(patterns={"availability_zone": text_pattern(pattern)}, sort=[("display_name", False)])
        with database.read() as tx:
            return [name for _, name in list_names(tx, query)]

    assert found("east") == ["in east", "to be"]
    assert found("nova") == ["by default"]
    assert found("^e.*t$") == ["in east", "to be"]
    with database.read() as tx:
        query = ServerQuery(sort=[("availability_zone", True), ("display_name", False)])
        assert [name for _, name in list_names(tx, query)] == ["by default", "in east", "to be", "anywhere"]


def test_a_tag_is_given_once(database: Database) -> None:
    one = new_server(created_at=NOW)
    database.write(server.add, one)
    assert database.write(tag.add, one.id, "Blue")
    assert not database.write(tag.add, one.id, "Blue")
    assert database.write(tag.add, one.id, "blue"), "tags differ by case everywhere"
    assert database.write(tag.remove, one.id, "Blue")
    assert not database.write(tag.remove, one.id, "Blue")


def test_a_group_counts_its_members_where_they_are_or_are_to_be(database: Database) -> None:
    database.write(server_group.add, GROUP)
    first, second, third = (new_server(created_at=NOW, group_id=GROUP.id, host=host) for host in ("h1", None, None))
    for one in (first, second, third):
        database.write(server.add, one)
    database.write(server_group.lock, GROUP.id)
    database.write(server_group.claim, second.id, "h1")
    with database.read() as tx:
        assert server_group.members_by_host(tx, GROUP.id, without=third.id) == {"h1": 2}
        assert server_group.members_by_host(tx, GROUP.id, without=first.id) == {"h1": 1}
        assert list(server_group.get(tx, GROUP.id).members) == [first.id, second.id, third.id]
        assert server_group.count_members(tx, GROUP.id, first.user_id) == 3
        assert server_group.count(tx, "p") == 1
    database.write(server_group.claim, first.id, "h2")
    with database.read() as tx:
        on_its_way = server_group.members_by_host(tx, GROUP.id, without=third.id)
    assert on_its_way == {"h1": 2, "h2": 1}, "it may yet stay where it is"
    database.write(server.mark_deleted, first.id, NOW)
    with database.read() as tx:
        assert server_group.count_members(tx, GROUP.id, first.user_id) == 2


def test_a_group_that_is_deleted_leaves_its_servers_in_none(database: Database) -> None:
    database.write(server_group.add, GROUP)
    member = new_server(created_at=NOW, group_id=GROUP.id)
    database.write(server.add, member)
    database.write(server_group.delete, GROUP.id)
    with database.read() as tx:
        assert server.get(tx, member.id).group_id is None
        with pytest.raises(ServerGroupNotFound):
            server_group.get(tx, GROUP.id)


def test_a_token_leads_to_a_console_until_its_time_is_over(database: Database) -> None:
    one = new_server(created_at=NOW)
    database.write(server.add, one)
    console = Console(
        server_id=one.id, console_type="novnc", host="h1", port=5900, tls_port=None, internal_access_path=None,
        expires_at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    database.write(console_token.add, "secret", console, NOW)
    with database.read() as tx:
        assert console_token.get(tx, "secret", NOW) == console
        for token, now in (("other", NOW), ("secret", NOW + timedelta(minutes=1))):
            with pytest.raises(TokenNotFound):
                console_token.get(tx, token, now)
    database.write(server.mark_deleted, one.id, NOW)
    with database.read() as tx, pytest.raises(TokenNotFound):
        console_token.get(tx, "secret", NOW)
