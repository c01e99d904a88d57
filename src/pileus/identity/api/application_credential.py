"""Application credentials. Whose one is says the database, not the path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.api import view, view_credential
from pileus.identity.api.delegation import grant_of, require_for_application_credentials
from pileus.identity.api.listing import asked, page
from pileus.identity.api.moment import read_expiry
from pileus.identity.api.view import View
from pileus.identity.backend import Backend
from pileus.identity.db import application_credential, role
from pileus.identity.model.application_credential import AccessRule, ApplicationCredential
from pileus.identity.model.delegation_errors import ActionForbidden, ApplicationCredentialInvalid
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.operations import application_credential as operations
from pileus.identity.operations.delegated_role import NamedRole
from pileus.identity.tokens import password
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

SECRET_BITS = 512


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/application_credentials."""
    owner = request.params["user_id"]
    request.require({"user_id": owner})
    require_for_application_credentials(grant_of(request, backend), is_change=False)
    wanted = asked(request, backend, application_credential.FILTERS)
    with backend.database.read() as tx:
        shown = _shown(tx, application_credential.list_of_user(tx, owner, wanted))
    return page(request, "application_credentials", shown, wanted, _path(owner))


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/application_credentials/{application_credential_id}."""
    row = _authorized(request, backend, is_change=False)
    with backend.database.read() as tx:
        shown = _shown(tx, [row])[0]
    return view.one(request, "application_credential", _path(row.user_id), shown)


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/users/{user_id}/application_credentials: for the project of the caller's token.

    This reply alone has the secret.
    """
    body, owner = request.json()["application_credential"], request.params["user_id"]
    request.require({"user_id": owner})
    grant = grant_of(request, backend)
    require_for_application_credentials(grant, is_change=True)
    if request.context.user_id != owner:
        raise ActionForbidden(action="Cannot create an application credential for another user.")
    if grant.project is None:
        raise ApplicationCredentialInvalid(why="The token is not of a project")
    secret, secret_hash = _secret(backend, body.get("secret"))
    new = ApplicationCredential(
        id=ids.new_hex_id(),
        name=body["name"],
        user_id=owner,
        project_id=grant.project.id,
        secret_hash=secret_hash,
        role_ids=(),
        description=body.get("description"),
        expires_at=read_expiry(body.get("expires_at"), backend.clock.now()),
        is_unrestricted=bool(body.get("unrestricted")),
        access_rules=_access_rules(owner, body.get("access_rules"), grant.access_rules),
    )
    roles = [NamedRole(**named) for named in body.get("roles") or ()]
    held = {given.id for given in grant.roles}
    row = backend.database.write(operations.create, new, roles, held)
    with backend.database.read() as tx:
        shown = _shown(tx, [row])[0]
    return view.one(request, "application_credential", _path(owner), {**shown, "secret": secret}, 201)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}/application_credentials/{application_credential_id}."""
    backend.database.write(operations.delete, _authorized(request, backend, is_change=True).id)
    return Reply.empty()


def _authorized(request: Request, backend: Backend, *, is_change: bool) -> ApplicationCredential:
    """Return the application credential of the path, if the caller may."""
    which, owner = request.params["application_credential_id"], request.params["user_id"]
    with backend.database.read() as tx:
        row = application_credential.find(tx, which)
    request.require({"user_id": owner if row is None else row.user_id})
    require_for_application_credentials(grant_of(request, backend), is_change=is_change)
    if row is None or row.user_id != owner:
        raise ResourceNotFound(kind="Application Credential", id=which)
    return row


def _secret(backend: Backend, chosen: str | None) -> tuple[str, str]:
    """Return the secret and its hash: a slow one only for what somebody chose."""
    if chosen:
        return chosen, password.hash_chosen(chosen, backend.password_rounds)
    made = ids.new_secret(SECRET_BITS)
    return made, password.hash_generated(made)


def _access_rules(
    owner: str, said: Sequence[dict[str, Any]] | None, limit: tuple[AccessRule, ...] | None
) -> tuple[AccessRule, ...] | None:
    """Return the rules as they are wished for; an empty list is as none, which is no limit.

    What is made by an application credential with rules gets all of these or some. Raises
    ApplicationCredentialInvalid.
    """
    if not said:
        return limit
    if limit is not None:
        known = {rule.id: rule for rule in limit}
        if not all(rule.get("id") in known for rule in said):
            raise ApplicationCredentialInvalid(why="The access rules are not among those of the token")
        return tuple(known[rule["id"]] for rule in said)
    return tuple(
        AccessRule(
            id=rule.get("id") or ids.new_hex_id(),
            user_id=owner,
            service=rule.get("service", ""),
            method=rule.get("method", ""),
            path=rule.get("path", ""),
        )
        for rule in said
    )


def _shown(tx: Transaction, rows: Sequence[ApplicationCredential]) -> list[View]:
    roles = {known.id: known for known in role.list_by_ids(tx, {role_id for row in rows for role_id in row.role_ids})}
    return [view_credential.application_credential(row, roles) for row in rows]


def _path(user_id: str) -> str:
    return f"users/{user_id}/application_credentials"
