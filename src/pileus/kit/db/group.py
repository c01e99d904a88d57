"""Group commit: writers that wait for each other anyway share one transaction, and so one wait for the disk."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pileus.kit.db.fair import FairLock
from pileus.kit.errors import Unavailable

T = TypeVar("T")

MOST_MEMBERS = 64
LONGEST_S = 0.02  # the first of a group waits for the last, and other processes for them all


class CommitInterrupted(Unavailable):
    """Whoever committed for the group was stopped, as by Ctrl-C."""

    message = "The database was interrupted."


class Group:
    """One transaction of several writers. Only whoever has the turn works in it; all learn how it ended."""

    def __init__(self, engine: Engine) -> None:
        with ExitStack() as stack:
            self._connection = stack.enter_context(engine.connect())
            stack.enter_context(self._connection.begin())
            self._cursor = self._connection.connection.cursor()
            self._stack = stack.pop_all()
        self._driver_error = engine.dialect.loaded_dbapi.Error
        self._until = time.monotonic() + LONGEST_S
        self._members = 0
        self._broken: Exception | None = None
        self._outcome: Exception | None = CommitInterrupted()
        self._ended = threading.Event()

    @property
    def is_full(self) -> bool:
        """Whether nobody else may join."""
        return self._broken is not None or self._members >= MOST_MEMBERS or time.monotonic() > self._until

    def run(self, fn: Callable[[Connection], T]) -> T:
        """Run a member's function; if it fails, nothing of it stays, and all that the others did."""
        self._members += 1
        self._say("SAVEPOINT member")
        try:
            result = fn(self._connection)
        except BaseException as error:
            self._undo(error)
            raise
        try:
            self._say("RELEASE member")
        except Exception as error:
            self._broken = error  # it went on after SQLite had undone it all: nobody's rows are there
            raise
        return result

    def _undo(self, why: BaseException) -> None:
        try:
            self._say("ROLLBACK TO member")
            self._say("RELEASE member")
        except Exception as error:  # noqa: BLE001 (when its disk is full SQLite has undone it all, and all are told)
            self._broken = why if isinstance(why, DBAPIError) else error

    def _say(self, sql: str) -> None:
        """Run a statement that has no parameters and no rows, without what SQLAlchemy does for those that have."""
        try:
            self._cursor.execute(sql)
        except self._driver_error as error:
            raise DBAPIError.instance(sql, None, error, self._driver_error) from error

    def end(self) -> None:
        """Commit, and let the members go."""
        try:
            with self._stack:
                if self._broken is not None:
                    raise self._broken  # noqa: TRY301 (that the stack undoes it all)
            self._outcome = None
        except Exception as error:  # noqa: BLE001 (every member raises it)
            self._outcome = error
        finally:
            self._ended.set()

    def wait(self) -> None:
        """Return once all is committed. Raises what kept it from being so."""
        self._ended.wait()
        if self._outcome is not None:
            raise copy.copy(self._outcome) from self._outcome  # one for each thread, which adds its own traceback


class GroupCommit(FairLock):
    """The turn to write, which takes an open transaction along from thread to thread.

    Every function runs on its caller's own thread, one after the other in the order in which they came. Whoever leaves
    when nobody waits, or when the group is full, commits; only then does any of them return, also one that failed,
    since it may have failed because of what another had written.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._group: Group | None = None  # belongs to whoever has the turn

    def write(self, fn: Callable[[Connection], T]) -> T:
        """Run a function that writes; return when that is committed. Raises what it raises, or what the commit does."""
        group: Group | None = None
        try:
            with self:
                group = self._group = self._group or Group(self._engine)
                result = group.run(fn)
        except Exception:
            if group is not None:
                group.wait()
            raise
        group.wait()
        return result

    def _pass_on(self) -> None:
        group = self._group
        if group is not None and not group.is_full:
            with self._guard:
                if self._call_next():
                    return
        self._group = None
        try:
            if group is not None:
                group.end()
        finally:
            super()._pass_on()
