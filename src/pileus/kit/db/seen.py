"""What was read of a database's file, good until the next commit of anybody."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Concatenate, ParamSpec, TypeVar

from pileus.kit.db.database import Database
from pileus.kit.db.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")


class Seen:
    """Reads through a memory of so many values; on databases without a `Database.version` it reads each time.

    Threads share it without a lock: the worst that a race does is to forget.
    """

    def __init__(self, database: Database, size: int) -> None:
        self._database = database
        self._size = size
        self._page: tuple[int, dict[Hashable, Any]] = (-1, {})

    def read(self, fn: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `fn(transaction, …)` does, or did with the same arguments; None is not remembered.

        Nobody may change what is returned: the next one gets it too.
        """
        version, key = self._database.version(), (fn, args, *kwargs.items())
        known, values = self._page
        if version is not None and version == known and key in values:
            kept: T = values[key]
            return kept
        with self._database.read() as tx:
            value = fn(tx, *args, **kwargs)
        if version is not None and value is not None:
            self._keep(version, key, value)
        return value

    def _keep(self, version: int, key: Hashable, value: object) -> None:
        """Keep what was read after `version` was, and so is at least as new."""
        known, values = self._page
        if version != known or len(values) >= self._size:
            values = {}
            self._page = (version, values)
        values[key] = value
