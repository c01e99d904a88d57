"""The two clouds, whole, because a server takes all services; with pretended guests."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import boot, cloud, wire
from bench.alone import MARIADB_PORT
from bench.client import Client

HOSTS = 20  # of Pileus; the original's fake driver has one, with room for all
WITHOUT_LIMITS = {"instances": -1, "cores": -1, "ram": -1}


class Pileus(cloud.Pileus):
    """`pileus up` with so many pretended hosts."""

    def __init__(self, folder: Path, offset: int, hosts: int = HOSTS) -> None:
        super().__init__(folder, offset, "fake")
        self._words += ["--hosts", str(hosts)]

    @property
    def database(self) -> str:
        """Where compute keeps its servers."""
        return f"sqlite:///{self.state}/databases/compute.sqlite"


class Originals(cloud.Originals):
    """All four of them."""

    def database(self, name: str) -> str:
        """Return the URL of one of their databases for who may do anything in it."""
        return f"mysql+pymysql://root@127.0.0.1:{MARIADB_PORT + self._port_offset}/{name}?charset=utf8mb4"


class Side:
    """One cloud as its administrator sees it, with an image and a flavor to boot servers of."""

    def __init__(self, client: Client) -> None:
        client.log_in()  # the catalog may have been empty the first time
        boot.wait_for_room(client)
        self.client = client
        self.image = boot.upload(client, "storm", bytes(2**20), "raw")
        self.flavor = boot.ensure_flavors(client, [("storm", 64, 1, 1)])[0]
        token = client.call("identity", "GET", "/auth/tokens", subject=client.token)["token"]
        self.project_id = str(token["project"]["id"])
        self.user_id = str(token["user"]["id"])
        client.call("compute", "PUT", f"/os-quota-sets/{self.project_id}", {"quota_set": WITHOUT_LIMITS})

    @property
    def port(self) -> int:
        """Where its compute service listens."""
        return urlsplit(self.client.url("compute", "")).port or 80

    def request(self, method: str, path: str, body: object = None) -> bytes:
        """Return a request to compute as it goes over the wire."""
        path = urlsplit(self.client.url("compute", path)).path + path.partition("?")[1] + path.partition("?")[2]
        return wire.request(method, path, {"X-Auth-Token": self.client.token}, body)

    def servers(self, query: str) -> list[dict[str, Any]]:
        """Return a page of servers."""
        found: list[dict[str, Any]] = self.client.call("compute", "GET", f"/servers?{query}")["servers"]
        return found

    def held(self) -> int:
        """Return how many processors placement has allocated to the project's servers."""
        path = f"/usages?project_id={self.project_id}"
        return int(self.client.call("placement", "GET", path)["usages"].get("VCPU", 0))
