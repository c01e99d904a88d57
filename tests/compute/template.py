"""What a new cloud has: its databases, made once in a test process, and copied for each world."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import event

from pileus.compute import service as compute
from pileus.compute.operations.bootstrap import bootstrap
from pileus.identity import service as identity
from pileus.identity.operations import bootstrap as accounts
from pileus.identity.tokens.keys import Keys
from pileus.image import service as image
from pileus.kit.db import Database
from pileus.placement import service as placement
from tests.kit.clock import HeldClock

URLS = {
    "identity": "http://identity.test",
    "image": "http://image.test",
    "placement": "http://placement.test",
    "compute": "http://compute.test",
}
PATHS = {"identity": "/v3", "image": "", "placement": "", "compute": "/v2.1"}
PASSWORDS = {name: f"secret-of-{name}" for name in accounts.ACCOUNTS}
MIGRATIONS = {
    "identity": identity.MIGRATIONS,
    "image": image.MIGRATIONS,
    "placement": placement.MIGRATIONS,
    "compute": compute.MIGRATIONS,
}


@cache
def template() -> Path:
    """Databases with what a new cloud has, made once in a test process: a folder to copy from."""
    folder = Path(mkdtemp(prefix="pileus-world-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    databases = {name: open_database(Database, folder, name) for name in MIGRATIONS}
    for name, database in databases.items():
        MIGRATIONS[name].sync(database)
    urls = {name: URLS[name] + PATHS[name] for name in URLS}
    databases["identity"].write(accounts.bootstrap, accounts.accounts(PASSWORDS), urls, "RegionOne")
    databases["compute"].write(bootstrap, HeldClock().now())
    Keys.at(folder / "keys")
    for database in databases.values():
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        database.close()
    return folder


def open_database(kind: type[Database], folder: Path, name: str) -> Any:
    database = kind(f"sqlite:///{folder}/{name}.sqlite")

    @event.listens_for(database.engine, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # no test cuts the machine's power

    return database
