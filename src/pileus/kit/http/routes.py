"""The route table: an API as data, a row each.

    Route("PUT", "/resource_providers/{uuid}/inventories", inventory.replace, rule="placement:…:update", body=REPLACE)

A row is dated by `since=` and `until=`; two rows may share a path when their dates do not meet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from pileus.kit.errors import MethodNotAllowed, NotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import DatedSchema, Schema
from pileus.kit.versions import Change, Version

S = TypeVar("S")
Handler = Callable[[Request, S], Reply]
StreamHandler = Callable[[Request, S], Awaitable[Reply]]
Translate = Callable[[str, str], tuple[str, str]]
"""From the method and path that a caller writes to those of a row."""


class Target(Enum):
    """On what a route's rule is checked."""

    CALLER = "caller"  # before the handler, on the caller's own project and user
    ROW = "row"  # by the handler, with `request.require(row)`, once it has loaded the row


PUBLIC = None
"""The rule of a route that needs no token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[S]):
    """One row: a method and path, who handles it, and the policy rule that guards it."""

    method: str
    path: str
    handler: Handler[S] | StreamHandler[S]
    rule: str | None
    target: Target = Target.CALLER
    body: Schema | DatedSchema | None = None
    since: Change | None = None
    until: Change | None = None  # the first version that no longer has it
    is_stream: bool = False  # the handler is async and reads `request.stream`
    has_secret: bool = False  # its path holds one, which no log shows
    is_instant: bool = False  # the handler mostly finds its answer in memory, and has no effect before it does not

    def is_in(self, version: Version | None) -> bool:
        """Tell whether the row exists at `version`."""
        if version is None:
            return True
        if self.since is not None and version < self.since.version:
            return False
        return self.until is None or version < self.until.version


def route(method: str, path: str, handler: Any, rule: str | None, **options: Any) -> Route[Any]:
    """Write a row shortly: the first four columns by position."""
    return Route(method=method, path=path, handler=handler, rule=rule, **options)


class _Node:
    """One segment of the path tree; a literal segment wins over a parameter."""

    __slots__ = ("literals", "parameter", "rows")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.rows: list[tuple[Route[Any], tuple[str, ...]]] = []


class RouteTable(Generic[S]):
    """All rows of a service, found by path."""

    def __init__(
        self,
        rows: Sequence[Route[Any]],
        *,
        ignores_last_slash: bool = False,
        translate: Translate | None = None,
        hides_other_times: bool = False,
    ) -> None:
        self.rows = tuple(rows)
        self._hides_other_times = hides_other_times  # a method that a path has only at another time is not found
        self._ignores_last_slash = ignores_last_slash
        self._translate = translate
        self._root = _Node()
        for row in rows:
            self._add(row)

    def _add(self, row: Route[Any]) -> None:
        node = self._root
        names = []
        for segment in row.path.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        node.rows.append((row, tuple(names)))

    def find(self, method: str, path: str, version: Version | None) -> tuple[Route[S], dict[str, str]]:
        """Return the row for a request and its path parameters; a segment is decoded only once the path is split.

        Raises NotFound, MethodNotAllowed (with the allowed methods in its details).
        """
        refusal: MethodNotAllowed | None = None
        if self._translate is not None:
            method, path = self._translate(method, path)
        if self._ignores_last_slash:
            path = path.rstrip("/") or "/"
        for rows, values in self._matches(self._root, path.split("/")[1:], ()):
            live = [(row, names) for row, names in rows if row.is_in(version)]
            for row, names in sorted(live, key=lambda found: found[0].method != method):
                if row.method == method or (method == "HEAD" and row.method == "GET"):
                    return row, {name: unquote(value) for name, value in zip(names, values, strict=True)}
            # A method that this path has never had is refused as such even before the path's own time.
            is_of_another_time = any(row.method == method for row, _ in rows)
            if is_of_another_time and self._hides_other_times:
                break
            if refusal is None and (live or not is_of_another_time):
                refusal = MethodNotAllowed(method=method, allowed=sorted({row.method for row, _ in live or rows}))
        raise refusal or NotFound("The resource could not be found.")

    def _matches(
        self, node: _Node, segments: list[str], values: tuple[str, ...]
    ) -> list[tuple[list[tuple[Route[Any], tuple[str, ...]]], tuple[str, ...]]]:
        if not segments:
            return [(node.rows, values)] if node.rows else []
        head, rest = segments[0], segments[1:]
        found = []
        if head in node.literals:
            found += self._matches(node.literals[head], rest, values)
        if node.parameter is not None and head:
            found += self._matches(node.parameter, rest, (*values, head))
        return found
