"""Following what is done to servers: the event stream of a compute service of ours, for as long as anybody likes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from pileus.clients.compute import ComputeFailed, ComputeRefused
from pileus.clients.session import Session
from pileus.kit.errors import NotFound, Unavailable

PAUSE_S = 1.0  # before a stream that has ended is opened again
PATIENCE_S = 60.0  # with a compute service that was there and is away


class ServerUnknown(NotFound):
    """Nobody has such a server."""

    message = "There is no server {server}."


class ServersAlike(NotFound):
    """A name is not enough to say which server is meant."""

    message = "{count} servers are called {server}: say which one by its id."


class ServerEvents:
    """What compute tells of servers, the streams that end joined to one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last_id: str | None = None

    def find(self, server: str) -> str:
        """Return the id of a server that somebody has named, by id or by name. Raises ServerUnknown, ServersAlike."""
        if self._session.request("compute", "GET", f"/servers/{server}").status == 200:
            return server
        reply = self._session.request("compute", "GET", f"/servers?{_called(server)}")
        if reply.status != 200:
            raise ComputeFailed(status=reply.status, what="servers")
        found = [one["id"] for one in reply.decoded()["servers"] if one["name"] == server]
        if len(found) > 1:
            raise ServersAlike(count=len(found), server=server)
        if not found:
            raise ServerUnknown(server=server)
        return str(found[0])

    def follow(self, server_id: str | None) -> Iterator[Mapping[str, Any]]:
        """Return servers as they become, for ever: one, or all that something is done to.

        Raises ServerUnknown, ComputeRefused, Unavailable.
        """
        path = "/servers/events?all_tenants=1" if server_id is None else f"/servers/{server_id}/events"
        patient_until = 0.0  # a service that was never there is not waited for
        while True:
            try:
                for event in self._open(path, server_id):
                    yield event
                    patient_until = time.monotonic() + PATIENCE_S
            except ComputeRefused:
                raise
            except Unavailable:
                if time.monotonic() > patient_until:
                    raise
            time.sleep(PAUSE_S)

    def _open(self, path: str, server_id: str | None) -> Iterator[Mapping[str, Any]]:
        session = self._session
        url = session.endpoint("compute") + path
        headers = {"x-auth-token": session.token(), "accept": "text/event-stream"}
        if self._last_id is not None:
            headers["last-event-id"] = self._last_id
        with session.transport.download(url, headers) as (reply, pieces):
            if reply.status == 404:
                raise ServerUnknown(server=server_id)
            if reply.status == 403:
                raise ComputeRefused(username=session.credentials.username, what="events")
            if reply.status == 401:  # the token has become too old
                session.forget()
            if reply.status != 200:
                raise ComputeFailed(status=reply.status, what="events")
            for event_id, data in read_events(pieces):
                yield msgspec.json.decode(data)
                self._last_id = event_id or self._last_id


def _called(name: str) -> str:
    """Return the query for every server of this name, whoever has it."""
    return urlencode({"all_tenants": 1, "name": f"^{re.escape(name)}$"})


def read_events(pieces: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Return each event of a stream that has data: its id, and that."""
    rest = b""
    for piece in pieces:
        *blocks, rest = (rest + piece).split(b"\n\n")
        for block in blocks:
            lines = [line.partition(":") for line in block.decode().splitlines()]
            fields = {name: value.removeprefix(" ") for name, _, value in lines}
            if "data" in fields:
                yield fields.get("id", ""), fields["data"]
