from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.identity.service import MIGRATIONS

if TYPE_CHECKING:
    from pileus.kit.db import Database


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    assert MIGRATIONS.differences(database) == []
