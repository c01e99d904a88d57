"""Trusts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from pileus.identity.api import view, view_credential
from pileus.identity.api.body import extra
from pileus.identity.api.delegation import grant_of, require_for_trusts
from pileus.identity.api.listing import asked, page
from pileus.identity.api.moment import read_expiry
from pileus.identity.api.view import View
from pileus.identity.backend import Backend
from pileus.identity.db import role, trust, user
from pileus.identity.model.delegation_errors import ActionForbidden
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import Role
from pileus.identity.model.trust import Trust
from pileus.identity.operations import trust as operations
from pileus.identity.operations.delegated_role import NamedRole
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_PLURAL = "OS-TRUST/trusts"
_PARTIES = {
    "trustor_user_id": "identity:list_trusts_for_trustor",
    "trustee_user_id": "identity:list_trusts_for_trustee",
}
"""Whom a list can be of, and the rule for it."""

_FIELDS = {
    *_PARTIES,
    "project_id",
    "roles",
    "impersonation",
    "expires_at",
    "remaining_uses",
    "allow_redelegation",
    "redelegation_count",
    "redelegated_trust_id",
    "deleted_at",
    "roles_links",
}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-TRUST/trusts: all, or those of a trustor or trustee, for each of which there is a rule."""
    party = next((name for name in _PARTIES if request.query.get(name)), None)
    if party is None:
        request.require({})
    else:
        with backend.database.read() as tx:
            named = user.find(tx, request.query.get(party) or "")
        request.require({} if named is None else {"target": {"trust": {party: named.id}}}, _PARTIES[party])
    require_for_trusts(grant_of(request, backend))
    wanted = asked(request, backend, trust.FILTERS)
    with backend.database.read() as tx:
        rows = trust.list_trusts(tx, wanted)
    return page(request, "trusts", map(view_credential.trust, rows), wanted, _PLURAL)


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-TRUST/trusts/{trust_id}."""
    row = _authorized(request, backend)
    return view.one(request, "trust", _PLURAL, _shown(request, row, _roles(backend, row)))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/OS-TRUST/trusts: by the trustor, or passed on by who was trusted.

    What is passed on says the caller's token, not the body.
    """
    body = request.json()["trust"]
    with backend.database.read() as tx:
        trustor = user.find(tx, body["trustor_user_id"])
    request.require({} if trustor is None else {"target": {"trust": {"trustor_user_id": trustor.id}}})
    grant = grant_of(request, backend)
    require_for_trusts(grant)
    if trustor is None or trustor.id != request.context.user_id:
        raise ActionForbidden(action="The authenticated user should match the trustor")
    new = Trust(
        id=ids.new_hex_id(),
        trustor_user_id=trustor.id,
        trustee_user_id=body["trustee_user_id"],
        project_id=body.get("project_id") or None,
        role_ids=(),
        is_impersonation=body["impersonation"],
        expires_at=read_expiry(body.get("expires_at"), backend.clock.now()),
        remaining_uses=body.get("remaining_uses"),
        redelegated_trust_id=None if grant.trust is None else grant.trust.id,
        extra=extra(body, _FIELDS),
    )
    row = backend.database.write(
        operations.create,
        new,
        [NamedRole(**named) for named in body.get("roles") or ()],
        may_redelegate=bool(body.get("allow_redelegation")),
        wanted_count=body.get("redelegation_count"),
    )
    return view.one(request, "trust", _PLURAL, _shown(request, row, _roles(backend, row)), 201)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-TRUST/trusts/{trust_id}: with all that pass it on."""
    backend.database.write(operations.delete, _authorized(request, backend).id)
    return Reply.empty()


def list_roles(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-TRUST/trusts/{trust_id}/roles."""
    row = _authorized(request, backend)
    shown = [_linked(request, given) for given in _roles(backend, row)]
    return Reply.json({"roles": shown, "links": _roles_links(request, row)})


def show_role(request: Request, backend: Backend) -> Reply:
    """GET and HEAD /v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}."""
    row, which = _authorized(request, backend), request.params["role_id"]
    found = next((given for given in _roles(backend, row) if given.id == which), None)
    if found is None:
        raise ResourceNotFound(kind="role", id=which)
    return view.one(request, "role", "roles", view.role(found))


def _authorized(request: Request, backend: Backend) -> Trust:
    """Return the trust of the path, if the caller may. One that is over is like none, whoever asks."""
    which = request.params["trust_id"]
    with backend.database.read() as tx:
        row = trust.find(tx, which)
    if row is None or not row.is_live(backend.clock.now()):
        raise ResourceNotFound(kind="trust", id=which)
    request.require({"target": {"trust": {name: getattr(row, name) for name in _PARTIES}}})
    require_for_trusts(grant_of(request, backend))
    return row


def _roles(backend: Backend, row: Trust) -> Sequence[Role]:
    with backend.database.read() as tx:
        return role.list_by_ids(tx, row.role_ids)


def _shown(request: Request, row: Trust, roles: Sequence[Role]) -> View:
    shown: dict[str, Any] = view_credential.trust(row)
    return {
        **shown,
        "roles": [_linked(request, given) for given in roles],
        "roles_links": _roles_links(request, row),
    }


def _linked(request: Request, given: Role) -> View:
    return {**view.role(given), "links": {"self": f"{request.base_url}/v3/roles/{quote(given.id, safe='')}"}}


def _roles_links(request: Request, row: Trust) -> View:
    return {"self": f"{request.base_url}/v3/{_PLURAL}/{row.id}/roles", "next": None, "previous": None}
