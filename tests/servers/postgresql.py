"""A private PostgreSQL: one socket in its own directory, nothing on the network, nothing forced to disk."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.lacking import LackingError
from tests.servers.server import run

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "max_parallel_workers_per_gather": "0",
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "fatal",
}


class PostgreSQL:
    """PostgreSQL of the newest version that is installed."""

    kind = "postgresql"
    accounts: tuple[str, ...] = ("postgres",)
    stop_signal = signal.SIGINT  # closes what is still connected; SIGTERM would wait for it

    def prepare(self, home: Path) -> None:
        run(
            self,
            home,
            *(_find_program("initdb"), f"--pgdata={home}/data", "--username=pileus", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )

    def command(self, home: Path) -> list[str]:
        settings = {**SETTINGS, "unix_socket_directories": str(home)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [_find_program("postgres"), "-D", f"{home}/data", *options]

    def is_ready(self, home: Path) -> bool:
        try:
            _connect(home).close()
        except psycopg.OperationalError:
            return False
        return True

    def create(self, home: Path, database: str) -> str:
        with _connect(home) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return f"postgresql+psycopg://pileus@/{database}?host={quote(str(home), safe='')}"

    def drop(self, home: Path, database: str) -> None:
        with _connect(home) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


def _connect(home: Path) -> psycopg.Connection[Any]:
    return psycopg.connect(host=str(home), user="pileus", dbname="postgres", autocommit=True)


def _find_program(name: str) -> str:
    """Debian keeps the server's programs off the path, in a directory for each version."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if not found:
        raise LackingError("PostgreSQL is not installed; `make dev` installs it")
    return found
