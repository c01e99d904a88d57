"""A stand-in for somebody's Keystone: passwords in, tokens out, and a list of who asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from pileus.clients.session import Credentials, Session
from pileus.clients.transport import Transport
from pileus.kit.errors import Unauthenticated
from pileus.kit.http import dialects
from pileus.kit.http.app import App, Service
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC, RouteTable, route
from pileus.kit.policy import Policy
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from pileus.kit.context import Context

URL = "http://keystone.example:5000"
SHOP_URL = "http://shop.example:80"


class NobodyAsks:
    def authenticate(self, request: Request) -> Context:
        raise Unauthenticated


def document(name: str, expires_at: str, roles: tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {
        "user": {"id": f"id-{name}", "name": name, "domain": {"id": "default", "name": "Default"}},
        "expires_at": expires_at,
        "roles": [{"id": role, "name": role} for role in roles],
        **more,
    }


@dataclass
class Keystone:
    clock: HeldClock = field(default_factory=HeldClock)
    lifetime: timedelta = timedelta(hours=1)
    logins: int = 0
    questions: list[str] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)  # our own tokens that it still knows
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)  # other people's
    expired: set[str] = field(default_factory=set)  # of those, which it tells of only who asks for such
    answer: Reply | None = None  # to every login, if it shall be another
    is_confused: bool = False  # and takes no token of ours for good
    shop: list[dict[str, str]] = field(default_factory=list)  # headers of what the shop was asked
    more_routes: list[Any] = field(default_factory=list)  # that it answers too

    def log_in(self, request: Request, _state: Any) -> Reply:
        if self.answer is not None:
            return self.answer
        user = msgspec.json.decode(request.body)["auth"]["identity"]["password"]["user"]
        if user["password"] != "right":
            raise Unauthenticated
        self.logins += 1
        token = f"own-{self.logins}"
        self.valid.add(token)
        expires_at = (self.clock.now() + self.lifetime).isoformat() + "Z"
        endpoints = [
            {
                "id": f"e-{region}-{interface}",
                "interface": interface,
                "region_id": region,
                "region": region,
                "url": f"{SHOP_URL}/{region}/",
            }
            for region in ("one", "two")
            for interface in ("public", "internal")
        ]
        shop = {"id": "id-shop", "name": "name-shop", "type": "shop", "endpoints": endpoints}
        body = document(user["name"], expires_at, ("service",), catalog=[shop])
        return Reply.json({"token": body}, 201, {"x-subject-token": token})

    def validate(self, request: Request, _state: Any) -> Reply:
        if self.is_confused or request.headers["x-auth-token"] not in self.valid:
            return Reply.json({}, 401)
        subject = request.headers["x-subject-token"]
        self.questions.append(subject)
        if subject not in self.tokens or (subject in self.expired and "allow_expired" not in request.query):
            return Reply.json({}, 404)
        return Reply.json({"token": self.tokens[subject]})

    def sell(self, request: Request, _state: Any) -> Reply:
        self.shop.append(dict(request.headers))
        own = request.headers.get("x-service-token", request.headers["x-auth-token"])
        return Reply.json({"path": request.path}, 200 if own in self.valid else 401)

    def session(self, password: str = "right", **more: Any) -> Session:  # noqa: S107
        transport = Transport()
        transport.add_local(URL, self._app([
            route("POST", "/v3/auth/tokens", self.log_in, PUBLIC),
            route("GET", "/v3/auth/tokens", self.validate, PUBLIC),
            *self.more_routes,
        ]))  # fmt: skip
        transport.add_local(SHOP_URL, self._app([
            route(method, "/{region}/goods", self.sell, PUBLIC) for method in ("GET", "POST")
        ]))  # fmt: skip
        credentials = Credentials(auth_url=f"{URL}/v3", username="nova", password=password, **more)
        return Session(transport, credentials, self.clock)

    def _app(self, rows: list[Any]) -> App[None]:
        return App(
            Service(
                name="test", state=None, routes=RouteTable(rows), dialect=dialects.identity,
                authenticator=NobodyAsks(), policy=Policy({}),
            )
        )  # fmt: skip
