"""Who may do what, asked of the service itself: one minimal request for each persona and route.

A service joins with three things: its routes, a header or two for each persona, and a sample request for each route
(see `identity.py` and `placement.py`).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request
from pileus.kit.http.routes import Route

GOLDEN = Path(__file__).parent
FORBIDDEN, NOT_IMPLEMENTED = 403, 501
SHOWN = (401, FORBIDDEN, 404)
"""Statuses that a cell shows; all others mean that the policy let the caller through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What fills a route: values for the path's places, a body, headers."""

    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


class StreamingApp(App[Any]):
    """Answers also what carries bytes; what it is sent has none."""

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        found = self.find_route(request.method, request.path)
        if found is None or not found.is_stream:
            return super().handle(request)
        request.stream = _no_bytes()
        row, refusal = self.admit(request)
        if row is None:
            assert refusal is not None
            return refusal
        return asyncio.run(self.stream(row, request))


async def _no_bytes() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


def title_of(row: Route[Any]) -> str:
    """Return a row's name."""
    return f"{row.method} {row.path}"


def _no_more(_row: Route[Any], _reply: Reply) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A service to be asked. `sample` is called anew for each request, and may make what the request will remove."""

    app: App[Any]
    rows: Sequence[Route[Any]]
    personas: Mapping[str, Mapping[str, str]]
    sample: Callable[[Route[Any]], Sample]
    is_body_after_policy: bool = False  # then a body that is not understood tells that the policy let it through
    title: Callable[[Route[Any]], str] = title_of
    require_reason: Callable[[Route[Any], Reply], None] = _no_more  # checks what else a 403 says


def table(subject: Subject) -> str:
    """Return the matrix as text: a line for each route, a column for each persona."""
    names = [subject.title(row) for row in subject.rows]
    width = max(map(len, names))
    lines = ["  ".join(["".ljust(width), *subject.personas])]
    for name, row in zip(names, subject.rows, strict=True):
        cells = [_verdict(subject, row, who).ljust(len(who)) for who in subject.personas]
        lines.append("  ".join([name.ljust(width), *cells]).rstrip())
    return "\n".join(lines) + "\n"


def require_unchanged(name: str, text: str) -> None:
    """Compare with the golden file; with PILEUS_GOLDEN=write write it instead."""
    path = GOLDEN / f"policy_{name}.txt"
    if os.environ.get("PILEUS_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text(), f"{path.name} differs; if that is meant: PILEUS_GOLDEN=write pytest tests/golden"


def _verdict(subject: Subject, row: Route[Any], who: str) -> str:
    if row.rule is None:
        return "public"
    sample = subject.sample(row)
    path = re.sub(r"\{(\w+)\}", lambda place: quote(sample.params[place[1]], safe=""), row.path)
    headers = {"content-type": "application/json", **sample.headers, **subject.personas[who]}
    data = b"" if sample.body is None else json.dumps(sample.body).encode()
    query = Query(sample.query)
    reply = subject.app.handle(Request(method=row.method, path=path, query=query, headers=headers, body=data))
    assert reply.status < 500 or reply.status == NOT_IMPLEMENTED, (row.method, path, reply.body)
    assert subject.is_body_after_policy or reply.status not in (400, 415), (row.method, path, reply.body)
    if reply.status == FORBIDDEN:
        subject.require_reason(row, reply)
    return str(reply.status) if reply.status in SHOWN else "yes"
