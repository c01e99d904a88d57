"""A private MariaDB: one socket in its own directory, nothing on the network, nothing forced to disk."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

import pymysql

from tests.lacking import LackingError
from tests.servers.server import run

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_bin",
    "transaction-isolation": "READ-COMMITTED",
    "innodb-buffer-pool-size": "64M",
    "innodb-log-file-size": "16M",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
    "max-connections": "200",
    "performance-schema": "0",
}


class MariaDB:
    """MariaDB, set the way that Pileus asks an operator to set it."""

    kind = "mariadb"
    accounts: tuple[str, ...] = ("mysql",)
    stop_signal = signal.SIGTERM

    def prepare(self, home: Path) -> None:
        run(
            self,
            home,
            *(_find_program("mariadb-install-db"), "--no-defaults", f"--datadir={home}/data"),
            *("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"),
            *("--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"),
        )

    def command(self, home: Path) -> list[str]:
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        places = [f"--datadir={home}/data", f"--socket={_socket(home)}", f"--pid-file={home}/pid", f"--tmpdir={home}"]
        return [_find_program("mariadbd"), "--no-defaults", "--skip-networking", *places, *options]

    def is_ready(self, home: Path) -> bool:
        # Not by PyMySQL, which leaves a socket open where it can't connect.
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(_socket(home)) == 0

    def create(self, home: Path, database: str) -> str:
        with _connect(home) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{database}`")
        return f"mysql+pymysql://root@localhost/{database}?charset=utf8mb4&unix_socket={quote(_socket(home), safe='')}"

    def drop(self, home: Path, database: str) -> None:
        with _connect(home) as connection, connection.cursor() as cursor:
            # DROP would wait for any transaction that is still open.
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (database,))
            for (connected,) in cursor.fetchall():
                with suppress(pymysql.OperationalError):  # it may have left by itself
                    cursor.execute(f"KILL CONNECTION {connected}")
            cursor.execute(f"DROP DATABASE `{database}`")


def _connect(home: Path) -> pymysql.Connection:
    return pymysql.connect(unix_socket=_socket(home), user="root")


def _socket(home: Path) -> str:
    return f"{home}/socket"


def _find_program(name: str) -> str:
    """An ordinary user's path does not have where servers are."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    if not found:
        raise LackingError("MariaDB is not installed; `make dev` installs it")
    return found
