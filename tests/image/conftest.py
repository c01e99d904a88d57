"""An image service on an empty SQLite database and a store in a temporary folder, and callers of every kind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pileus.clients.limit import UnifiedLimits
from pileus.image.backend import Backend
from pileus.image.db import tables
from pileus.image.loops.repair import Repair
from pileus.image.service import MIGRATIONS, new_backend, new_caching, new_loops, new_service, new_stores, with_imports
from pileus.image.settings import Settings
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from tests.image.bench import HandClock, Site, TinyAuthenticator
from tests.image.process import Server
from tests.migrated import migrated


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database of the newest schema, as bytes: quicker copied than made."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite"
    with migrated(f"sqlite:///{path}", MIGRATIONS):
        pass
    return path.read_bytes()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Image's own database, on each of the servers."""
    with migrated(database_url, MIGRATIONS) as made:
        yield made


@pytest.fixture
def new_site(tmp_path: Path, migrated_file: bytes) -> Iterator[Callable[..., Site]]:
    made: list[Backend] = []

    def make(settings: Settings | None = None, unified_limits: UnifiedLimits | None = None) -> Site:
        path = tmp_path / "image.sqlite"
        path.write_bytes(migrated_file)
        settings = settings or Settings()
        clock, threads = HandClock(), Threads(4)
        stores = new_stores(settings, tmp_path)
        caching = new_caching(settings, stores, tmp_path)
        database = Database(f"sqlite:///{path}")
        backend = new_backend(
            settings, database, clock, threads, stores, caching=caching, unified_limits=unified_limits
        )
        backend, work = with_imports(backend, settings, tmp_path)
        made.append(backend)
        app = App(new_service(backend, TinyAuthenticator()))
        repair = Repair(backend.database, backend.places, clock)
        loops = new_loops(backend, Leases(backend.database, tables.LEASE, "test", clock))
        assert [loop.name for loop in loops] == [
            "image-repair",
            *(["image-cache"] if caching is not None else []),
            "image-task",
        ]
        return Site(app, Listener(app, threads), backend, clock, repair.round, tmp_path / "images" / "local", work)

    yield make
    for backend in made:
        backend.threads.close()
        backend.database.close()


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    return new_site()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def run(*, file_limit_bytes: int | None = None, **settings: Any) -> Server:
        arguments = [sys.executable, "-m", "tests.image.server", str(tmp_path), json.dumps(settings)]
        if file_limit_bytes is not None:
            arguments.append(str(file_limit_bytes))
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        assert process.stdout is not None
        with process.stdout as out:
            servers.append(Server(process, int(out.readline()), tmp_path))
        return servers[-1]

    yield run
    for server in servers:
        server.process.kill()
        server.process.wait()
