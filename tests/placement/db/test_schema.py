from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.placement.service import MIGRATIONS

if TYPE_CHECKING:
    from pileus.kit.db import Database


def test_the_migrations_lead_to_the_tables_of_the_code(database: Database) -> None:
    assert MIGRATIONS.differences(database) == []


def test_a_second_start_finds_nothing_to_do(database: Database) -> None:
    assert not MIGRATIONS.sync(database)
