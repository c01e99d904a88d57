"""An image service on an empty SQLite database and a store in a temporary folder, and callers of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pileus.image.backend import Backend
from pileus.image.db import tables
from pileus.image.loops.repair import Repair
from pileus.image.service import MIGRATIONS, new_backend, new_loops, new_service, new_stores
from pileus.image.settings import Settings
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from tests.image.bench import HandClock, Site, TinyAuthenticator


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database of the newest schema, as bytes: quicker copied than made."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    MIGRATIONS.sync(database)
    database.close()
    return path.read_bytes()


@pytest.fixture
def new_site(tmp_path: Path, migrated_file: bytes) -> Iterator[Callable[..., Site]]:
    made: list[Backend] = []

    def make(settings: Settings | None = None) -> Site:
        path = tmp_path / "image.sqlite"
        path.write_bytes(migrated_file)
        settings = settings or Settings()
        clock, threads = HandClock(), Threads(4)
        stores = new_stores(settings, tmp_path)
        backend = new_backend(settings, Database(f"sqlite:///{path}"), clock, threads, stores)
        made.append(backend)
        app = App(new_service(backend, TinyAuthenticator()))
        repair = Repair(backend.database, backend.stores, clock)
        loops = new_loops(backend, Leases(backend.database, tables.LEASE, "test", clock))
        assert [loop.name for loop in loops] == ["image-repair"]
        return Site(app, Listener(app, threads), backend, clock, repair.round, tmp_path / "images" / "local")

    yield make
    for backend in made:
        backend.threads.close()
        backend.database.close()


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    return new_site()
