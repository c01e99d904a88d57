"""Actions: verbs that are posted to one path and named in the body, each with a row of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pileus.compute.backend import Backend
from pileus.kit.errors import Invalid
from pileus.kit.http.message import BodyMismatch, Reply, Request
from pileus.kit.schema import DatedSchema, Schema
from pileus.kit.versions import Change

ActionHandler = Callable[[Request, Backend, Any], Reply]
"""Gets the action's argument; asks the policy itself where its row says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """One action: its name in the body, who handles it, its policy rule, the schema of the whole body, its dates."""

    name: str
    handler: ActionHandler
    rule: str
    body: Schema | DatedSchema
    is_on_caller: bool = False  # the rule is checked on the caller, not by the handler on the row that it loads
    since: Change | None = None
    until: Change | None = None  # the first version that no longer has it

    def is_in(self, request: Request) -> bool:
        """Whether the action exists in the request's version."""
        is_begun = self.since is None or request.since(self.since)
        return is_begun and (self.until is None or not request.since(self.until))

    def schema(self, request: Request) -> Schema:
        """Return the schema in force."""
        return self.body.at(request.version) if isinstance(self.body, DatedSchema) else self.body


def dispatcher(rows: Sequence[ActionRow]) -> Callable[[Request, Backend], Reply]:
    """Return the handler of a path that takes these actions."""
    by_name = {row.name: row for row in rows}

    def run(request: Request, backend: Backend) -> Reply:
        body = request.json()
        row = _chosen(by_name, body, request)
        mismatch = row.schema(request).mismatch(body)
        if mismatch is not None:
            raise BodyMismatch(mismatch)
        request.rule = row.rule
        if row.is_on_caller:
            request.require({"project_id": request.context.project_id, "user_id": request.context.user_id})
        return row.handler(request, backend, body[row.name])

    return run


def _chosen(by_name: dict[str, ActionRow], body: Any, request: Request) -> ActionRow:
    if not isinstance(body, dict) or not body:
        raise Invalid("Malformed request body")
    for name in body:
        row = by_name.get(name)
        if row is not None and row.is_in(request):
            return row
    raise Invalid(f"There is no such action: {next(iter(body))}")
