"""What a token that was got by delegation is not good for, whatever the policy says.

What was delegated ends: a trust and an application credential expire and are removed. A secret made with their tokens
would outlive them, and could hold more than they did.
"""

from __future__ import annotations

from pileus.identity.backend import Backend
from pileus.identity.model.delegation_errors import ActionForbidden
from pileus.identity.model.token import DelegationKind, Grant
from pileus.identity.operations.grant import validate
from pileus.kit.http.message import Request

_PRIMARY_METHODS = {"external", "mapped", "password", "token", "totp"}
"""By which a user proves to be there in person; a method that is not listed is delegated."""

_RESTRICTED = "Using method 'application_credential' is not allowed for managing additional application credentials."


def grant_of(request: Request, backend: Backend) -> Grant:
    """Return what the caller's token stands for."""
    return validate(backend, request.context.token)


def is_delegated(grant: Grant) -> bool:
    """Tell whether a token is a part of somebody's rights, given to somebody or something else."""
    return grant.token.delegation is not None or _is_by_proxy(grant)


def require_primary(grant: Grant, what: str = "Delegated tokens cannot access credentials directly") -> None:
    """Let nobody through whose token was got by delegation. Raises ActionForbidden."""
    if is_delegated(grant):
        raise ActionForbidden(action=what)


def require_for_trusts(grant: Grant) -> None:
    """Let through who is there in person, or by a trust, which may be passed on. Raises ActionForbidden."""
    by_trust = grant.token.delegation is not None and grant.token.delegation.kind is DelegationKind.TRUST
    if _is_by_proxy(grant) or (is_delegated(grant) and not by_trust):
        raise ActionForbidden(action="Delegated tokens cannot manage trusts.")


def require_for_application_credentials(grant: Grant, *, is_change: bool) -> None:
    """Let through who is there in person, or by an application credential; for a change one without restrictions.

    Raises ActionForbidden.
    """
    if "application_credential" not in grant.token.methods:
        require_primary(grant, "Cannot manage application credentials with a token issued via delegation.")
    elif is_change and (grant.application_credential is None or not grant.application_credential.is_unrestricted):
        raise ActionForbidden(action=_RESTRICTED)


def _is_by_proxy(grant: Grant) -> bool:
    return not grant.token.methods or not _PRIMARY_METHODS.issuperset(grant.token.methods)
