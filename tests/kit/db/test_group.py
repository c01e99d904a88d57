"""Writers on SQLite that share a commit: each has its own success or failure, and nobody returns too early or never."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, event, select
from sqlalchemy.exc import IntegrityError, OperationalError

from pileus.kit.db import Database, Transaction, group
from pileus.kit.db.database import is_in_transaction
from pileus.kit.db.types import new_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

METADATA = new_metadata()
NOTE = Table("note", METADATA, Column("number", Integer, primary_key=True), Column("writer", Integer, nullable=False))
REMARK = Table("remark", METADATA, Column("about", Integer, ForeignKey("note.number")), Column("data", LargeBinary))


class Interrupted(BaseException):
    """What Ctrl-C does."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests hold writers up; a group shall not end for that."""
    monkeypatch.setattr(group, "LONGEST_S", 60)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/group.sqlite")
    with made.engine.begin() as connection:
        METADATA.create_all(connection)
    yield made
    made.close()


@pytest.fixture
def commits(database: Database) -> list[float]:
    """When the writers' engine committed."""
    made: list[float] = []
    event.listen(database.engine, "commit", lambda _connection: made.append(time.monotonic()))
    return made


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(80) as pool:
        yield pool


def note(tx: Transaction, writer: int) -> int:
    tx.execute(NOTE.insert(), {"writer": writer})
    return writer


def list_writers(database: Database) -> list[int]:
    with database.read() as tx:
        return [row.writer for row in tx.all(select(NOTE).order_by(NOTE.c.number))]


class Queue:
    """Writers that stand behind one who does not let them on before he is told to."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor) -> None:
        self._database, self._pool = database, pool
        self._may_go = threading.Event()
        has_turn = threading.Event()

        def hold(tx: Transaction) -> int:
            has_turn.set()
            self._may_go.wait(30)
            return note(tx, -1)

        self.first: Future[int] = pool.submit(database.write, hold)
        has_turn.wait(30)

    def add(self, fn: Callable[..., Any], *args: Any) -> Future[Any]:
        turns = self._database._group
        assert turns is not None
        before = len(turns._waiting)
        future = self._pool.submit(self._database.write, fn, *args)
        while len(turns._waiting) == before:
            time.sleep(0.001)
        return future

    def go(self) -> None:
        self._may_go.set()


def test_writers_that_wait_share_one_commit_in_the_order_in_which_they_came(
    database: Database, pool: ThreadPoolExecutor, commits: list[float]
) -> None:
    queue = Queue(database, pool)
    waiting = [queue.add(note, writer) for writer in range(20)]
    queue.go()
    assert [one.result(30) for one in waiting] == list(range(20))
    assert list_writers(database) == [-1, *range(20)]
    assert len(commits) == 1


def test_a_writer_alone_commits_at_once(database: Database, commits: list[float]) -> None:
    for writer in range(3):
        database.write(note, writer)
    assert len(commits) == 3


@pytest.mark.parametrize(("most", "longest_s"), [(10, 60), (64, 0)])
def test_a_group_is_bounded_in_number_and_time(
    database: Database,
    pool: ThreadPoolExecutor,
    commits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    longest_s: int,
) -> None:
    monkeypatch.setattr(group, "MOST_MEMBERS", most)
    monkeypatch.setattr(group, "LONGEST_S", longest_s)
    queue = Queue(database, pool)
    waiting = [queue.add(note, writer) for writer in range(29)]
    queue.go()
    assert [one.result(30) for one in waiting] == list(range(29))
    assert len(commits) == (3 if most == 10 else 30)


def test_one_that_fails_undoes_what_it_did_and_no_more(
    database: Database, pool: ThreadPoolExecutor, commits: list[float]
) -> None:
    def fail(tx: Transaction, how: BaseException) -> None:
        note(tx, 99)
        raise how

    queue = Queue(database, pool)
    good = [queue.add(note, 1)]
    bad = queue.add(fail, ValueError("mine"))
    good.append(queue.add(note, 2))
    worse = queue.add(fail, Interrupted())
    queue.go()
    assert [one.result(30) for one in good] == [1, 2]
    with pytest.raises(ValueError, match="mine"):
        bad.result(30)
    with pytest.raises(Interrupted):
        worse.result(30)
    assert list_writers(database) == [-1, 1, 2]
    assert len(commits) == 1, "also when the last of the group fails"


def test_a_broken_constraint_is_tried_again_by_its_writer_alone(database: Database, pool: ThreadPoolExecutor) -> None:
    tries: list[str] = []

    def insert(tx: Transaction, name: str) -> None:
        tries.append(name)
        note(tx, 1)
        if name == "bad":
            tx.execute(NOTE.insert(), {"number": 1, "writer": 2})

    queue = Queue(database, pool)
    futures = {name: queue.add(insert, name) for name in ("good", "bad", "other")}
    queue.go()
    futures["good"].result(30)
    futures["other"].result(30)
    with pytest.raises(IntegrityError):
        futures["bad"].result(30)
    assert sorted(tries) == ["bad", "bad", "bad", "good", "other"]
    assert list_writers(database) == [-1, 1, 1]


def test_nobody_returns_before_the_commit_also_not_with_a_refusal(database: Database, pool: ThreadPoolExecutor) -> None:
    holding, may_go = threading.Event(), threading.Event()

    def refuse(tx: Transaction) -> None:
        assert tx.all(select(NOTE)), "it sees what the others wrote before"
        raise LookupError

    def hold(tx: Transaction) -> None:
        holding.set()
        may_go.wait(30)

    queue = Queue(database, pool)
    others = [queue.add(note, 1), queue.add(refuse)]
    queue.add(hold)
    queue.go()
    assert holding.wait(30)
    time.sleep(0.05)
    assert not any(one.done() for one in [queue.first, *others])
    assert list_writers(database) == []
    may_go.set()
    assert others[0].result(30) == 1
    with pytest.raises(LookupError):
        others[1].result(30)
    assert list_writers(database) == [-1, 1]


def test_a_commit_that_fails_is_told_to_all_who_then_try_again(database: Database, pool: ThreadPoolExecutor) -> None:
    tries: list[int] = []

    def write(tx: Transaction, writer: int) -> int:
        tries.append(writer)
        if writer == 1 and tries.count(1) == 1:  # what refers to nothing is found at COMMIT only
            tx._connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            tx.execute(REMARK.insert(), {"about": 12345})
        return note(tx, writer)

    queue = Queue(database, pool)
    waiting = [queue.add(write, writer) for writer in range(3)]
    queue.go()
    assert queue.first.result(30) == -1
    assert [one.result(30) for one in waiting] == [0, 1, 2]
    assert sorted(tries) == [0, 0, 1, 1, 2, 2]
    assert sorted(list_writers(database)) == [-1, 0, 1, 2]


def test_a_full_disk_is_told_to_all_whose_work_it_undid(database: Database, pool: ThreadPoolExecutor) -> None:
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 8}")
    queue = Queue(database, pool)
    before = queue.add(note, 1)
    full = queue.add(lambda tx: tx.execute(REMARK.insert(), {"data": b"x" * 100_000}))
    after = queue.add(note, 2)
    queue.go()
    for one in (queue.first, before, full):
        with pytest.raises(OperationalError, match="full"):
            one.result(30)
    assert after.result(30) == 2, "it comes after the end of that group"
    assert list_writers(database) == [2]


def test_who_goes_on_after_a_full_disk_hides_it_from_nobody(database: Database, pool: ThreadPoolExecutor) -> None:
    def go_on(tx: Transaction) -> None:
        with contextlib.suppress(OperationalError):
            tx.execute(REMARK.insert(), {"data": b"x" * 100_000})

    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 8}")
    queue = Queue(database, pool)
    before, careless = queue.add(note, 1), queue.add(go_on)
    queue.go()
    for one in (queue.first, before, careless):
        with pytest.raises(OperationalError):
            one.result(30)
    assert list_writers(database) == []


def test_a_commit_that_is_interrupted_leaves_nobody_waiting(database: Database, pool: ThreadPoolExecutor) -> None:
    def interrupt(_connection: object) -> None:
        event.remove(database.engine, "commit", interrupt)
        raise Interrupted

    event.listen(database.engine, "commit", interrupt)
    queue = Queue(database, pool)
    last = queue.add(note, 1)
    queue.go()
    with pytest.raises(Interrupted):
        last.result(30)
    with pytest.raises(group.CommitInterrupted):
        queue.first.result(30)
    assert list_writers(database) == []
    assert database.write(note, 2) == 2


def test_every_function_runs_on_its_callers_thread(database: Database, pool: ThreadPoolExecutor) -> None:
    def look(tx: Transaction) -> tuple[int, bool]:
        return threading.get_ident(), is_in_transaction()

    def work() -> tuple[int, tuple[int, bool], bool]:
        return threading.get_ident(), database.write(look), is_in_transaction()

    for mine, (seen, is_open), is_still_open in [one.result(30) for one in [pool.submit(work) for _ in range(64)]]:
        assert (seen, is_open, is_still_open) == (mine, True, False)


def test_one_who_is_interrupted_as_the_turn_comes_commits_for_those_before(
    database: Database, pool: ThreadPoolExecutor
) -> None:
    queue = Queue(database, pool)
    turns = database._group
    assert turns is not None

    def interrupt(frame: object, kind: str, arg: object) -> None:
        if kind == "c_call" and getattr(arg, "__name__", "") == "acquire" and turns._waiting:
            queue.go()
            while turns._waiting:
                time.sleep(0.001)
            raise Interrupted

    def wait() -> None:
        sys.setprofile(interrupt)
        try:
            with contextlib.suppress(Interrupted):
                database.write(note, 99)
        finally:
            sys.setprofile(None)

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert queue.first.result(30) == -1
    waiter.join(30)
    assert database.write(note, 1) == 1
    assert list_writers(database) == [-1, 1]


def test_writers_that_fail_in_every_way_keep_nobody_waiting(
    database: Database, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "LONGEST_S", 0.005)
    monkeypatch.setattr(group, "MOST_MEMBERS", 7)

    def write(tx: Transaction, writer: int, dice: random.Random) -> int:
        note(tx, writer)
        match dice.randrange(6):
            case 0:
                raise ValueError
            case 1:
                raise Interrupted
            case 2:
                tx.execute(NOTE.insert(), {"number": 1, "writer": -1})
            case 3:
                time.sleep(0.001)
        return writer

    def work(writer: int) -> int:
        dice, done = random.Random(writer), 0  # noqa: S311 (no secret)
        for _ in range(20):
            with contextlib.suppress(ValueError, Interrupted, IntegrityError):
                database.write(write, writer, dice)
                done += 1
        return done

    database.write(note, -1)
    done = list(pool.map(work, range(32), timeout=120))
    written = list_writers(database)
    assert [written.count(writer) for writer in range(32)] == done
    assert 0 < sum(done) < 32 * 20


WRITERS = """
import sys
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, {root!r})
from pileus.kit.db import Database
from tests.kit.db.test_group import note
database = Database({url!r})
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda number: database.write(note, {number}), range(200)))
"""


def test_writers_of_other_processes_come_in_between(database: Database, pytestconfig: pytest.Config) -> None:
    programs = [
        WRITERS.format(root=str(pytestconfig.rootpath), url=str(database.url), number=number) for number in range(3)
    ]
    with contextlib.ExitStack() as stack:
        others = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for program in programs
        ]
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
        for other in others:
            assert other.stdin is not None
            other.stdin.write("\n")
            other.stdin.flush()
        assert [other.wait(100) for other in others] == [0, 0, 0]
    written = list_writers(database)
    assert [written.count(number) for number in range(3)] == [200, 200, 200]
