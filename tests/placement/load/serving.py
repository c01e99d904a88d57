"""Placement in processes of its own, and a client that many threads share."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3

from tests.running import own_environment

if TYPE_CHECKING:
    from pathlib import Path

START_S = 60
HEADERS = {"x-auth-token": "admin", "openstack-api-version": "placement 1.39", "content-type": "application/json"}
OWNER = {"project_id": "p", "user_id": "u", "consumer_type": "INSTANCE"}


@dataclass
class Answer:
    status: int
    document: Any


class Process:
    """`pileus serve placement` on some database, without tokens."""

    def __init__(self, folder: Path, database_url: str, connections: int = 4) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._output = folder / f"{self.port}.out"
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", self.port, maxsize=connections, block=True, retries=False)
        settings = {
            "PILEUS_PLACEMENT__AUTH_STRATEGY": "noauth2",
            "PILEUS_PLACEMENT__DATABASE__URL": database_url,
            "PILEUS_PLACEMENT__LISTEN__PORT": str(self.port),
        }
        command = [sys.executable, "-m", "pileus", "serve", "placement", "--state", str(folder / str(self.port))]
        with self._output.open("wb") as out:
            self._process = subprocess.Popen(
                command, env=own_environment(**settings), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def wait(self) -> None:
        """Return once it answers."""
        deadline = time.monotonic() + START_S
        while True:
            assert self._process.poll() is None, self._output.read_text()
            assert time.monotonic() < deadline, self._output.read_text()
            try:
                if self._pool.request("GET", "/healthz").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(START_S)
        finally:
            self._process.kill()
            self._pool.close()

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        reply = self._pool.request(method, path, body=data, headers=HEADERS)
        return Answer(reply.status, json.loads(reply.data) if reply.data else None)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.document

    def add_host(self, name: str, vcpus: int) -> str:
        """Make a provider with some VCPUs; return its uuid. Its generation is 1 then."""
        uuid = str(self.ask("POST", "/resource_providers", {"name": name}).document["uuid"])
        assert self.set_vcpus(uuid, vcpus, 0).status == 200
        return uuid

    def set_vcpus(self, host: str, vcpus: int, generation: int) -> Answer:
        body = {"resource_provider_generation": generation, "inventories": {"VCPU": {"total": vcpus}}}
        return self.ask("PUT", f"/resource_providers/{host}/inventories", body)

    def claim(self, consumer: str, host: str, amount: int) -> Answer:
        """Let a new consumer hold some VCPUs."""
        wanted = {host: {"resources": {"VCPU": amount}}}
        return self.ask(
            "PUT", f"/allocations/{consumer}", {"allocations": wanted, "consumer_generation": None, **OWNER}
        )

    def used(self, host: str) -> int:
        return int(self.get(f"/resource_providers/{host}/usages")["usages"]["VCPU"])

    def candidates(self, vcpus: int) -> set[str]:
        """Return the hosts that can give so many VCPUs."""
        found = self.get(f"/allocation_candidates?resources=VCPU:{vcpus}")["allocation_requests"]
        return {host for one in found for host in one["allocations"]}
