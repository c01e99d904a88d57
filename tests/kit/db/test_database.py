"""Transactions: many writers at once, writers that die, conflicts, and what a reader may not do."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, Table, bindparam, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from pileus.kit.db import Database, Transaction
from pileus.kit.db.database import (
    CONSTRAINT_ATTEMPTS,
    WRITE_ATTEMPTS,
    DatabaseUnavailable,
    ValueUnstorable,
    is_in_transaction,
)
from pileus.kit.db.insert import insert_if_absent
from pileus.kit.db.types import MARIADB, BigId, new_metadata
from pileus.kit.patience import TakesLong, at_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

METADATA = new_metadata()
COUNTER = Table(
    "counter",
    METADATA,
    Column("name", String(16), primary_key=True),
    Column("value", Integer, nullable=False),
    **MARIADB,
)
NOTE = Table(
    "note",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("writer", Integer, nullable=False),
    **MARIADB,
)

REMARK = Table(
    "remark",
    METADATA,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("about", String(16), ForeignKey("counter.name"), nullable=False),
    **MARIADB,
)

THREADS, ROUNDS = 64, 5


class Killed(BaseException):
    """What ends a thread from outside, as far as a test can do that."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    with made.engine.begin() as connection:
        METADATA.create_all(connection)
    made.write(lambda tx: tx.execute(COUNTER.insert(), [{"name": name, "value": 0} for name in "ab"]))
    yield made
    made.close()


def value(database: Database, name: str = "a") -> int:
    with database.read() as tx:
        return int(tx.scalar(select(COUNTER.c.value).where(COUNTER.c.name == name)))


def add_one(tx: Transaction, name: str = "a") -> None:
    tx.execute(COUNTER.update().where(COUNTER.c.name == name).values(value=COUNTER.c.value + 1))


def test_many_who_open_a_new_file_at_once_all_get_it(tmp_path: Path) -> None:
    for number in range(40):
        url, start = f"sqlite:///{tmp_path}/{number}.sqlite", threading.Barrier(4)

        def open_and_look(url: str = url, start: threading.Barrier = start) -> int:
            database = Database(url)
            start.wait()
            try:
                with database.read() as tx:
                    return int(tx.scalar(text("SELECT COUNT(*) FROM sqlite_master")))
            finally:
                database.close()

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda go: go(), [open_and_look] * 4)) == [0] * 4


def test_sixty_four_threads_write_and_none_fails_or_loses_anything(database: Database) -> None:
    together = threading.Barrier(THREADS)
    waits: list[float] = []

    def work(writer: int) -> None:
        together.wait()
        for _ in range(ROUNDS):
            started = time.monotonic()
            database.write(lambda tx: (tx.execute(NOTE.insert(), {"writer": writer}), add_one(tx)))
            waits.append(time.monotonic() - started)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert value(database) == THREADS * ROUNDS
    with database.read() as tx:
        assert len(tx.all(select(NOTE))) == THREADS * ROUNDS
    assert max(waits) < 20


@pytest.mark.databases("sqlite")
def test_writers_of_one_process_take_turns_in_the_order_in_which_they_came(database: Database) -> None:
    together = threading.Barrier(16)

    def work(writer: int) -> None:
        together.wait()
        for _ in range(20):
            database.write(lambda tx: tx.execute(NOTE.insert(), {"writer": writer}))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    with database.read() as tx:
        order = [row.writer for row in tx.all(select(NOTE).order_by(NOTE.c.number))]
    first_half = order[: len(order) // 2]
    assert all(first_half.count(writer) >= 5 for writer in range(16)), "somebody was passed over again and again"


def test_a_writer_killed_in_the_middle_leaves_nothing_and_blocks_nobody(database: Database) -> None:
    def die(tx: Transaction) -> None:
        add_one(tx)
        raise Killed

    with pytest.raises(Killed):
        database.write(die)
    assert not is_in_transaction()
    assert value(database) == 0
    database.write(add_one)
    assert value(database) == 1


WRITER_THAT_DIES = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pileus.kit.db import Database
from tests.kit.db.test_database import add_one
def die(tx):
    add_one(tx)
    print("written", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
Database({url!r}).write(die)
"""


def test_a_process_killed_in_the_middle_of_a_write_leaves_nothing(
    database: Database, database_url: str, pytestconfig: pytest.Config
) -> None:
    program = WRITER_THAT_DIES.format(root=str(pytestconfig.rootpath), url=database_url)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (-9, "written\n"), done.stderr
    database.write(add_one)
    assert value(database) == 1


WRITER_THAT_HOLDS = """
import sys
sys.path.insert(0, {root!r})
from pileus.kit.db import Database
from tests.kit.db.test_database import add_one
def hold(tx):
    add_one(tx)
    print("holding", flush=True)
    sys.stdin.readline()
Database({url!r}).write(hold)
"""


def test_a_second_process_waits_for_the_lock_of_the_first(
    database: Database, database_url: str, pytestconfig: pytest.Config
) -> None:
    program = WRITER_THAT_HOLDS.format(root=str(pytestconfig.rootpath), url=database_url)
    with (
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        writing = pool.submit(database.write, add_one)
        time.sleep(0.2)
        assert not writing.done()
        assert value(database) == 0, "readers go on, and see nothing that is not committed"
        other.stdin.write("\n")
        other.stdin.flush()
        writing.result(timeout=20)
        assert other.wait(timeout=20) == 0
    assert value(database) == 2


@pytest.mark.databases("postgresql", "mariadb")
def test_a_deadlock_is_tried_again_in_a_new_transaction(database: Database) -> None:
    both_have_one = threading.Barrier(2)
    attempts = {"a": 0, "b": 0}
    connections: set[int] = set()

    def cross(tx: Transaction, mine: str, other: str) -> None:
        attempts[mine] += 1
        connections.add(id(tx))
        add_one(tx, mine)
        if attempts[mine] == 1:
            both_have_one.wait(timeout=10)
        add_one(tx, other)

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(database.write, cross, *names) for names in (("a", "b"), ("b", "a"))]
        for job in jobs:
            job.result(timeout=30)
    assert sorted(attempts.values()) in ([1, 2], [2, 2]), "one of them is the victim; on a busy machine maybe both"
    assert (value(database, "a"), value(database, "b")) == (2, 2)


@pytest.mark.databases("postgresql")
def test_a_serialization_failure_is_tried_again_and_sees_what_is_new(database: Database) -> None:
    seen = []

    def read_and_write(tx: Transaction) -> None:
        if not seen:
            tx._connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        seen.append(tx.scalar(select(COUNTER.c.value).where(COUNTER.c.name == "a")))
        if len(seen) == 1:
            other = threading.Thread(target=database.write, args=(add_one,))
            other.start()
            other.join()
        tx.execute(COUNTER.update().where(COUNTER.c.name == "a").values(value=seen[-1] + 1))

    database.write(read_and_write)
    assert seen == [0, 1]
    assert value(database) == 2


@pytest.mark.databases("sqlite")
def test_a_conflict_that_does_not_end_says_that_the_database_is_busy(database: Database) -> None:
    tries = []

    class Original(Exception):
        sqlstate = "40001"

    def conflict(tx: Transaction) -> None:
        tries.append(1)
        raise OperationalError("UPDATE counter", {}, Original())

    with pytest.raises(DatabaseUnavailable):
        database.write(conflict)
    assert len(tries) == WRITE_ATTEMPTS


def test_a_fault_that_is_no_conflict_is_not_tried_again(database: Database) -> None:
    tries = []

    def fail(tx: Transaction) -> None:
        tries.append(1)
        tx.execute(select(Column("none")).select_from(Table("no_such_table", new_metadata())))

    with pytest.raises(Exception, match="no_such_table"):
        database.write(fail)
    assert len(tries) == 1


def test_a_broken_constraint_is_looked_at_again_and_then_raised(database: Database) -> None:
    tries = []

    def insert_twice(tx: Transaction) -> None:
        tries.append(1)
        tx.execute(COUNTER.insert(), {"name": "a", "value": 1})

    with pytest.raises(IntegrityError):
        database.write(insert_twice)
    assert len(tries) == CONSTRAINT_ATTEMPTS


def test_the_values_of_a_statement_that_failed_are_not_in_its_error(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught:
        database.write(lambda tx: tx.execute(COUNTER.insert(), {"name": "a", "value": 424242}))
    assert "424242" not in str(caught.value)


def test_a_write_inside_another_is_refused(database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Database(f"sqlite:///{tmp_path_factory.mktemp('other')}/other.sqlite")
    for inner in (database, other):
        with pytest.raises(AssertionError, match="inside another"):
            database.write(lambda _tx, inner=inner: inner.write(add_one))
    other.close()
    database.write(add_one)
    assert value(database) == 1


def test_a_write_tells_its_thread_alone_that_it_is_open(database: Database) -> None:
    def look(_tx: Transaction) -> tuple[bool, bool]:
        with ThreadPoolExecutor(1) as pool:
            return is_in_transaction(), pool.submit(is_in_transaction).result()

    assert database.write(look) == (True, False)
    assert not is_in_transaction()


def test_what_is_kept_for_the_end_runs_once_and_last(database: Database) -> None:
    seen: list[tuple[list[int], int]] = []

    def end(tx: Transaction, items: Sequence[int]) -> None:
        seen.append((list(items), int(tx.scalar(select(COUNTER.c.value).where(COUNTER.c.name == "a")))))

    def work(tx: Transaction) -> None:
        tx.at_end(end, 1)
        add_one(tx)
        tx.at_end(end, 2)
        add_one(tx)

    database.write(work)
    assert seen == [([1, 2], 2)]


def test_what_was_kept_for_the_end_goes_with_the_attempt(database: Database) -> None:
    seen: list[list[int]] = []

    def insert_twice(tx: Transaction, item: int) -> None:
        tx.at_end(lambda _tx, items: seen.append(list(items)), item)
        tx.execute(COUNTER.insert(), {"name": "a", "value": 1})

    with pytest.raises(IntegrityError):
        database.write(insert_twice, 1)
    assert seen == []


def test_what_waits_for_the_commit_finds_it_done(database: Database) -> None:
    seen: list[int] = []

    def work(tx: Transaction) -> None:
        tx.after_commit(lambda: seen.append(value(database)))
        add_one(tx)

    database.write(work)
    assert seen == [1]


def test_what_waits_for_a_commit_that_never_comes_does_not_happen(database: Database) -> None:
    seen: list[int] = []

    def insert_twice(tx: Transaction) -> None:
        tx.after_commit(lambda: seen.append(1))
        tx.execute(COUNTER.insert(), {"name": "a", "value": 1})

    with pytest.raises(IntegrityError):
        database.write(insert_twice)
    assert seen == []


@pytest.mark.databases("sqlite")
def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"), database.read() as tx:
        add_one(tx)
    assert value(database) == 0


def test_a_value_that_the_database_cannot_hold_is_the_callers_fault(database: Database) -> None:
    with pytest.raises(ValueUnstorable):
        database.write(lambda tx: tx.execute(COUNTER.insert(), {"name": "c", "value": 2**70}))


@pytest.mark.databases("sqlite", "postgresql")
def test_a_number_that_no_column_could_hold_is_the_callers_fault(database: Database) -> None:
    with pytest.raises(ValueUnstorable), database.read() as tx:
        tx.first(select(COUNTER).where(COUNTER.c.value == bindparam("wanted", type_=Integer)), {"wanted": 2**70})


@pytest.mark.databases("postgresql")
def test_a_null_character_is_the_callers_fault_where_it_cannot_be_stored(database: Database) -> None:
    with pytest.raises(ValueUnstorable), database.read() as tx:
        tx.first(select(COUNTER).where(COUNTER.c.name == "a\0b"))


def test_an_insert_of_a_row_that_is_there_does_nothing(database: Database) -> None:
    row = {"name": "c", "value": 1}
    assert [database.write(insert_if_absent, COUNTER, row) for _ in range(2)] == [True, False]


def test_an_insert_that_finds_its_row_lets_the_transaction_go_on(database: Database) -> None:
    def both(tx: Transaction) -> list[bool]:
        return [insert_if_absent(tx, COUNTER, {"name": name, "value": 1}) for name in ("c", "c", "d")]

    assert database.write(both) == [True, False, True]
    with database.read() as tx:
        assert {row.name for row in tx.all(select(COUNTER))} >= {"c", "d"}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (COUNTER, {"name": "n", "value": None}),
        (REMARK, {"number": 1, "about": "nobody"}),
    ],
    ids=["nothing where something must be", "what it refers to is not there"],
)
def test_an_insert_if_absent_hides_no_other_error(database: Database, table: Table, row: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        database.write(insert_if_absent, table, row)
    with database.read() as tx:
        assert [found for found in tx.all(select(table)) if found[0] == next(iter(row.values()))] == []


@pytest.mark.databases("postgresql", "mariadb")
def test_an_insert_if_absent_cuts_nothing_short(database: Database) -> None:
    with pytest.raises(ValueUnstorable):
        database.write(insert_if_absent, COUNTER, {"name": "n" * 17, "value": 1})


def test_a_closed_database_has_no_connection_left_and_opens_anew(database: Database) -> None:
    database.write(add_one)
    assert value(database) == 1
    database.close()
    assert database.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert value(database) == 1


def test_a_ping_finds_nothing_wrong_with_a_database_that_answers(database: Database) -> None:
    assert database.ping() is None


def test_a_database_that_is_not_there_is_unavailable() -> None:
    nowhere = Database("postgresql+psycopg://nobody@/none?host=/nonexistent")
    assert "does not answer" in (nowhere.ping() or "")
    with pytest.raises(DatabaseUnavailable):
        nowhere.write(add_one)
    with pytest.raises(DatabaseUnavailable), nowhere.read() as tx:
        tx.first(select(COUNTER))
    with pytest.raises(DatabaseUnavailable):
        nowhere.glance("SELECT 1")
    nowhere.close()


def test_where_nothing_may_wait_only_a_file_is_glanced_at(database: Database) -> None:
    with at_once(), pytest.raises(TakesLong):
        database.glance("SELECT 1")  # a file may be locked while it is opened
    database.glance("SELECT 1")
    with at_once():
        with pytest.raises(TakesLong), database.read():
            pass
        with pytest.raises(TakesLong):
            database.write(add_one)
        with contextlib.nullcontext() if database.is_sqlite else pytest.raises(TakesLong):
            database.glance("SELECT 1")
    database.write(add_one)
    assert value(database) == 1


def test_a_glance_sees_what_was_committed_and_nothing_else(database: Database) -> None:
    look = "SELECT value FROM counter WHERE name = 'a'"
    assert database.glance(look) == 0

    def add_and_glance(tx: Transaction) -> int:
        add_one(tx)
        return int(database.glance(look))

    assert database.write(add_and_glance) == 0
    assert database.glance(look) == 1
    assert database.glance("SELECT value FROM counter WHERE name = 'nobody'") is None
