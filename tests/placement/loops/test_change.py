from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from pileus.kit.clock import SystemClock
from pileus.placement.db import change as changes
from pileus.placement.db.tables import change
from pileus.placement.loops.change import KEPT, forget_old

if TYPE_CHECKING:
    import pytest

    from pileus.kit.db import Database

CLOCK = SystemClock()


def append(database: Database, *ages: timedelta) -> None:
    for number, age in enumerate(ages):
        database.write(changes.add, [number + 1], CLOCK.now() - age)


def list_logged(database: Database) -> list[int]:
    with database.read() as tx:
        return [row.provider_id for row in tx.all(select(change).order_by(change.c.id))]


def test_old_changes_are_forgotten_but_for_the_last_of_them(database: Database) -> None:
    append(database, KEPT * 3, KEPT * 2, timedelta(0), timedelta(0))
    forget_old(database, CLOCK)
    assert list_logged(database) == [2, 3, 4]
    forget_old(database, CLOCK)
    assert list_logged(database) == [2, 3, 4]


def test_when_nothing_was_written_for_long_the_newest_change_stays(database: Database) -> None:
    append(database, KEPT * 3, KEPT * 2)
    forget_old(database, CLOCK)
    assert list_logged(database) == [2]


def test_a_long_log_is_trimmed_in_steps(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_OLD", changes._OLD.limit(2))
    append(database, *[KEPT * 2] * 6)
    assert database.write(changes.trim, CLOCK.now() - KEPT) == 2
    forget_old(database, CLOCK)
    assert list_logged(database) == [6]
