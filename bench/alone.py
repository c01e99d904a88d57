"""One service alone: Pileus', or the original."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from bench import process, wire
from bench.client import Refused, TooLate, wait_until
from bench.cloud import PEERS, PILEUS
from bench.measure import Side

MARIADB_PORT = 13306  # before the offset
READY_S = 120

W = TypeVar("W", contravariant=True)


class Preparable(Side, Protocol[W]):
    """A service that can be given a world before it is started."""

    def prepare(self, world: W) -> None:
        """Write a world into its empty database."""


class Pileus:
    """One `pileus serve`, on an embedded database in `folder` unless the settings of the service name another."""

    def __init__(self, service: str, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.state = folder / "state"
        self._service = service
        self._log = folder / "log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PILEUS_")}
        chosen = {"LISTEN__PORT": str(port), **settings}
        self.environment = clean | {f"PILEUS_{service.upper()}__{name}": value for name, value in chosen.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [str(PILEUS), "serve", self._service, "--state", str(self.state)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                words, env=self.environment, stdout=log, stderr=log, start_new_session=True
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
        try:
            wire.ask(self.port, wire.request("GET", "/healthz", {}), 5)
        except (OSError, Refused, TooLate):
            return False
        return True


class Original:
    """One of the originals under uwsgi, with a MariaDB of its own."""

    def __init__(self, service: str, folder: Path, port: int, offset: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self._service = service
        self._folder = folder
        self._mariadb = f"127.0.0.1:{MARIADB_PORT + offset}"
        self._environment = {**os.environ, "PEERS_STATE": str(folder), "PEERS_OFFSET": str(offset)}

    def start(self) -> None:
        with (self._folder / "up.log").open("ab") as log:
            done = subprocess.run(
                [PEERS / "up", self._service], env=self._environment, stdout=log, stderr=log, check=False
            )
        if done.returncode:
            raise TooLate("the original did not start:\n" + (self._folder / "up.log").read_text()[-2000:])

    def stop(self) -> None:
        leader = self._folder / "pids" / self._service
        if leader.exists():
            # It would finish the requests that nobody waits for any more.
            for pid in process.in_sessions([int(leader.read_text().split()[0])]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        subprocess.run([PEERS / "down"], env=self._environment, check=True)

    def new_database(self, name: str) -> str:
        """Make an empty database beside its own; return the URL."""
        words = ["mariadb", "--no-defaults", f"--socket={self._folder}/run/mysqld.sock", "-uroot"]
        statement = f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        subprocess.run([*words, "-e", statement], check=True)
        return self.root_url(name)

    def root_url(self, database: str) -> str:
        """Return the URL of a database for who may do anything in it."""
        return f"mysql+pymysql://root@{self._mariadb}/{database}?charset=utf8mb4"


def install(service: str) -> None:
    """Make an original's virtualenv if it is not there, or all of theirs; the first time this takes a minute for each.

    Raises CalledProcessError.
    """
    subprocess.run([PEERS / "install", *([service] if service else [])], check=True)


@contextlib.contextmanager
def running(side: Preparable[W], world: W) -> Iterator[None]:
    """Run a side with a world for the length of the block."""
    try:
        side.prepare(world)
        side.start()
        yield
    finally:
        side.stop()
