from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pileus.compute.db import quota, server
from pileus.compute.db.server_list import SORT_KEYS, ServerQuery, list_page
from pileus.compute.model.action_rule import REBOOT_SOFT, START
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.flavor import STANDARD
from pileus.compute.model.server import ImageSnapshot, Server, states_of
from pileus.compute.model.text_pattern import TextPattern
from pileus.compute.service import MIGRATIONS
from pileus.kit import ids
from pileus.kit.db import Database

if TYPE_CHECKING:
    from pileus.kit.db import Transaction

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456)


def new_server(name: str = "vm", **changes: object) -> Server:
    made = Server(
        id=ids.new_uuid(), project_id="p", user_id="u", name=name, hostname=name, flavor=STANDARD[0],
        image=ImageSnapshot(id="i", properties={"a": [1]}), created_at=NOW, metadata={"k": "ö"},
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_schema_is_what_the_code_expects(database: Database) -> None:
    assert MIGRATIONS.differences(database) == []


def test_a_server_comes_back_as_it_was_written(database: Database) -> None:
    made = new_server()
    database.write(server.add, made)
    with database.read() as tx:
        assert replace(server.get(tx, made.id), number=0) == made
        with pytest.raises(InstanceNotFound):
            server.get(tx, "nothing")


def test_a_task_is_begun_by_one_of_many(database: Database) -> None:
    made = new_server(vm_state="active", task_state=None)
    database.write(server.add, made)
    won: list[bool] = []
    threads = [
        threading.Thread(target=lambda: won.append(database.write(server.begin_task, made.id, REBOOT_SOFT, NOW)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_a_state_that_forbids_a_task_keeps_it_away(database: Database) -> None:
    made = new_server(vm_state="active", task_state=None)
    database.write(server.add, made)
    assert not database.write(server.begin_task, made.id, START, NOW)


def test_what_is_not_named_stays(database: Database) -> None:
    made = new_server(host="h")
    database.write(server.add, made)
    assert database.write(server.set_state, made.id, vm_state="active", now=NOW)
    with database.read() as tx:
        found = server.get(tx, made.id)
    assert (found.vm_state, found.task_state, found.host, found.updated_at) == ("active", "scheduling", "h", NOW)
    assert not database.write(server.set_state, made.id, host=None, now=NOW, unless_task=["scheduling"])


def test_a_deleted_server_is_kept_until_it_is_purged(database: Database) -> None:
    made = new_server()
    database.write(server.add, made)
    assert database.write(server.mark_deleted, made.id, NOW)
    assert not database.write(server.mark_deleted, made.id, NOW)
    assert not database.write(server.set_state, made.id, vm_state="active", now=NOW)
    with database.read() as tx:
        assert server.get(tx, made.id, may_be_deleted=True).vm_state == "deleted"
        assert server.usage(tx, "p").instances == 0
    assert database.write(server.purge, NOW) == 0
    assert database.write(server.purge, NOW + timedelta(seconds=1)) == 1


def test_the_last_fault_is_shown(database: Database) -> None:
    made = new_server(vm_state="error")
    database.write(server.add, made)
    for message in ("first", "second"):
        database.write(server.add_fault, made.id, 500, message, "", NOW)
    with database.read() as tx:
        fault = server.get(tx, made.id).fault
    assert fault is not None
    assert fault.message == "second"


@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("key", ["created_at", "launched_at", "task_state", "display_name", "config_drive"])
def test_pages_hold_every_server_once(database: Database, key: str, is_descending: bool) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(7):
            changes = {
                "launched_at": NOW if number % 2 else None,
                "task_state": "spawning" if number % 3 else None,
                "has_config_drive": bool(number % 2),
            }
            server.add(tx, new_server(f"vm{number % 4}", **changes))

    database.write(fill)
    seen: list[str] = []
    marker: Server | None = None
    with database.read() as tx:
        while page := list_page(tx, ServerQuery(sort=[(key, is_descending)], marker=marker, limit=3)):
            seen += [each.id for each in page]
            marker = page[-1]
        everything = [each.id for each in list_page(tx, ServerQuery(sort=[(key, is_descending)]))]
    assert seen == everything
    assert len(set(seen)) == 7


def test_every_sort_key_and_filter_is_understood(database: Database) -> None:
    database.write(server.add, new_server("web-1", vm_state="active", task_state=None))
    with database.read() as tx:
        for key in SORT_KEYS:
            (found,) = list_page(tx, ServerQuery(sort=[(key, True)]))
            assert list_page(tx, ServerQuery(sort=[(key, True)], marker=found)) == []
        assert len(list_page(tx, ServerQuery(patterns={"name": TextPattern("web-_")}))) == 1
        assert list_page(tx, ServerQuery(patterns={"name": TextPattern("eb%")})) == []
        assert len(list_page(tx, ServerQuery(states=states_of("ACTIVE")))) == 1
        assert list_page(tx, ServerQuery(states=states_of("REBOOT"))) == []
        assert list_page(tx, ServerQuery(states=())) == []
        assert list_page(tx, ServerQuery(is_nothing=True)) == []
        assert len(list_page(tx, ServerQuery(equals={"flavor": "1", "image": "i"}, changed_since=NOW))) == 1


def test_a_count_is_exact_under_many_writers(database: Database) -> None:
    def add_if_room(tx: Transaction) -> None:
        quota.take_turn(tx, "project:p")
        if server.usage(tx, "p").instances < 3:
            server.add(tx, new_server())

    threads = [threading.Thread(target=lambda: database.write(add_if_room)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        assert server.usage(tx, "p").instances == 3
