"""An image service as a process of its own: `python -m tests.image.server STATE SETTINGS [FILE_LIMIT_BYTES]`.

The settings are JSON. It prints its port once it listens.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import msgspec

from pileus.image.db import tables
from pileus.image.operations.store import claim
from pileus.image.service import (
    MIGRATIONS,
    new_backend,
    new_caching,
    new_loops,
    new_scrubber,
    new_service,
    new_stores,
    with_imports,
)
from pileus.image.settings import Settings
from pileus.kit import log
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.server import HttpServer, bind
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop
from tests.image.bench import TinyAuthenticator


def main(state: Path, settings: Settings, file_limit_bytes: int | None) -> None:
    """Serve until killed."""
    log.configure(file=state / "log")
    database, clock, threads = Database(f"sqlite:///{state}/image.sqlite"), SystemClock(), Threads()
    MIGRATIONS.sync(database)
    stores = new_stores(settings, state)
    caching = new_caching(settings, stores, state)
    backend = new_backend(settings, database, clock, threads, stores, caching=caching)
    backend, work = with_imports(backend, settings, state)
    if file_limit_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit_bytes, file_limit_bytes))
    claim(database, backend.places)
    work.resume()
    leases = Leases(database, tables.LEASE, "image@here", clock)
    loops = new_loops(backend, leases)
    if settings.delayed_delete:
        scrubber = new_scrubber(settings, database, stores, leases, clock)
        loops.append(Loop("image-scrub", scrubber.round, settings.wakeup_time))
    for loop in loops:
        loop.start()
    socket = bind("127.0.0.1", 0)
    HttpServer([(socket, Listener(App(new_service(backend, TinyAuthenticator())), threads))]).start()
    work.start()
    print(socket.getsockname()[1], flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        msgspec.json.decode(sys.argv[2], type=Settings),
        int(sys.argv[3]) if len(sys.argv) > 3 else None,
    )
