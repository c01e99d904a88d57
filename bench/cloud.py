"""The two clouds that are measured: Pileus, and the services that it stands in for."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import libvirt
import urllib3
import yaml

from bench import process
from bench.client import Access, Client, Refused, TooLate, wait_until
from pileus.compute.agent.drivers.libvirt.domain_xml import domain_prefix

PILEUS = Path(sys.prefix) / "bin" / "pileus"
PEERS = Path(__file__).parent / "peers"
# Every port of either, so that one offset suits both.
PORTS = (5000, 9292, 8778, 8774, 15000, 19292, 18778, 18774, 19696, 13306, 11311, 15673, 15674, 14369)
STEP = 137


class Cloud(Protocol):
    """A cloud that can be started and stopped, on a state of its own."""

    name: str

    def start(self) -> None:
        """Start it; return at once."""

    def wait_until_ready(self) -> None:
        """Return when all of it answers. Raises TooLate."""

    def stop(self) -> None:
        """Stop all of it; nothing is left running."""

    def find_access(self) -> Access | None:
        """Return how to log in, or None while the cloud has not said so yet."""

    def pids(self) -> list[int]:
        """Return its processes."""


class Pileus:
    """One `pileus up`."""

    name = "Pileus"

    def __init__(self, folder: Path, port_offset: int, driver: str) -> None:
        self.state = folder
        self._driver = driver
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PILEUS_")}
        self._words = [str(PILEUS), "up", "--state", str(folder), "--driver", driver]
        self._words += ["--port-offset", str(port_offset)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.state.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                self._words, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        wait_until("Pileus is not ready", (self.state / "run" / "runtime.json").exists, timeout_s=60, pause_s=0.005)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        if self._driver == "libvirt":
            _remove_guests(self.state)

    def find_access(self) -> Access | None:
        file = self.state / "clouds.yaml"
        if not file.exists():
            return None
        auth = yaml.safe_load(file.read_text())["clouds"]["pileus"]["auth"]
        return Access(auth["auth_url"], auth["password"])

    def pids(self) -> list[int]:
        return process.in_sessions([self._process.pid]) if self._process else []


def _remove_guests(state: Path) -> None:
    """Remove what a measurement that failed left in libvirt."""
    cloud_id = (state / "cloud-id").read_text().strip()
    with contextlib.closing(libvirt.open("qemu:///system")) as connection:
        for domain in connection.listAllDomains():
            if domain.name().startswith(domain_prefix(cloud_id)):
                if domain.isActive():
                    domain.destroy()
                domain.undefine()


class Originals:
    """Keystone, Glance, Placement and Nova with what they need, as bench/peers starts them."""

    name = "originals"
    stub = "netstub"  # ours: nothing that an operator would run, so it is not counted

    def __init__(self, folder: Path, port_offset: int) -> None:
        self.state = folder
        self._port_offset = port_offset
        self._environment = {**os.environ, "PEERS_STATE": str(folder), "PEERS_OFFSET": str(port_offset)}
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def install() -> None:
        """Make the virtualenvs that are not there; the first time this takes minutes. Raises CalledProcessError."""
        subprocess.run([PEERS / "install"], check=True)

    def start(self) -> None:
        with self.state.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen([PEERS / "up"], env=self._environment, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        assert self._process is not None
        if self._process.wait(240) != 0:
            raise TooLate("the originals did not start:\n" + self.state.with_suffix(".log").read_text()[-2000:])

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        subprocess.run([PEERS / "down"], env=self._environment, check=True)
        self._process = None

    def find_access(self) -> Access | None:
        return Access(f"http://127.0.0.1:{15000 + self._port_offset}/v3", "password")

    def pids(self) -> list[int]:
        files = [file for file in (self.state / "pids").iterdir() if file.name != self.stub]
        return process.in_sessions(int(file.read_text().split()[0]) for file in files)


@contextlib.contextmanager
def running(cloud: Cloud) -> Iterator[Client]:
    """Run a cloud for the length of the block; hand over a client that is logged in."""
    try:
        cloud.start()
        cloud.wait_until_ready()
        yield log_in(cloud)
    finally:
        cloud.stop()


def log_in(cloud: Cloud, *, timeout_s: float = 120) -> Client:
    """Return a client as soon as the cloud gives it a token. Raises TooLate."""
    clients: list[Client] = []

    def has_token() -> bool:
        access = cloud.find_access()
        if access is None:
            return False
        client = Client(access)
        try:
            client.log_in()
        except (Refused, urllib3.exceptions.HTTPError):
            return False
        clients.append(client)
        return True

    wait_until(f"{cloud.name} gives no token", has_token, timeout_s=timeout_s, pause_s=0.005)
    return clients[0]


def free_offset() -> int:
    """Return a port offset with which every port of both clouds is free, and below those that clients are given."""
    return next(offset for offset in range(20 * STEP, 95 * STEP, STEP) if all(map(_is_free, _moved(offset))))


def _moved(offset: int) -> list[int]:
    return [port + offset for port in PORTS]


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
