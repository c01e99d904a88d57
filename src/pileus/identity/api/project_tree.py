"""Where a project lies: what it lies within and what lies within it, as a project's query may ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import flag
from pileus.identity.db import limit, project
from pileus.identity.model.resource import Project, tree_of
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request


class FormsExclusive(Invalid):
    """The same was asked for in two forms."""

    message = "Cannot use {what}_as_list and {what}_as_ids query params at the same time."


def show(request: Request, tx: Transaction, row: Project) -> dict[str, Any]:
    """Return the members that the query asks for. A list names only projects on which the caller has a role."""
    shown: dict[str, Any] = {}
    for what in ("parents", "subtree"):
        is_list, is_ids = flag(request, f"{what}_as_list"), flag(request, f"{what}_as_ids")
        if is_list and is_ids:
            raise FormsExclusive(what=what)
        if is_list:
            rows = project.list_ancestors(tx, row) if what == "parents" else project.list_descendants(tx, row)
            shown[what] = _mine(request, tx, rows)
        elif is_ids:
            shown[what] = _parent_ids(tx, row) if what == "parents" else _subtree_ids(tx, row)
    return shown


def _mine(request: Request, tx: Transaction, rows: Sequence[Project]) -> list[dict[str, Any]]:
    reached = {each.id for each in project.list_projects(tx, user_id=request.context.user_id)} if rows else set()
    mine = [each for each in rows if each.id in reached]
    shown = [view.linked(request, "projects", view.project(each)) for each in mine]
    if flag(request, "include_limits"):
        limits = limit.list_limits(tx, within=limit.of_projects([each.id for each in mine]))
        for row in shown:
            row["limits"] = [view.limit(each) for each in limits if each.project_id == row["id"]]
    return [{"project": row} for row in shown]


def _parent_ids(tx: Transaction, row: Project) -> dict[str, Any] | None:
    if row.is_domain:
        return None
    nested: dict[str, Any] | None = None
    for each in (row.domain_id, *(parent.id for parent in reversed(project.list_ancestors(tx, row)))):
        nested = {each: nested}
    return nested


def _subtree_ids(tx: Transaction, row: Project) -> dict[str, Any] | None:
    return tree_of(project.list_descendants(tx, row), row.id)
