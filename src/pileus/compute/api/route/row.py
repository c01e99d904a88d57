"""How a row of this API is written."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.backend import Backend
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import Route, Target, route
from pileus.kit.versions import Change

BY_ACTION = "os_compute_api:action"
"""The rule of a path whose body names an action: each action has a rule of its own, and this one allows nobody."""

Handler = Callable[[Request, Backend], Reply]


class Parameters:
    """The query parameters that a path takes, and since when it refuses all others.

    One that came later is a pair of its name and change; one that went is such a pair in `until`.
    """

    def __init__(
        self,
        *names: str | tuple[str, Change],
        strict_since: Change = v.STRICT_QUERIES,
        until: tuple[tuple[str, Change], ...] = (),
    ) -> None:
        self._begun = dict(name if isinstance(name, tuple) else (name, None) for name in names)
        self._ended = dict(until)
        self._strict_since = strict_since

    def require_known(self, request: Request) -> None:
        """Raise Invalid for a parameter that there is not in the request's version."""
        if not request.query or not request.since(self._strict_since):
            return
        strangers = [name for name in dict(request.query.pairs()) if not self._is_known(name, request)]
        if strangers:
            were = "was" if len(strangers) == 1 else "were"
            named = ", ".join(repr(name) for name in sorted(strangers))
            raise Invalid(f"Additional properties are not allowed ({named} {were} unexpected)")

    def _is_known(self, name: str, request: Request) -> bool:
        if name in self._ended and request.since(self._ended[name]):
            return False
        begun = self._begun.get(name)
        return name in self._begun and (begun is None or request.since(begun))


NO_PARAMETERS = Parameters()


def row(
    method: str, path: str, handler: Handler, rule: str, *, query: Parameters | None = None, **options: Any
) -> Route[Backend]:
    """Return a row whose rule is named without its prefix. Only what is read minds its query where none is given."""
    if query is None and method == "GET":
        query = NO_PARAMETERS
    named = rule if rule.startswith("compute:") else f"os_compute_api:{rule}"
    return route(method, path, handler if query is None else _asking(handler, query), named, **options)


def on_server(method: str, path: str, handler: Handler, rule: str, **options: Any) -> Route[Backend]:
    """Return a row below one server: its handler loads the server and asks the policy about it."""
    return row(method, f"/servers/{{server_id}}{path}", handler, rule, target=Target.ROW, **options)


def _asking(handler: Handler, query: Parameters) -> Handler:
    @wraps(handler)
    def run(request: Request, backend: Backend) -> Reply:
        query.require_known(request)
        return handler(request, backend)

    return run
