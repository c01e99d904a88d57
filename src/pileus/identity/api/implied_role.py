"""Which role implies which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pileus.identity.api import view
from pileus.identity.backend import Backend
from pileus.identity.db import role
from pileus.identity.model.errors import ImplicationNotFound
from pileus.identity.model.resource import Role
from pileus.identity.operations import role as operations
from pileus.kit.http.message import Reply, Request


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/role_inferences: all rules."""
    with backend.database.read() as tx:
        known = {row.id: row for row in role.list_all(tx)}
        implications = role.implications(tx)
    shown = [
        _rule(request, known[prior_id], [known[implied_id] for implied_id in implied_ids])
        for prior_id, implied_ids in implications.items()
    ]
    return Reply.json({"role_inferences": shown})


def list_implied(request: Request, backend: Backend) -> Reply:
    """GET /v3/roles/{prior_role_id}/implies."""
    with backend.database.read() as tx:
        prior = role.get(tx, request.params["prior_role_id"])
        implied = role.list_by_ids(tx, role.implications(tx).get(prior.id, ()))
    return _shown(request, _rule(request, prior, implied))


def show(request: Request, backend: Backend) -> Reply:
    """GET and HEAD /v3/roles/{prior_role_id}/implies/{implied_role_id}."""
    if request.method == "HEAD":
        request.require({}, "identity:check_implied_role")
    prior, implied = _named(request, backend)
    with backend.database.read() as tx:
        if not role.has_implication(tx, prior.id, implied.id):
            raise ImplicationNotFound(prior_role_id=prior.id, implied_role_id=implied.id)
    return Reply.empty() if request.method == "HEAD" else _shown_one(request, prior, implied)


def imply(request: Request, backend: Backend) -> Reply:
    """PUT /v3/roles/{prior_role_id}/implies/{implied_role_id}."""
    prior, implied = _named(request, backend)
    backend.database.write(operations.imply, prior, implied)
    return _shown_one(request, prior, implied, 201)


def stop_implying(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/roles/{prior_role_id}/implies/{implied_role_id}."""
    prior, implied = _named(request, backend)
    backend.database.write(operations.stop_implying, prior, implied)
    return Reply.empty()


def _named(request: Request, backend: Backend) -> tuple[Role, Role]:
    with backend.database.read() as tx:
        return role.get(tx, request.params["prior_role_id"]), role.get(tx, request.params["implied_role_id"])


def _shown_one(request: Request, prior: Role, implied: Role, status: int = 200) -> Reply:
    rule = {"prior_role": _brief(request, prior), "implies": _brief(request, implied)}
    return _shown(request, rule, status)


def _shown(request: Request, rule: dict[str, Any], status: int = 200) -> Reply:
    links = {"self": f"{request.base_url}{request.path}"}
    return Reply.json({"role_inference": rule, "links": links}, status)


def _rule(request: Request, prior: Role, implied: Iterable[Role]) -> dict[str, Any]:
    return {"prior_role": _brief(request, prior), "implies": [_brief(request, each) for each in implied]}


def _brief(request: Request, row: Role) -> dict[str, Any]:
    return view.linked(request, "roles", {"id": row.id, "name": row.name})
