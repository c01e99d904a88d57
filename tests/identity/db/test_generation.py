from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pileus.identity import service
from pileus.identity.db import generation
from pileus.identity.settings import Settings
from pileus.identity.tokens.keys import Keys
from pileus.identity.tokens.memory import Memory
from pileus.kit.db import Database
from pileus.kit.http.app import App
from tests.identity.world import UNSCOPED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.identity.world import World


def number(database: Database) -> int:
    return generation.glance(database)


def test_every_write_begins_a_generation(world: World) -> None:
    before = number(world.database)
    world.user("u")
    assert number(world.database) > before


def test_what_another_process_writes_is_seen_by_the_next_request(world: World, tmp_path: Path) -> None:
    owner = world.user("u")
    token = world.token("u", "pw", UNSCOPED)
    assert world("GET", "/v3/auth/projects", token=token).status == 200
    database = Database(str(world.database.url.render_as_string(hide_password=False)))
    try:
        here = world.app
        there = service.new_backend(Settings(password_hash_rounds=4), database, world.clock, Keys.at(tmp_path / "keys"))
        world.app = App(service.new_service(there))
        assert world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": False}}).status == 200
        world.app = here
        assert world("GET", "/v3/auth/projects", token=token).status == 401
    finally:
        database.close()


@pytest.mark.databases("sqlite")
def test_what_was_kept_at_another_generation_is_not_found() -> None:
    memory = Memory(size=2)
    memory.keep(5, "a", 1)
    assert (memory.find(5, "a"), memory.find(4, "a"), memory.find(6, "a")) == (1, None, None)
    memory.keep(4, "a", 0)  # the database was restored, and counts from there
    assert (memory.find(4, "a"), memory.find(5, "a")) == (0, None)
    memory.keep(6, "b", 2)
    assert (memory.find(6, "a"), memory.find(6, "b")) == (None, 2)
    memory.keep(6, "c", 3)
    memory.keep(6, "d", 4)
    assert memory.find(6, "d") == 4


@pytest.mark.databases("sqlite")
def test_what_is_asked_for_stays_while_the_rest_makes_room() -> None:
    memory = Memory(size=8)
    memory.keep(1, "all need it", 0)
    for number in range(100):
        memory.keep(1, number, number)
        assert memory.find(1, "all need it") == 0
    assert (memory.find(1, 99), memory.find(1, 10)) == (99, None)
    assert sum(memory.find(1, number) is not None for number in range(100)) <= 8


@pytest.mark.databases("sqlite")
def test_a_token_that_is_known_is_validated_without_a_transaction(world: World) -> None:
    from sqlalchemy import event

    token = world.token("demo", "secret")
    assert world.validated(token).status == 200
    counted: list[str] = []
    event.listen(world.database._reader, "before_cursor_execute", lambda *args: counted.append(args[2]))
    assert world.validated(token).status == 200
    assert counted == []
    world.backend = replace(world.backend, memory=Memory())
    world.app = App(service.new_service(world.backend))
    counted.clear()
    assert world.validated(token).status == 200
    assert len(counted) < 24
