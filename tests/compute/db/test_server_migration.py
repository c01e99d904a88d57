from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.db import server, server_migration
from pileus.compute.model.error.migration import MigrationNotFound
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.flavor import STANDARD
from pileus.compute.model.server_migration import Migration, MigrationStatus, MigrationType
from pileus.kit import ids
from pileus.kit.db import Database
from tests.compute.db.test_server import NOW, new_server

if TYPE_CHECKING:
    pass

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def server_id(database: Database) -> str:
    made = new_server()
    database.write(server.add, made)
    return made.id


def new_migration(database: Database, server_id: str, **changes: Any) -> Migration:
    values: dict[str, Any] = {
        "uuid": ids.new_uuid(), "server_id": server_id, "user_id": "u", "project_id": "p", "created_at": NOW,
        "type": MigrationType.RESIZE, "status": MigrationStatus.FINISHED, "source_host": "h1", "source_node": "n1",
    }  # fmt: skip
    made = Migration(**(values | changes))
    database.write(server_migration.add, made)
    with database.read() as tx:
        return server_migration.get(tx, made.uuid)


def test_a_migration_is_found_by_uuid_and_by_its_servers_number_for_it(database: Database, server_id: str) -> None:
    made = new_migration(database, server_id, old_flavor_number=1)
    with database.read() as tx:
        assert server_migration.find_of(tx, server_id, made.number) == made
        assert server_migration.find_of(tx, server_id, made.number + 1) is None
        assert server_migration.find_of(tx, ids.new_uuid(), made.number) is None
        with pytest.raises(MigrationNotFound):
            server_migration.get(tx, ids.new_uuid())


def test_what_is_over_is_in_progress_no_more(database: Database, server_id: str) -> None:
    made = new_migration(database, server_id)
    new_migration(database, server_id, status=MigrationStatus.CONFIRMED)
    live = new_migration(database, server_id, type=MigrationType.LIVE, status=MigrationStatus.RUNNING)
    with database.read() as tx:
        assert server_migration.list_in_progress(tx, server_id) == [live, made]
        assert server_migration.list_in_progress(tx, server_id, MigrationType.RESIZE) == [made]
    database.write(server_migration.update, made.uuid, LATER, status=MigrationStatus.REVERTED)
    with database.read() as tx:
        assert server_migration.list_in_progress(tx, server_id) == [live]


def test_what_has_ended_otherwise_stays_as_it_is(database: Database, server_id: str) -> None:
    made = new_migration(database, server_id, status=MigrationStatus.RUNNING)
    only_from = (MigrationStatus.PREPARING, MigrationStatus.RUNNING)

    def ends_as(status: MigrationStatus) -> bool:
        return database.write(server_migration.update, made.uuid, LATER, only_from=only_from, status=status)

    assert ends_as(MigrationStatus.COMPLETED)
    assert not ends_as(MigrationStatus.CANCELLED)
    with database.read() as tx:
        assert server_migration.get(tx, made.uuid).status == MigrationStatus.COMPLETED


def test_what_waits_long_is_found(database: Database, server_id: str) -> None:
    made = new_migration(database, server_id)
    with database.read() as tx:
        assert server_migration.list_waiting(tx, (MigrationStatus.FINISHED,), NOW) == []
        assert server_migration.list_waiting(tx, (MigrationStatus.FINISHED,), LATER) == [made]


def test_a_list_is_filtered_and_comes_in_pages(database: Database, server_id: str) -> None:
    first, second = (new_migration(database, server_id, dest_host=host) for host in ("h2", "h3"))
    database.write(server_migration.update, first.uuid, LATER, status=MigrationStatus.ERROR)
    with database.read() as tx:

        def found(**values: Any) -> list[str]:
            return [one.uuid for one in server_migration.list_all(tx, **values)]

        assert found() == [second.uuid, first.uuid]
        assert found(host="h1") == [second.uuid, first.uuid]
        assert found(host="h3") == [second.uuid]
        assert found(status=MigrationStatus.ERROR, project_id="p") == [first.uuid]
        assert found(changed_since=LATER) == [first.uuid]
        assert found(changed_before=NOW) == [second.uuid]
        assert found(limit=1) == [second.uuid]
        assert found(marker=second.uuid) == [first.uuid]
        with pytest.raises(MarkerNotFound):
            found(marker=ids.new_uuid())


def test_a_server_goes_back_to_its_old_size(database: Database, server_id: str) -> None:
    database.write(server.set_flavor, server_id, STANDARD[1], STANDARD[0], NOW)
    with database.read() as tx:
        grown = server.get(tx, server_id)
    assert (grown.flavor, grown.old_flavor) == (STANDARD[1], STANDARD[0])
    database.write(server.set_flavor, server_id, STANDARD[0], None, NOW)
    with database.read() as tx:
        assert (server.get(tx, server_id).flavor, server.get(tx, server_id).old_flavor) == (STANDARD[0], None)
