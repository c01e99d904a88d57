"""Both placements, alone: no token is asked for on either side."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from bench import process
from bench.client import Refused, TooLate, wait_until
from bench.cloud import PEERS, PILEUS
from bench.placement import client, load
from bench.placement.world import World

PILEUS_PORT, ORIGINAL_PORT, MARIADB_PORT = 8778, 18778, 13306  # before the offset
READY_S = 120


class Side(Protocol):
    """A placement that can be given a world, started and stopped."""

    port: int

    def prepare(self, world: World) -> None:
        """Write a world into its empty database."""

    def start(self) -> None:
        """Start it, and return when it answers. Raises TooLate."""

    def stop(self) -> None:
        """Stop it, whatever it is doing."""


class Pileus:
    """One `pileus serve placement`; the database is SQLite in its state, or `url`."""

    def __init__(self, folder: Path, port: int, url: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self._url = url or f"sqlite:///{folder}/placement.sqlite"
        self._log = folder / "log"
        self._words = [str(PILEUS), "serve", "placement", "--state", str(folder / "state")]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PILEUS_")}
        self._environment["PILEUS_PLACEMENT__AUTH_STRATEGY"] = "noauth2"
        self._environment["PILEUS_PLACEMENT__LISTEN__PORT"] = str(port)
        self._environment["PILEUS_PLACEMENT__DATABASE__URL"] = self._url
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, world: World) -> None:
        load.load_pileus(self._url, world)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until("Pileus does not answer", self._answers, timeout_s=READY_S, pause_s=0.005)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def pids(self) -> list[int]:
        """Return its processes."""
        return process.in_sessions([self._process.pid]) if self._process else []

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise TooLate("Pileus did not start:\n" + self._log.read_text()[-2000:])
        return _answers(self.port)


class Original:
    """openstack-placement under uwsgi, with a MariaDB of its own."""

    def __init__(self, folder: Path, offset: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = ORIGINAL_PORT + offset
        self._folder = folder
        self._mariadb = f"127.0.0.1:{MARIADB_PORT + offset}"
        self._environment = {**os.environ, "PEERS_STATE": str(folder), "PEERS_OFFSET": str(offset)}

    @staticmethod
    def install() -> None:
        """Make the virtualenv if it is not there; the first time this takes a minute. Raises CalledProcessError."""
        subprocess.run([PEERS / "install", "placement"], check=True)

    def prepare(self, world: World) -> None:
        """Start it too: it makes its tables and fills its catalogues of classes and traits itself."""
        self.start()
        load.load_original(self._root_url("placement"), world)

    def start(self) -> None:
        with (self._folder / "up.log").open("ab") as log:
            done = subprocess.run(
                [PEERS / "up", "placement"], env=self._environment, stdout=log, stderr=log, check=False
            )
        if done.returncode:
            raise TooLate("the original did not start:\n" + (self._folder / "up.log").read_text()[-2000:])

    def stop(self) -> None:
        leader = self._folder / "pids" / "placement"
        if leader.exists():
            # It would finish the searches that nobody waits for any more.
            for pid in process.in_sessions([int(leader.read_text().split()[0])]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        subprocess.run([PEERS / "down"], env=self._environment, check=True)

    def new_database(self, name: str) -> str:
        """Make an empty database beside its own; return the URL."""
        words = ["mariadb", "--no-defaults", f"--socket={self._folder}/run/mysqld.sock", "-uroot"]
        statement = f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        subprocess.run([*words, "-e", statement], check=True)
        return self._root_url(name)

    def _root_url(self, database: str) -> str:
        return f"mysql+pymysql://root@{self._mariadb}/{database}?charset=utf8mb4"


@contextlib.contextmanager
def running(side: Side, world: World) -> Iterator[Side]:
    """Run a side with a world for the length of the block."""
    try:
        side.prepare(world)
        side.start()
        yield side
    finally:
        side.stop()


def _answers(port: int) -> bool:
    try:
        client.fetch(port, "/", 5)
    except (OSError, Refused, TooLate):
        return False
    return True
