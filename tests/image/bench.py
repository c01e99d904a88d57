"""What the image tests work with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pileus.image.backend import Backend
from pileus.image.service import new_service
from pileus.image.workflows.means import Means
from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.message import Query, Reply, Request
from pileus.kit.workflow import Runner

ADMIN = "p-admin:admin,member,reader"
OWNER = "p-own:member,reader"
READER = "p-own:reader"
OTHER = "p-other:member,reader"

PATCH = "application/openstack-images-v2.1-json-patch"
OLD_PATCH = "application/openstack-images-v2.0-json-patch"
BYTES = "application/octet-stream"


class TinyAuthenticator:
    """A token says it all: `project:role,role`."""

    def authenticate(self, request: Request) -> Context:
        token = request.headers.get("x-auth-token")
        if token is None:
            raise Unauthenticated
        project, _, roles = token.partition(":")
        return Context(user_id="u", project_id=project, roles=frozenset(roles.split(",")))


class HandClock:
    """A clock that a test winds; each look takes a millisecond."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, 0, 0)

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def monotonic(self) -> float:
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self.wind(seconds)

    def wind(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Wire:
    """What came back over ASGI."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running service, and ways to call it."""

    app: App[Backend]
    listener: Listener
    backend: Backend
    clock: HandClock
    repair: Callable[[], None]
    folder: Path
    work: Runner[Means]

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = OWNER, **headers: str) -> Reply:
        """Send a request that fits in memory."""
        path, _, query = path.partition("?")
        all_headers = {"accept": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if token is not None:
            all_headers["x-auth-token"] = token
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.app.handle(
            Request(
                method=method,
                path=path,
                query=Query(query),
                headers=all_headers,
                body=data,
                base_url="http://cloud:9292",
            )
        )

    def create(self, *, token: str = OWNER, **attributes: Any) -> str:
        reply = self.call("POST", "/v2/images", attributes, token=token)
        assert reply.status == 201, reply.body
        return str(reply.decoded()["id"])

    def create_raw(self, **attributes: Any) -> str:
        return self.create(**{"disk_format": "raw", "container_format": "bare", **attributes})

    def patch(self, image_id: str, *steps: dict[str, Any], token: str = OWNER) -> Reply:
        return self.call("PATCH", f"/v2/images/{image_id}", list(steps), token=token, content_type=PATCH)

    def get(self, image_id: str, token: str = OWNER) -> dict[str, Any]:
        reply = self.call("GET", f"/v2/images/{image_id}", token=token)
        assert reply.status == 200, reply.body
        return dict(reply.decoded())

    def names(self, query: str = "", token: str = OWNER) -> list[str]:
        reply = self.call("GET", f"/v2/images{query}", token=token)
        assert reply.status == 200, reply.body
        return [image["name"] for image in reply.decoded()["images"]]

    def upload(self, image_id: str, data: bytes | Iterable[Any], *, token: str = OWNER, **headers: str) -> Wire:
        """Send an image's bytes over ASGI, in one piece or several; None among them: the client hangs up."""
        pieces = [data] if isinstance(data, bytes) else list(data)
        headers = {"content-type": BYTES} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.wire("PUT", f"/v2/images/{image_id}/file", pieces, token=token, headers=headers)

    def download(self, image_id: str, *, token: str = OWNER, **headers: str) -> Wire:
        return self.wire("GET", f"/v2/images/{image_id}/file", [], token=token, headers=headers)

    def wire(
        self, method: str, path: str, pieces: list[Any], *, token: str = OWNER, headers: dict[str, str] | None = None
    ) -> Wire:
        all_headers = {"x-auth-token": token, "accept": "application/json", **(headers or {})}
        return asyncio.run(exchange(self.listener, method, path, pieces, all_headers))

    def stage(self, image_id: str, data: bytes | Iterable[Any], *, token: str = OWNER, **headers: str) -> Wire:
        """Bring bytes to the staging area."""
        pieces = [data] if isinstance(data, bytes) else list(data)
        headers = {"content-type": BYTES} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.wire("PUT", f"/v2/images/{image_id}/stage", pieces, token=token, headers=headers)

    def begin_import(self, image_id: str, name: str, *, token: str = OWNER, **body: Any) -> Reply:
        """Ask for an import; words of the method that are not its name stand in `method`."""
        method = {"name": name, **body.pop("method", {})}
        return self.call("POST", f"/v2/images/{image_id}/import", {"method": method, **body}, token=token)

    def tasks(self, image_id: str) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/v2/images/{image_id}/tasks").decoded()["tasks"])

    def staged_files(self) -> list[str]:
        return sorted(path.name for path in (self.folder.parent / "os_glance_staging_store").iterdir())

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def with_catalog(site: Site, catalog: tuple[dict[str, Any], ...]) -> None:
    """Have the tokens of all callers hold a catalog."""

    class Authenticator(TinyAuthenticator):
        def authenticate(self, request: Request) -> Context:
            return replace(super().authenticate(request), catalog=catalog)

    site.app = App(new_service(site.backend, Authenticator()))


async def exchange(listener: Listener, method: str, path: str, pieces: Iterable[Any], headers: dict[str, str]) -> Wire:
    """Send one request as an ASGI server would. A piece may be bytes, an awaitable to wait for, or None."""
    wire = Wire()
    inbox = _inbox(list(pieces))

    async def receive() -> dict[str, Any]:
        return await anext(inbox)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            wire.status = message["status"]
            wire.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            wire.body += message.get("body", b"")

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "scheme": "http",
        "server": ("127.0.0.1", 9292),
        "client": ("127.0.0.1", 1),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    await listener(scope, receive, send)
    return wire


async def _inbox(pieces: list[Any]) -> AsyncIterator[dict[str, Any]]:
    for piece in pieces:
        if piece is None:
            yield {"type": "http.disconnect"}
        elif isinstance(piece, bytes):
            yield {"type": "http.request", "body": piece, "more_body": True}
        else:
            await piece()
    yield {"type": "http.request", "body": b"", "more_body": False}
    await asyncio.Event().wait()  # the client stays
