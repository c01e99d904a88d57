"""A stream of what is done to servers, as Server-Sent Events (our own: the original has nothing like it).

An event is one server as it is now: its status, and its actions under way, each with the steps that it takes. So it
may be missed, or come twice, and nothing is wrong: what counts is the last one. A reader who is slow is told less, and
nothing is kept for him. All of it is read from rows, whichever process has written them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pileus.compute.api.lookup import server_of
from pileus.compute.backend import Backend
from pileus.compute.db import watch as rows
from pileus.compute.model.watch import WatchedAction, WatchedServer
from pileus.compute.workflows import WORKFLOWS
from pileus.kit import log
from pileus.kit.clock import isoformat
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid, PileusError
from pileus.kit.http.message import Reply, Request

logger = log.get_logger("pileus.compute.watch")

LOOK_S = 0.5  # between two looks
KEEP_ALIVE_S = 15.0  # after which a silent stream says that it is there, so that nobody on the way closes it
CHECK_S = 15.0  # between two looks at whether the reader's token is still good, and he may still see this
LONGEST_S = 600.0  # then the reader comes again, here or at another process
RETRY_MS = 1000  # what a reader waits before he comes again
LONGEST_AWAY = timedelta(days=1)  # what has ended before is not told to who comes again: it may be all there ever was
SLACK = timedelta(seconds=60)  # by which what is written may be older than what was seen: clocks differ, commits wait

_EVERYBODYS = "pileus:servers:watch:all_projects"
_STEPS = {workflow.kind: [step.name for step in workflow.steps] for workflow in WORKFLOWS}

Look = Callable[[Transaction, datetime], Sequence[WatchedServer]]


async def of_server(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/events."""
    server_id = request.params["server_id"]

    def require() -> None:
        with backend.database.read() as tx:
            server_of(request, tx, may_be_deleted=True)

    await asyncio.to_thread(require)

    def look(tx: Transaction, since: datetime) -> Sequence[WatchedServer]:
        found = rows.find(tx, server_id, since)
        return () if found is None else (found,)

    return _reply(request, backend, look, require)


async def of_project(request: Request, backend: Backend) -> Reply:
    """GET /servers/events: of the caller's project or, with `all_tenants`, of all."""
    is_everybodys = request.query.get("all_tenants", "0") not in ("0", "")
    project_id = None if is_everybodys else request.context.project_id or ""

    def require() -> None:
        if is_everybodys:
            request.require({}, _EVERYBODYS)
        else:
            request.require({"project_id": project_id, "user_id": request.context.user_id})

    require()

    def look(tx: Transaction, since: datetime) -> Sequence[WatchedServer]:
        return rows.list_busy(tx, project_id, since)

    return _reply(request, backend, look, require)


def _reply(request: Request, backend: Backend, look: Look, require: Callable[[], None]) -> Reply:
    user_id = request.context.user_id

    def check() -> None:
        request.authenticate_again()
        require()

    backend.watching.require_room(user_id)
    last = request.headers.get("last-event-id")
    now = backend.clock.now()
    seen_at = (max(_moment(last), now - LONGEST_AWAY) if last else now) - SLACK
    headers = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}
    return Reply(200, _stream(backend, user_id, _Sight(look, seen_at), check), headers)


def _moment(event_id: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(event_id) / 10**6, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        raise Invalid(f"'{event_id}' is no id of an event.") from None


def _event_id(moment: datetime) -> str:
    return str(int(moment.replace(tzinfo=UTC).timestamp() * 10**6))


# --- looking --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sight:
    """What one reader has been told: of each server that still changes the last event, as a number."""

    look: Look
    since: datetime  # what has ended before was seen
    told: dict[str, int] = field(default_factory=dict)
    version: int | None = None  # of the database, when it was last looked at

    def news(self, backend: Backend) -> list[bytes]:
        """Return the events of what has changed."""
        version = backend.database.version()
        if version is not None and version == self.version:
            return []
        self.version, now = version, backend.clock.now()
        with backend.database.read() as tx:
            found = self.look(tx, self.since)
        self.since = max(self.since, now - SLACK)
        events = {server.id: msgspec.json.encode(document(server)) for server in found}
        changed = [data for server_id, data in events.items() if self.told.get(server_id) != hash(data)]
        self.told = {server_id: hash(data) for server_id, data in events.items()}
        return [_event(_event_id(now), data) for data in changed]


def _event(event_id: str, data: bytes) -> bytes:
    return b"id: %s\nevent: server\ndata: %s\n\n" % (event_id.encode(), data)


async def _stream(backend: Backend, user_id: str, sight: _Sight, check: Callable[[], None]) -> AsyncIterator[bytes]:
    loop, watching = asyncio.get_running_loop(), backend.watching
    silent_since = checked_at = loop.time()
    ends_at = loop.time() + LONGEST_S
    with watching.reader(user_id):
        yield b"retry: %d\n\n" % RETRY_MS
        while loop.time() < ends_at and not watching.is_closed:
            try:
                if loop.time() - checked_at > CHECK_S:
                    checked_at = loop.time()
                    await asyncio.to_thread(check)
                events = await asyncio.to_thread(sight.news, backend)
            except PileusError as error:  # he comes again, and may find it mended
                logger.warning("a stream of events ends early", reason=error.reason)
                return
            for event in events:
                yield event
            if events:
                silent_since = loop.time()
            elif loop.time() - silent_since > KEEP_ALIVE_S:
                silent_since = loop.time()
                yield b": still here\n\n"
            await asyncio.sleep(LOOK_S)


# --- what a reader sees ---------------------------------------------------------------------------


def document(server: WatchedServer) -> dict[str, Any]:
    """Return the data of an event."""
    return {
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "task_state": server.task_state,
        "fault": server.fault,
        "actions": [_action(action) for action in server.actions],
    }


def _action(action: WatchedAction) -> dict[str, Any]:
    steps = _STEPS.get(action.kind or "", [])
    done = len(steps) if action.state == "done" else max(action.position, 0)
    progress = None if action.progress is None else {"of": action.progress.of, "percent": action.progress.percent}
    return {
        "action": action.action,
        "request_id": action.request_id,
        "state": action.state,
        "started_at": isoformat(action.started_at),
        "finished_at": None if action.finished_at is None else isoformat(action.finished_at),
        "steps": steps,
        "steps_done": done,
        "progress": progress,
    }
