"""One transaction, as `db/` modules see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Executable, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.engine import Row as SqlRow

Row = SqlRow[Any]
T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Transaction:
    """A connection inside BEGIN … COMMIT. Statements see each other; nobody else sees them until the end."""

    __slots__ = ("_after_commit", "_at_end", "_connection", "notes")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at_end: dict[Callable[[Transaction, Sequence[Any]], None], list[Any]] = {}
        self._after_commit: list[Callable[[], None]] = []
        self.notes: list[object] | None = None  # what has happened, for `Database.end_writes_with`; None: nobody reads

    @property
    def dialect(self) -> str:
        """sqlite, postgresql or mariadb."""
        name = self._connection.dialect.name
        return "mariadb" if name == "mysql" else name

    def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        """Run a statement; many times if given many parameters."""
        return self._connection.execute(statement, parameters)

    def first(self, statement: Executable, parameters: Parameters = None) -> Row | None:
        """Return the first row, or None."""
        return self._connection.execute(statement, parameters).first()

    def all(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row]:
        """Return all rows."""
        return self._connection.execute(statement, parameters).all()

    def tuples(self, statement: Executable, parameters: Parameters = None) -> Sequence[tuple[Any, ...]]:
        """Return all rows, to be unpacked where they are many."""
        return cast("Sequence[tuple[Any, ...]]", self.all(statement, parameters))

    def scalar(self, statement: Executable, parameters: Parameters = None) -> Any:
        """Return the first column of the first row, or None."""
        return self._connection.execute(statement, parameters).scalar()

    def lock(self, key: ColumnElement[Any], value: Any) -> None:
        """Let nobody else change the row with this key before the transaction ends."""
        self.execute(select(key).where(key == value).with_for_update())

    def changed(self, statement: Executable, parameters: Parameters = None) -> int:
        """Run an INSERT, UPDATE or DELETE and return how many rows it touched."""
        return self._connection.execute(statement, parameters).rowcount

    def at_end(self, fn: Callable[[Transaction, Sequence[T]], None], item: T) -> None:
        """Run `fn(transaction, items)` as the last before COMMIT: once, with every item that was given for it."""
        self._at_end.setdefault(fn, []).append(item)

    def after_commit(self, fn: Callable[[], None]) -> None:
        """Run `fn` once all this is committed, on the same thread; never if it is not. It must not fail."""
        self._after_commit.append(fn)

    def note(self, news: object) -> None:
        """Note what has happened, for whoever is told of it at the end; mostly that is nobody."""
        if self.notes is not None:
            self.notes.append(news)

    def finish(self) -> None:
        """Run what was kept for the end."""
        for fn, items in self._at_end.items():
            fn(self, items)

    def committed(self) -> None:
        """Run what waited for the commit."""
        for fn in self._after_commit:
            fn()
