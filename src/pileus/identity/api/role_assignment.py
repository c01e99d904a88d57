"""The list of all assignments: as they were given, or what they amount to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import flag, links_of
from pileus.identity.backend import Backend
from pileus.identity.db import project, role_assignment
from pileus.identity.db.role_assignment import Wanted
from pileus.identity.model.assignment import SYSTEM_ID, Listed, TargetKind
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of, with_marker

_FOR_TREE = "identity:list_role_assignments_for_tree"
_INHERITED_TO = "scope.OS-INHERIT:inherited_to"
_NO_LIMIT = 2**31


class FiltersExclusive(Invalid):
    """Filters that cannot be asked for together."""


class SubtreeOfNothing(Invalid):
    """What lies within is asked for, but not within what."""

    message = "scope.project.id must be specified if include_subtree is also specified"


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/role_assignments; who is scoped to a domain sees those on it and on its projects."""
    with backend.database.read() as tx:
        _authorize(tx, request)
        limit = limit_of(request, default=None, maximum=_NO_LIMIT) or None
        rows = role_assignment.list_all(tx, _wanted(request, limit))
    has_more = limit is not None and len(rows) > limit
    return _collection(request, rows[:limit], has_more=has_more)


def _authorize(tx: Transaction, request: Request) -> None:
    if not flag(request, "include_subtree"):
        request.require({"target": {"domain_id": request.context.domain_id}})
        return
    project_id = request.query.get("scope.project.id")
    top = project.get_any(tx, project_id) if project_id else None
    request.require({"target": {"domain_id": top.domain_id or None}} if top else {}, _FOR_TREE)
    if top is None:
        raise SubtreeOfNothing


def _wanted(request: Request, limit: int | None) -> Wanted:
    query = request.query
    _require_compatible(request)
    kind, target_id = _target(request)
    inherited_to, marker = query.get(_INHERITED_TO), query.get("marker")
    return Wanted(
        user_id=query.get("user.id") or None,
        group_id=query.get("group.id") or None,
        role_id=query.get("role.id") or None,
        target_kind=kind,
        target_id=target_id,
        has_subtree=bool(flag(request, "include_subtree")),
        is_inherited=None if inherited_to is None else inherited_to == "projects",
        domain_id=request.context.domain_id,
        is_effective=bool(flag(request, "effective")),
        has_names=bool(flag(request, "include_names")),
        limit=None if limit is None else limit + 1,  # the last tells whether there are more
        marker=marker.split(":") if marker else None,
    )


def _target(request: Request) -> tuple[TargetKind | None, str | None]:
    query = request.query
    if query.get("scope.project.id"):
        return TargetKind.PROJECT, query.get("scope.project.id")
    if query.get("scope.domain.id"):
        return TargetKind.DOMAIN, query.get("scope.domain.id")
    return (TargetKind.SYSTEM, SYSTEM_ID) if "scope.system" in query else (None, None)


_EXCLUSIVE = (
    (("scope.domain.id", "scope.project.id"), "Specify a domain or project, not both"),
    (("scope.domain.id", "scope.system"), "Specify system or domain, not both"),
    (("scope.project.id", "scope.system"), "Specify system or project, not both"),
    (("user.id", "group.id"), "Specify a user or group, not both"),
)


def _require_compatible(request: Request) -> None:
    query = request.query
    for names, sentence in _EXCLUSIVE:
        if all(query.get(name) for name in names):
            raise FiltersExclusive(sentence)
    if not flag(request, "effective"):
        return
    if query.get("group.id"):
        raise FiltersExclusive("Combining effective and group filter will always result in an empty list.")
    if query.get("scope.domain.id") and query.get(_INHERITED_TO) == "projects":
        raise FiltersExclusive("Combining effective, domain and inherited filters will always result in an empty list.")


def _collection(request: Request, rows: Sequence[Listed], *, has_more: bool) -> Reply:
    links = links_of(request)
    body: dict[str, Any] = {"role_assignments": [view.assignment(request, row) for row in rows], "links": links}
    if has_more:
        body["truncated"] = True
        links["next"] = request.base_url + with_marker(request, ":".join(rows[-1].key))
    return Reply.json(body)
