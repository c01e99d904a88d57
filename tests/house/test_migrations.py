"""What each service's migrations make of a database, on every kind of server."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from pileus.compute.service import MIGRATIONS as COMPUTE
from pileus.identity.service import MIGRATIONS as IDENTITY
from pileus.image.service import MIGRATIONS as IMAGE
from pileus.kit.db import Database
from pileus.kit.db.migration import SchemaUnknown
from pileus.placement.service import MIGRATIONS as PLACEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.db.migration import Migrations

ALL = (IDENTITY, IMAGE, PLACEMENT, COMPUTE)
each_service = pytest.mark.parametrize("migrations", ALL, ids=lambda one: one.service)

SYNC = """
import sys
from pileus.kit.db import Database
from pileus.{service}.service import MIGRATIONS
database = Database({url!r})
print("ready", flush=True)
sys.stdin.readline()
print(MIGRATIONS.sync(database))
database.close()
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


@each_service
def test_an_empty_database_becomes_what_the_code_expects(migrations: Migrations, database: Database) -> None:
    assert migrations.current(database) is None
    assert migrations.sync(database)
    assert migrations.differences(database) == []
    assert migrations.current(database) == migrations.newest()
    assert not migrations.sync(database), "a second time there is nothing to do"


def test_two_processes_that_start_at_once_bring_a_database_up_once(database_url: str, database: Database) -> None:
    program = SYNC.format(service="placement", url=database_url)
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = []
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        output, _ = process.communicate(timeout=120)
        said.append((process.returncode, output.strip()))
    assert [code for code, _ in said] == [0, 0]
    assert "True" in [word for _, word in said]
    assert PLACEMENT.differences(database) == []


def test_a_database_of_a_newer_release_is_refused_and_left_alone(database: Database) -> None:
    PLACEMENT.sync(database)
    database.write(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999_future'")))
    with pytest.raises(SchemaUnknown, match="9999_future"):
        PLACEMENT.sync(database)
    assert PLACEMENT.current(database) == "9999_future"


def test_a_column_that_differs_from_the_code_is_told(database: Database) -> None:
    PLACEMENT.sync(database)
    database.write(lambda tx: tx.execute(text("ALTER TABLE trait ADD COLUMN stray INTEGER")))
    assert any("stray" in difference for difference in PLACEMENT.differences(database))
