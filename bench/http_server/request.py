"""Where the microseconds of a short request go: ``python -m bench.http_server.request``.

CPU time, in one thread and without a socket, so that it says little about
requests per second and much about which part grew. A part alone finds its code
in the processor's caches; the same part of a whole request does not, and takes
about twice as long.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from pileus.kit import log
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.auth import NoAuth
from pileus.kit.http.message import Reply, Request
from pileus.placement.api import inventory, usage
from pileus.placement.service import MIGRATIONS, new_backend, new_service

UUID = "00000000-0000-0000-0000-000000000001"
PROVIDER = f"/resource_providers/{UUID}"
HEADERS = {"x-auth-token": "admin", "openstack-api-version": "placement latest", "accept": "application/json"}
STOCK = {"VCPU": {"total": 64}, "MEMORY_MB": {"total": 128_000}, "DISK_GB": {"total": 2000}}
ROUNDS, REPEATS = 2000, 5


def main() -> None:
    """Measures on a store with one provider, and prints a table."""
    with tempfile.TemporaryDirectory() as state:
        log.configure(file=Path(state) / "request.log")
        database = Database(f"sqlite:///{state}/placement.sqlite")
        MIGRATIONS.sync(database)
        measure(database)
        database.close()


def measure(database: Database) -> None:
    """Times the whole and its parts."""
    backend = new_backend(database, SystemClock())
    app = App(new_service(backend, NoAuth()))
    logger = log.get_logger("bench")
    require(app.handle(request("POST", "/resource_providers", {"name": "one", "uuid": UUID})))
    stock = {"resource_provider_generation": 0, "inventories": STOCK}
    require(app.handle(request("PUT", f"{PROVIDER}/inventories", stock)))
    one = request("GET", f"{PROVIDER}/inventories")
    require(app.handle(one))  # now it has been routed, and its caller is known

    def read() -> None:
        with database.read():
            pass

    def line() -> None:
        logger.info("request", service="bench", method=one.method, path=one.path, status=200, ms=1.2, user_id="admin")

    row("inventories, the whole request", lambda: app.handle(request("GET", f"{PROVIDER}/inventories")))
    row("  its handler", lambda: inventory.list_(one, backend))
    row("usages, the whole request", lambda: app.handle(request("GET", f"{PROVIDER}/usages")))
    row("  its handler", lambda: usage.show_provider(one, backend))
    row("finding a route", lambda: app.service.routes.find(one.method, one.path, one.version))
    row("asking the policy", lambda: one.require({"project_id": "admin"}))
    row("a transaction without a statement", read)
    row("a line of the log", line)


def request(method: str, path: str, body: object = None) -> Request:
    """A request of the administrator."""
    said = {} if body is None else {"content-type": "application/json"}
    data = b"" if body is None else msgspec.json.encode(body)
    return Request(method=method, path=path, headers={**HEADERS, **said}, body=data)


def require(reply: Reply) -> None:
    """Stops at a refusal: it would be measured as a very fast success."""
    if reply.status >= 300:
        raise RuntimeError(f"{reply.status}: {reply.body!r}")


def row(name: str, fn: Callable[[], object]) -> None:
    """Prints the best of some measurements of a function."""
    best = min(seconds(fn) for _ in range(REPEATS))
    print(f"{name:36}{best / ROUNDS * 1e6:8.1f} µs")


def seconds(fn: Callable[[], object]) -> float:
    """CPU seconds of all rounds."""
    started = time.process_time()
    for _ in range(ROUNDS):
        fn()
    return time.process_time() - started


if __name__ == "__main__":
    main()
