from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select

from pileus.kit.db import Database, Transaction
from pileus.kit.db.seen import Seen
from pileus.kit.patience import TakesLong, at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

box = Table("box", MetaData(), Column("id", Integer, primary_key=True), Column("content", Integer))


@pytest.fixture
def databases(database_url: str) -> Iterator[tuple[Database, Database]]:
    """Two processes' ways to one database, which has a box with 1 in it."""
    pair = Database(database_url), Database(database_url)
    box.metadata.create_all(pair[0].engine)
    pair[0].write(lambda tx: tx.execute(box.insert(), {"id": 1, "content": 1}))
    yield pair
    for each in pair:
        each.close()


class Reading:
    """Looks into the box, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, tx: Transaction, box_id: int) -> int | None:
        self.times += 1
        found: int | None = tx.scalar(select(box.c.content).where(box.c.id == box_id))
        return found


def put(database: Database, content: int) -> None:
    database.write(lambda tx: tx.execute(box.update(), {"content": content}))


def test_what_was_read_is_read_again_only_after_a_commit(databases: tuple[Database, Database]) -> None:
    ours, other = databases
    seen, reading = Seen(ours, 10), Reading()
    assert [seen.read(reading, 1) for _ in range(3)] == [1, 1, 1]
    assert reading.times == (1 if ours.is_sqlite else 3)
    for number, writer in enumerate((ours, other, ours), 2):
        put(writer, number)
        assert seen.read(reading, 1) == number


def test_who_looks_after_a_commit_sees_it_however_many_look(databases: tuple[Database, Database]) -> None:
    ours, other = databases
    seen, reading, is_over = Seen(ours, 10), Reading(), Event()

    def look() -> None:
        while not is_over.is_set():
            seen.read(reading, 1)

    with ThreadPoolExecutor(6) as pool:
        looking = [pool.submit(look) for _ in range(6)]
        found = []
        for number in range(2, 32):
            put(other, number)
            found.append(seen.read(reading, 1))
        is_over.set()
    assert [one.result() for one in looking] == [None] * 6
    assert found == list(range(2, 32))


def test_nothing_is_not_remembered(databases: tuple[Database, Database]) -> None:
    seen, reading = Seen(databases[0], 10), Reading()
    assert [seen.read(reading, 2) for _ in range(2)] == [None, None]
    assert reading.times == 2


def test_what_is_remembered_is_of_one_question_and_its_arguments(databases: tuple[Database, Database]) -> None:
    seen = Seen(databases[0], 10)

    def content(tx: Transaction, box_id: int) -> int:
        return Reading()(tx, box_id) or 0

    def named(_tx: Transaction, box_id: int, *, times: int = 2) -> str:
        return f"{box_id} {times}"

    for _ in range(2):
        assert (seen.read(content, 1), seen.read(content, 2)) == (1, 0)
        assert [seen.read(named, 1), seen.read(named, 1, times=3), seen.read(named, 2)] == ["1 2", "1 3", "2 2"]


def test_memory_has_an_end(databases: tuple[Database, Database]) -> None:
    seen = Seen(databases[0], 2)
    for _ in range(50):
        assert seen.read(Reading(), 1) == 1
    _, values = seen._page
    assert len(values) <= 2


def test_what_was_read_is_known_where_nothing_may_wait(databases: tuple[Database, Database]) -> None:
    seen, reading = Seen(databases[0], 10), Reading()
    with at_once(), pytest.raises(TakesLong):
        seen.read(reading, 1)
    seen.read(reading, 1)
    if databases[0].is_sqlite:
        with at_once():
            assert seen.read(reading, 1) == 1
    put(databases[1], 2)
    with at_once(), pytest.raises(TakesLong):
        seen.read(reading, 1)
