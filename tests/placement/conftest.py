"""Placement on a database of each kind, and a caller who is whoever the token says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.clock import SystemClock
from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request
from pileus.placement.backend import Backend
from pileus.placement.service import MIGRATIONS, new_backend, new_service
from tests.migrated import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.db import Database

CALLERS = {
    "admin": Context(user_id="a", project_id="admin", roles=frozenset({"admin"})),
    "service": Context(user_id="s", project_id="service", roles=frozenset({"service"})),
    "reader": Context(user_id="r", project_id="p", roles=frozenset({"reader"})),
    "system": Context(user_id="y", is_system=True, roles=frozenset({"admin"})),
}


class Tokens:
    """A token is the name of one of CALLERS."""

    def authenticate(self, request: Request) -> Context:
        caller = CALLERS.get(request.headers.get("x-auth-token", ""))
        if caller is None:
            raise Unauthenticated
        return caller


class Client:
    """Asks a placement as clients do: with JSON, a version and a token."""

    def __init__(self, app: App[Backend]) -> None:
        self.app = app

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "1.31",
        token: str = "admin",  # noqa: S107
        **headers: str,
    ) -> Reply:
        path, _, query = path.partition("?")
        all_headers = {"openstack-api-version": f"placement {version}", "x-auth-token": token, **headers}
        if body is not None:
            all_headers["content-type"] = "application/json"
        data = b"" if body is None else json.dumps(body).encode()
        request = Request(method=method, path=path, query=Query(query), headers=all_headers, body=data)
        return self.app.handle(request)

    def provider(self, name: str, **inventories: dict[str, Any]) -> str:
        """Make a provider; return its uuid."""
        uuid = self("POST", "/resource_providers", {"name": name}).decoded()["uuid"]
        body = {"resource_provider_generation": 0, "inventories": inventories}
        assert self("PUT", f"/resource_providers/{uuid}/inventories", body).status == 200
        return str(uuid)

    def allocate(self, consumer: str, wanted: dict[str, dict[str, int]], generation: int | None = None) -> Reply:
        """Let a consumer hold something."""
        body = {
            "allocations": {uuid: {"resources": resources} for uuid, resources in wanted.items()},
            "consumer_generation": generation,
            "project_id": "p",
            "user_id": "u",
        }
        return self("PUT", f"/allocations/{consumer}", body)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with migrated(database_url, MIGRATIONS) as made:
        yield made


@pytest.fixture
def client(database: Database) -> Client:
    return Client(App(new_service(new_backend(database, SystemClock()), Tokens())))
