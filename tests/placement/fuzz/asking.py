"""A small placement that is asked anything, and what every answer must be like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from pileus.kit.http.message import Query, Reply, Request
from pileus.placement.db.tables import METADATA
from tests.placement.fuzz.strategy import UUIDS

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from tests.placement.conftest import Client

HOST, CHILD, CONSUMER, AGGREGATE = UUIDS
CUSTOM = "CUSTOM_THING"
NEWEST = "1.39"


class Asking:
    """Keeps the same few things there, whatever was done to them."""

    def __init__(self, client: Client, database: Database) -> None:
        self.client, self.database = client, database
        self._seed()

    def ask(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Reply:
        """Send something, and look at what comes back."""
        sent = {
            "openstack-api-version": f"placement {NEWEST}",
            "x-auth-token": "service",
            "content-type": "application/json",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        before = self.rows()
        request = Request(method=method, path=path, query=Query(query), headers=sent, body=body, base_url="http://x")
        reply = self.client.app.handle(request)
        require_well_formed(request, reply)
        if reply.status >= 300 or method == "GET":
            assert self.rows() == before, "what was refused has changed something"
        else:
            self._sweep()
            self._seed()
        return reply

    def rows(self) -> dict[str, list[Any]]:
        """Return all that the database holds."""
        with self.database.read() as tx:
            return {table.name: list(tx.all(select(table))) for table in METADATA.sorted_tables}

    def _do(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.client(method, path, body, version=NEWEST)
        assert reply.status < 300, (method, path, reply.body)
        return reply.decoded()

    def _seed(self) -> None:
        self._do("PUT", f"/resource_classes/{CUSTOM}")
        self._do("PUT", f"/traits/{CUSTOM}")
        for uuid, parent in ((HOST, None), (CHILD, HOST)):
            path = f"/resource_providers/{uuid}"
            self._do("POST", "/resource_providers", {"uuid": uuid, "name": uuid, "parent_provider_uuid": parent})
            stock = {"VCPU": {"total": 8}, CUSTOM: {"total": 8}}
            self._do("PUT", f"{path}/inventories", {"resource_provider_generation": 0, "inventories": stock})
            self._do("PUT", f"{path}/traits", {"resource_provider_generation": 1, "traits": [CUSTOM]})
            self._do("PUT", f"{path}/aggregates", {"resource_provider_generation": 2, "aggregates": [AGGREGATE]})
        body = {
            "allocations": {HOST: {"resources": {"VCPU": 2}}},
            "consumer_generation": None,
            "consumer_type": "INSTANCE",
            "project_id": "p",
            "user_id": "u",
        }
        self._do("PUT", f"/allocations/{CONSUMER}", body)

    def _sweep(self) -> None:
        hosts = self._do("GET", "/resource_providers")["resource_providers"]
        paths = [f"/resource_providers/{one['uuid']}" for one in hosts]
        for consumer in {who for path in paths for who in self._do("GET", f"{path}/allocations")["allocations"]}:
            self._do("DELETE", f"/allocations/{consumer}")
        while hosts:
            parents = {one["parent_provider_uuid"] for one in hosts}
            for one in hosts:
                if one["uuid"] not in parents:
                    self._do("DELETE", f"/resource_providers/{one['uuid']}")
            hosts = [one for one in hosts if one["uuid"] in parents]
        for one in self._do("GET", "/resource_classes")["resource_classes"]:
            if one["name"].startswith("CUSTOM_"):
                self._do("DELETE", f"/resource_classes/{one['name']}")
        for name in self._do("GET", "/traits?name=startswith:CUSTOM_")["traits"]:
            self._do("DELETE", f"/traits/{name}")


def require_well_formed(request: Request, reply: Reply) -> None:
    """Let a reply pass that says who it is, in which version it speaks and, if it refuses, why."""
    assert reply.status < 500, (request.method, request.path, request.query.text, request.body[:500], reply.body)
    assert reply.headers["x-openstack-request-id"] == request.id
    assert reply.headers["openstack-api-version"].startswith("placement 1.")
    assert reply.headers["vary"] == "openstack-api-version"
    assert isinstance(reply.body, bytes)
    if reply.status >= 400 and "html" not in request.headers.get("accept", ""):
        assert reply.headers["content-type"] == "application/json"
        (error,) = reply.decoded()["errors"]
        assert error["status"] == reply.status
        assert error["request_id"] == request.id
        assert error["title"]
        assert error["detail"].strip()
    elif reply.body:
        assert reply.headers["content-type"].startswith(("application/json", "text/html"))
        assert reply.status >= 400 or reply.headers["content-type"] == "application/json"
