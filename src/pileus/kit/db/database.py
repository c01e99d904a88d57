"""A database and its two kinds of transaction: read and write."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection

from pileus.kit import log
from pileus.kit.db.group import GroupCommit
from pileus.kit.db.transaction import Transaction
from pileus.kit.errors import Invalid, Unavailable
from pileus.kit.patience import require_time_to_wait

P = ParamSpec("P")
T = TypeVar("T")

logger = log.get_logger("pileus.db")

BUSY_TIMEOUT_S = 30  # for a lock that another process holds, or a connection that another thread has
MAPPED_BYTES = 2**28  # of a file, which readers then look at without a system call for each page
WRITE_ATTEMPTS = 10
CONSTRAINT_ATTEMPTS = 3
_RETRYABLE_SQLSTATES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock
_RETRYABLE_ERRNOS = {1205, 1213, 1020}  # MariaDB: lock wait timeout, deadlock, record changed

_open = threading.local()


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or others keep it busy."""

    message = "The database does not answer."


class ValueUnstorable(Invalid):
    """A value is too long, too large, or of characters that this database does not take."""

    message = "The request holds a value that cannot be stored."


def without_password(url: str) -> str:
    """Return a database's URL as people may see it."""
    try:
        return make_url(url).render_as_string()
    except ArgumentError:
        return "which is no SQLAlchemy URL"


def is_in_transaction() -> bool:
    """Tell whether this thread holds a write transaction, in which no other service may be called."""
    return getattr(_open, "depth", 0) > 0


class Database:
    """One service's database.

    SQLite: one writer at a time, in order of arrival within the process and by BEGIN IMMEDIATE among processes, while
    readers go on; those that wait for each other share a commit. PostgreSQL and MariaDB: READ COMMITTED, and a conflict
    is tried again in a new transaction.
    """

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(self.url, pool_size=1, is_reader=False)
            self._reader = _sqlite_engine(self.url, pool_size=pool_size, is_reader=True)
        else:
            self._writer = self._reader = create_engine(
                self.url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, pool_recycle=3600,
                pool_timeout=BUSY_TIMEOUT_S, isolation_level="READ COMMITTED", hide_parameters=True,
            )  # fmt: skip
        self._driver_error = self._reader.dialect.loaded_dbapi.Error
        self._glancing: list[PoolProxiedConnection] = []
        self._watch: PoolProxiedConnection | None = None
        self._opening = threading.Lock()
        self._looking = threading.Lock()
        self._is_closed = False
        self._group = GroupCommit(self._writer) if self.is_sqlite else None
        self._at_end: Callable[[Transaction], None] | None = None

    @property
    def engine(self) -> Engine:
        """The engine that writes, for migrations."""
        return self._writer

    def end_writes_with(self, fn: Callable[[Transaction], None]) -> None:
        """Run `fn` as the last before COMMIT of every write from now on. It finds what was noted in `notes`."""
        self._at_end = fn

    @contextlib.contextmanager
    def read(self, *, is_snapshot: bool = False) -> Iterator[Transaction]:
        """Open a transaction that only reads; as a snapshot, all of its statements see the same moment."""
        require_time_to_wait()
        with _meaning(), self._reader.connect() as connection:
            if is_snapshot and not self.is_sqlite:  # where every transaction is one
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield Transaction(connection)  # begun by the first statement, and rolled back: there is nothing to commit

    def glance(self, sql: str) -> Any:
        """Return one value as it is at this moment, in no transaction: a tenth of what `read` costs.

        It is for what every request asks, and maybe more than once. Raises DatabaseUnavailable.
        """
        if not self.is_sqlite:
            require_time_to_wait()
        try:
            connection = self._lend()
            try:
                cursor = connection.cursor()
                cursor.execute(sql)
                row = cursor.fetchone()
                cursor.close()
            finally:
                self._take_back(connection)
        except (self._driver_error, PoolTimeout) as error:
            logger.warning("the database does not answer", reason=str(error))
            raise DatabaseUnavailable from error
        return None if row is None else row[0]

    def version(self) -> int | None:
        """Return a number that every commit to a SQLite file moves, whoever makes it; None for the other databases.

        Raises DatabaseUnavailable.
        """
        if not self.is_sqlite:
            return None
        try:
            watching = self._watching()
            with self._looking:  # a look that begins before another has ended sees that one's moment
                cursor = watching.cursor()
                cursor.execute("PRAGMA data_version")
                row: Any = cursor.fetchone()
                cursor.close()
            return int(row[0])
        except self._driver_error as error:
            logger.warning("the database does not answer", reason=str(error))
            raise DatabaseUnavailable from error

    def _watching(self) -> PoolProxiedConnection:
        """Return the connection that counts; numbers of two connections cannot be compared."""
        if self._watch is None:
            require_time_to_wait()  # a file may be locked while it is opened
            with self._opening:
                self._watch = self._watch or self._reader.raw_connection()
        return self._watch

    def _lend(self) -> PoolProxiedConnection:
        try:
            return self._glancing.pop()
        except IndexError:
            require_time_to_wait()  # a file may be locked while it is opened
            return self._reader.raw_connection()

    def _take_back(self, connection: PoolProxiedConnection) -> None:
        """Keep a file's connection at hand: what the pool does for each loan takes longer than the look itself."""
        if self.is_sqlite and not self._is_closed:
            self._glancing.append(connection)
        else:
            connection.close()

    def write(self, fn: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(transaction, …)` and commit; on a conflict with another writer run it again from the start.

        `fn` must have no effect but on the database. A broken constraint is such a conflict too: `fn` looked first, so
        somebody else wrote that name, or removed that row, between its look and its write. Run again it sees that, and
        says so in its own words.

        Raises DatabaseUnavailable, ValueUnstorable.
        """
        if is_in_transaction():
            raise AssertionError("a write transaction inside another")
        require_time_to_wait()
        with _meaning():
            return self._write_until_done(fn, *args, **kwargs)

    def _write_until_done(self, fn: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        started = time.monotonic()
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                return self._write_once(fn, *args, **kwargs)
            except DBAPIError as error:
                if attempt >= _attempts(error) or time.monotonic() - started > BUSY_TIMEOUT_S:
                    raise
                time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 (spreads writers, hides nothing)
        raise AssertionError("unreachable")

    def _write_once(self, fn: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run(connection: Connection) -> tuple[Transaction, T]:
            _open.depth = 1
            try:
                tx = Transaction(connection)
                tx.notes = None if self._at_end is None else []
                result = fn(tx, *args, **kwargs)
                tx.finish()
                if self._at_end is not None:
                    self._at_end(tx)
                return tx, result
            finally:
                _open.depth = 0

        if self._group is not None:
            tx, result = self._group.write(run)
        else:
            with self._writer.connect() as connection, connection.begin():
                tx, result = run(connection)
        tx.committed()
        return result

    def ping(self) -> str | None:
        """Return what is wrong with the database, or None."""
        try:
            with self._reader.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            return f"the database does not answer ({type(error).__name__})"
        return None

    def trouble(self) -> dict[str, str]:
        """Return what is wrong, as a service's health names it: nothing, or `{"database": why}`."""
        wrong = self.ping()
        return {} if wrong is None else {"database": wrong}

    def close(self) -> None:
        """Give back all connections."""
        self._is_closed = True
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        while self._glancing:
            self._glancing.pop().close()
        self._reader.dispose()
        if self._writer is not self._reader:
            self._writer.dispose()


@contextlib.contextmanager
def _meaning() -> Iterator[None]:
    """Say what a database's own errors mean, where they are no fault of ours."""
    try:
        yield
    except (DataError, OverflowError) as error:
        if isinstance(error, OverflowError) and "SQLite" not in str(error):
            raise
        logger.warning("a value cannot be stored", reason=str(error))
        raise ValueUnstorable from error
    except PoolTimeout as error:
        logger.warning("no connection to the database was free", reason=str(error))
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if not (is_conflict(error) or error.connection_invalidated or error.statement is None):
            raise
        logger.warning("the database does not answer", reason=str(error))
        raise DatabaseUnavailable from error


def _attempts(error: DBAPIError) -> int:
    """Return how often a transaction is worth being tried that ends like this."""
    if isinstance(error, IntegrityError):
        return CONSTRAINT_ATTEMPTS
    return WRITE_ATTEMPTS if is_conflict(error) else 1


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether another writer was in the way, so that the same transaction may succeed if tried again."""
    original: Any = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return isinstance(error, OperationalError) and "locked" in str(original)
    if getattr(original, "sqlstate", None) in _RETRYABLE_SQLSTATES:
        return True
    arguments: Any = getattr(original, "args", ())
    return bool(arguments) and arguments[0] in _RETRYABLE_ERRNOS


def _sqlite_engine(url: Any, *, pool_size: int, is_reader: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=-1 if is_reader else 0,
        pool_timeout=BUSY_TIMEOUT_S,
        hide_parameters=True,  # a statement in the log must not show a password's hash
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        _turn_to_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        # Upper and lower case mean what they mean on the others: two in LIKE, and not only of the Latin letters.
        cursor.execute("PRAGMA case_sensitive_like=ON")
        connection.create_function("lower", 1, _lower, deterministic=True)
        if is_reader:
            cursor.execute("PRAGMA query_only=ON")
            cursor.execute(f"PRAGMA mmap_size={MAPPED_BYTES}")
        cursor.close()

    def begin(dbapi_connection: PoolProxiedConnection) -> None:
        # Python's sqlite3 would begin deferred, and a reader that turns writer then fails instead of waiting.
        dbapi_connection.cursor().execute("BEGIN" if is_reader else "BEGIN IMMEDIATE")

    # The dialect's own way and no listener's: an engine that has one looks for more at every step of every statement.
    engine.dialect.do_begin = begin  # type: ignore[method-assign]
    return engine


def _turn_to_wal(cursor: sqlite3.Cursor) -> None:
    """Have readers go on beside a writer, for good: the file remembers it.

    Two that turn a new file at once each hold what the other needs. SQLite refuses one of them at once, without the
    wait that it grants elsewhere; by the next look the file is turned.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0, 0.02))  # noqa: S311 (spreads them, hides nothing)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
