"""A Keystone that keeps limits."""

from __future__ import annotations

from typing import Any

from pileus.clients.limit import LimitedEndpoint, UnifiedLimits
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC, route
from tests.clients.keystone import Keystone

ENDPOINT = LimitedEndpoint(endpoint_service_type="shop")


class Limiting:
    """A Keystone that has limits, and remembers what it was asked."""

    def __init__(self) -> None:
        self.keystone = Keystone()
        self.questions: list[tuple[str, dict[str, str]]] = []
        self.registered = {"goods": 10, "bags": 2}
        self.own: dict[str, dict[str, int]] = {"p-rich": {"goods": 99}}
        self.status = 200
        self.keystone.more_routes = [
            route("GET", "/v3/registered_limits", self._registered, PUBLIC),
            route("GET", "/v3/limits", self._limits, PUBLIC),
        ]

    def limits(self, endpoint: LimitedEndpoint = ENDPOINT, *, cache_s: float = 0, region: str = "two") -> UnifiedLimits:
        return UnifiedLimits(self.keystone.session(region=region), endpoint, cache_s=cache_s)

    def _registered(self, request: Request, _state: Any) -> Reply:
        return self._answer(
            request,
            "registered_limits",
            [{"resource_name": name, "default_limit": limit} for name, limit in self.registered.items()],
        )

    def _limits(self, request: Request, _state: Any) -> Reply:
        own = [
            {"project_id": project, "resource_name": name, "resource_limit": limit}
            for project, limits in self.own.items()
            for name, limit in limits.items()
        ]
        return self._answer(request, "limits", own)

    def _answer(self, request: Request, what: str, rows: list[dict[str, Any]]) -> Reply:
        self.questions.append((what, dict(request.query.pairs())))
        if request.headers["x-auth-token"] not in self.keystone.valid:
            return Reply.json({}, 401)
        return Reply.json({what: rows}, self.status)
