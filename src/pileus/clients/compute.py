"""Speaking to a compute service (Nova v2.1), ours or somebody else's, as an administrator who only looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pileus.clients.session import Session
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import JSON, Reply

MIGRATION_UUIDS = "2.59"
"""Since then a migration's document says which consumer it is. An older compute lets no migration hold anything."""

AGGREGATE_UUIDS = "2.41"
"""Since then an aggregate's document says which of placement's aggregates it is."""

ENDED = frozenset(("cancelled", "completed", "confirmed", "done", "error", "failed", "reverted"))
"""Statuses of migrations that are over."""

LIST_ATTEMPTS = 3
_ABSENT = (404, 406)  # no such list, or not in this version


class ComputeFailed(Unavailable):
    """Compute answered what it should not."""

    message = "The compute service answered {status}, and not what was asked for ({what})."


class ComputeRefused(Unavailable):
    """Compute does not show everything to the user that we are."""

    message = "The compute service does not show the user {username} what an administrator may see ({what})."


class _MarkerGone(ComputeFailed):
    """The server that a page ended with was deleted before the next page was asked for."""


class Compute:
    """The compute service, as those see it who hold its books against their own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_server_ids(self) -> frozenset[str]:
        """Return the servers of all projects, but those that wait for their deletion. Raises Unavailable."""
        for _ in range(LIST_ATTEMPTS - 1):
            try:
                return self._server_ids()
            except _MarkerGone:
                continue
        return self._server_ids()

    def has_server(self, server_id: str) -> bool:
        """Tell whether there is such a server, listed or not. Raises Unavailable."""
        reply = self._get(f"/servers/{server_id}")
        if reply.status == 404 and "itemNotFound" in _document(reply):  # so it is Nova who says so, and no proxy
            return False
        self._read(reply, "server")
        return True

    def list_migrations_in_progress(self) -> frozenset[str]:
        """Return the migrations, by uuid, that may hold what their servers held. Raises Unavailable."""
        pages = self._pages("/os-migrations", "migrations", {}, "uuid", MIGRATION_UUIDS)
        return frozenset(str(one["uuid"]) for one in pages if one["status"] not in ENDED)

    def list_host_names(self) -> frozenset[str]:
        """Return what the hosts are called, as placement calls their providers. Raises Unavailable."""
        found = self._read(self._get("/os-hypervisors"), "hypervisors")["hypervisors"]
        return frozenset(str(one["hypervisor_hostname"]) for one in found)

    def list_aggregate_names(self) -> Mapping[str, str]:
        """Return what the aggregates of hosts are called, by uuid; none if this compute cannot tell.

        Raises Unavailable.
        """
        reply = self._get("/os-aggregates", AGGREGATE_UUIDS)
        if reply.status in _ABSENT:
            return {}
        found = self._read(reply, "aggregates")["aggregates"]
        return {str(one["uuid"]): str(one["name"]) for one in found}

    def _server_ids(self) -> frozenset[str]:
        pages = self._pages("/servers", "servers", {"all_tenants": "1"}, "id")
        return frozenset(str(server["id"]) for server in pages)

    def _pages(
        self, path: str, member: str, query: dict[str, str], key: str, version: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Go through a list; its links say only whether there is more, as they may lead to where we cannot go."""
        while True:
            reply = self._get(f"{path}?{urlencode(query)}", version)
            if version is not None and reply.status in _ABSENT:
                return
            if reply.status == 400 and "marker" in query:
                raise _MarkerGone(status=400, what=member)
            document = self._read(reply, member)
            yield from document[member]
            is_more = any(link["rel"] == "next" for link in document.get(f"{member}_links", ()))
            if not is_more or not document[member]:
                return
            query = {**query, "marker": str(document[member][-1][key])}

    def _get(self, path: str, version: str | None = None) -> Reply:
        headers = {} if version is None else {"openstack-api-version": f"compute {version}"}
        return self._session.request("compute", "GET", path, headers=headers)

    def _read(self, reply: Reply, member: str) -> Mapping[str, Any]:
        if reply.status == 403:
            raise ComputeRefused(username=self._session.credentials.username, what=member)
        document = _document(reply)
        if reply.status != 200 or member not in document:
            raise ComputeFailed(status=reply.status, what=member)
        return document


def _document(reply: Reply) -> Mapping[str, Any]:
    is_json = isinstance(reply.body, bytes) and reply.headers.get("content-type", "").startswith(JSON)
    return dict(reply.decoded()) if is_json else {}
