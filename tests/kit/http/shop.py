"""A small service to ask things of: a shop with a few goods."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pileus.kit.context import Context
from pileus.kit.errors import Conflict, NotFound, Unauthenticated
from pileus.kit.http import dialects
from pileus.kit.http.app import App, Service
from pileus.kit.http.message import FileBody, Query, Reply, Request
from pileus.kit.http.routes import PUBLIC, RouteTable, Target, route
from pileus.kit.patience import require_time_to_wait
from pileus.kit.policy import Policy
from pileus.kit.schema import Schema, obj
from pileus.kit.versions import History, Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HISTORY = History("shop", oldest=(1, 0))
SIGNS = HISTORY.at(1, 5, "there are signs")
NO_BELLS = HISTORY.at(1, 8, "the bells are gone")
CALLERS = {
    "owner": Context(user_id="o", project_id="p", roles=frozenset({"admin"})),
    "guest": Context(user_id="g", project_id="q", roles=frozenset({"reader"})),
}
BODY = Schema(obj({"name": {"type": "string", "maxLength": 9}, "count": {"type": "integer"}}, ["name"]))


class Callers:
    def authenticate(self, request: Request) -> Context:
        caller = CALLERS.get(request.headers.get("x-auth-token", ""))
        if caller is None:
            raise Unauthenticated
        return caller


@dataclass
class Shop:
    """The state, and what its handlers were given."""

    file: Path | None = None
    received: list[int] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


def echo(request: Request, _shop: Shop) -> Reply:
    return Reply.json({
        "params": request.params, "query": request.query.pairs(), "headers": dict(request.headers),
        "user": request.context.user_id, "base_url": request.base_url, "method": request.method,
        "version": str(request.version), "id": request.id,
    })  # fmt: skip


def show_clock(request: Request, shop: Shop) -> Reply:
    """What is known at once, unless it has to be looked up first; a broken one is a fault like any other."""
    if "slow" in request.query:
        require_time_to_wait()
    if "broken" in request.query:
        raise RuntimeError("secret inside knowledge")
    return Reply.json({"thread": threading.current_thread().name, "user": request.context.user_id, "id": request.id})


def order(request: Request, _shop: Shop) -> Reply:
    return Reply.json(request.json(), 201, {"location": f"/goods/{request.json()['name']}"})


def show_good(request: Request, _shop: Shop) -> Reply:
    name = request.params["name"]
    if name == "lost":
        raise NotFound("There is no such good.")
    request.require({"project_id": "p"})
    if name == "sold":
        raise Conflict("It is sold.")
    if name == "broken":
        raise RuntimeError("secret inside knowledge")
    return Reply.json({"name": name})


def forget(_request: Request, _shop: Shop) -> Reply:
    return Reply.json({"secret": "quicksilver"})


async def download(request: Request, shop: Shop) -> Reply:
    request.require({"project_id": "p"})
    assert shop.file is not None
    return Reply(200, FileBody(shop.file, 10, shop.file.stat().st_size - 10), {"content-type": "x/y"})


async def upload(request: Request, shop: Shop) -> Reply:
    request.require({"project_id": "p"})
    assert request.stream is not None
    size = 0
    try:
        async for piece in request.stream:
            size += len(piece)
            shop.received.append(len(piece))
    finally:
        shop.ended.append("upload")
    return Reply.json({"size": size})


async def forget_stream(_request: Request, _shop: Shop) -> Reply:
    return Reply.json({"secret": "quicksilver"})


async def count_up(request: Request, shop: Shop) -> Reply:
    """A body without an end."""
    request.require({"project_id": "p"})

    async def numbers() -> Any:
        try:
            while True:
                yield b"x" * 65536
        finally:
            shop.ended.append("download")

    return Reply(200, numbers(), {"content-type": "x/y"})


ROWS = (
    route("GET", "/", echo, PUBLIC),
    route("GET", "/echo", echo, "shop:see"),
    route("GET", "/clock", show_clock, "shop:see", is_instant=True),
    route("POST", "/orders", order, "shop:order", body=BODY),
    route("GET", "/goods/best", echo, "shop:see"),
    route("GET", "/goods/{name}", show_good, "shop:see_good", target=Target.ROW),
    route("DELETE", "/goods/{name}", echo, "shop:order"),
    route("GET", "/goods/{name}/parts/{part}", echo, "shop:see"),
    route("GET", "/forgotten", forget, "shop:see", target=Target.ROW),
    route("GET", "/signs", echo, "shop:see", since=SIGNS),
    route("GET", "/bells", echo, "shop:see", until=NO_BELLS),
    route("POST", "/bells", echo, "shop:see"),
    route("GET", "/file", download, "shop:order", target=Target.ROW, is_stream=True),
    route("PUT", "/file", upload, "shop:order", target=Target.ROW, is_stream=True),
    route("GET", "/endless", count_up, "shop:order", target=Target.ROW, is_stream=True),
    route("GET", "/forgotten_stream", forget_stream, "shop:order", target=Target.ROW, is_stream=True),
)
POLICY = {"shop:see": "@", "shop:see_good": "project_id:%(project_id)s", "shop:order": "role:admin"}


def read_version(request: Request, history: History) -> Version:
    return history.parse(request.headers.get("shop-version", "1.0"))


def new_app(shop: Shop | None = None, dialect: Callable[..., Reply] = dialects.compute, **options: Any) -> App[Shop]:
    shop = shop or Shop()
    return App(
        Service(
            name="shop", state=shop, routes=RouteTable(ROWS), dialect=dialect, authenticator=Callers(),
            policy=Policy(POLICY), history=HISTORY, read_version=read_version, body_limit=1000,
            ready=lambda: shop.wrong, **options,
        )
    )  # fmt: skip


def ask(app: App[Any], method: str, path: str, body: Any = None, *, who: str | None = "owner", **headers: str) -> Reply:
    path, _, query = path.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if who is not None:
        sent["x-auth-token"] = who
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    request = Request(method=method, path=path, query=Query(query), headers=sent, body=data, base_url="http://shop")
    return app.handle(request)
