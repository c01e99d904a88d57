"""Access rules of a user's application credentials."""

from __future__ import annotations

from pileus.identity.api import view, view_credential
from pileus.identity.api.delegation import grant_of, require_for_application_credentials
from pileus.identity.api.listing import asked, page
from pileus.identity.backend import Backend
from pileus.identity.db import access_rule, user
from pileus.identity.operations import access_rule as operations
from pileus.kit.http.message import Reply, Request


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/access_rules."""
    owner = _authorized(request, backend)
    wanted = asked(request, backend, access_rule.FILTERS)
    with backend.database.read() as tx:
        rows = access_rule.list_of_user(tx, owner, wanted)
    return page(request, "access_rules", map(view_credential.access_rule, rows), wanted, _path(owner))


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/access_rules/{access_rule_id}."""
    owner = _authorized(request, backend)
    with backend.database.read() as tx:
        row = access_rule.get(tx, request.params["access_rule_id"], owner)
    return view.one(request, "access_rule", _path(owner), view_credential.access_rule(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}/access_rules/{access_rule_id}."""
    owner = _authorized(request, backend)
    backend.database.write(operations.delete, request.params["access_rule_id"], owner)
    return Reply.empty()


def _authorized(request: Request, backend: Backend) -> str:
    """Return the id of the user of the path, if the caller may ask about it."""
    which = request.params["user_id"]
    with backend.database.read() as tx:
        owner = user.find(tx, which)
    request.require({} if owner is None else {"target": {"user": {"id": owner.id, "domain_id": owner.domain_id}}})
    require_for_application_credentials(grant_of(request, backend), is_change=False)
    return which


def _path(user_id: str) -> str:
    return f"users/{user_id}/access_rules"
