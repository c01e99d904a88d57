from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pileus.compute.db import server as rows
from pileus.compute.model.error.server import MetadataItemNotFound
from pileus.compute.model.server import VmState
from pileus.compute.operations import metadata
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Database
from tests.compute.db.test_server import NOW, new_server

if TYPE_CHECKING:
    from pileus.compute.model.server import Server

QUOTA = QuotaSettings()


@pytest.fixture
def stale(database: Database) -> Server:
    """A server as somebody saw it before the others wrote."""
    server = new_server(vm_state=VmState.ACTIVE, task_state=None, metadata={"old": "1"})
    database.write(rows.add, server)
    return server


def metadata_of(database: Database, server: Server) -> dict[str, str]:
    with database.read() as tx:
        return dict(rows.get(tx, server.id).metadata)


def test_what_was_written_since_a_server_was_read_stays(database: Database, stale: Server) -> None:
    assert database.write(metadata.merge, stale, {"a": "1"}, QUOTA, NOW) == {"old": "1", "a": "1"}
    assert database.write(metadata.merge, stale, {"b": "2"}, QUOTA, NOW) == {"old": "1", "a": "1", "b": "2"}
    database.write(metadata.remove, stale, "old", NOW)
    assert metadata_of(database, stale) == {"a": "1", "b": "2"}
    with pytest.raises(MetadataItemNotFound):
        database.write(metadata.remove, stale, "old", NOW)


def test_of_changes_at_the_same_time_none_is_lost(database: Database, stale: Server) -> None:
    threads = [
        threading.Thread(target=database.write, args=(metadata.merge, stale, {f"key{n}": "x"}, QUOTA, NOW))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metadata_of(database, stale).keys() == {"old", *(f"key{n}" for n in range(8))}
