"""What a new token shall be good for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pileus.identity.db import project, trust, user
from pileus.identity.model.assignment import SYSTEM_ID, TargetKind
from pileus.identity.model.login_errors import Refused, ScopeForbidden, TokenExchangeForbidden
from pileus.identity.model.resource import User
from pileus.identity.model.token import UNSCOPED, Delegation, DelegationKind, Scope, Token
from pileus.identity.model.trust import Trust
from pileus.identity.operations.named import Named, find_domain, find_project
from pileus.identity.operations.rows import Rows
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeWish:
    """What the token shall be good for; all None: the default project if there is one. `is_unscoped`: not even that."""

    project: Named | None = None
    domain: Named | None = None
    trust_id: str | None = None
    is_system: bool = False
    is_unscoped: bool = False

    @property
    def is_default(self) -> bool:
        """Whether nothing was wished."""
        return self == ScopeWish()


def choose(rows: Rows, who: User, wish: ScopeWish) -> Scope:
    """Return the scope that a wish means; that of a trust is its own. Raises Refused."""
    if wish.project is not None:
        found = find_project(rows, wish.project)
        if found is None:
            raise Refused("there is no such project")
        return Scope(kind=TargetKind.PROJECT, id=found.id)
    if wish.domain is not None:
        home = find_domain(rows, wish.domain)
        if home is None:
            raise Refused("there is no such domain")
        return Scope(kind=TargetKind.DOMAIN, id=home.id)
    if wish.is_system:
        return Scope(kind=TargetKind.SYSTEM, id=SYSTEM_ID)
    return UNSCOPED if wish.is_unscoped else _default(rows, who)


def find_trust(tx: Transaction, who: User, trust_id: str, now: datetime) -> tuple[Trust, Delegation]:
    """Return a trust that somebody wants to use, and what it makes of the token.

    Raises Refused if there is none or it is over, ScopeForbidden if it is somebody else's or the trustor is disabled.
    """
    found = trust.find(tx, trust_id)
    if found is None or not found.is_live(now):
        raise Refused("there is no such trust, or it has expired or was used up")
    if found.trustee_user_id != who.id:
        raise ScopeForbidden("User is not a trustee.")
    trustor = user.find(tx, found.trustor_user_id)
    if trustor is None or not trustor.is_enabled:
        raise ScopeForbidden("Trustor is disabled.")
    delegation = Delegation(kind=DelegationKind.TRUST, id=found.id, valid_after=trustor.tokens_valid_after)
    return found, delegation


def require_exchangeable(parent: Token, wish: ScopeWish, *, may_be_scoped: bool) -> None:
    """Make sure that a token is good for getting one with another scope. Raises TokenExchangeForbidden."""
    if parent.delegation is not None:
        raise TokenExchangeForbidden(why=_DELEGATED[parent.delegation.kind])
    if parent.scope.kind is TargetKind.SYSTEM and (wish.project is not None or wish.domain is not None):
        raise TokenExchangeForbidden(why="Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.")  # fmt: skip # noqa: E501
    if parent.scope.kind is not None and not may_be_scoped:
        raise TokenExchangeForbidden(why="rescope a scoped token.")


_DELEGATED = {
    DelegationKind.TRUST: "Using trust-scoped token to create another token. Create a new trust-scoped token instead.",
    DelegationKind.OAUTH1: "Using OAuth-scoped token to create another token. Create a new OAuth-scoped token instead.",
    DelegationKind.APPLICATION_CREDENTIAL: "Using a delegated token to create another token is not allowed.",
}


def _default(rows: Rows, who: User) -> Scope:
    """A default project is only a wish: one that is gone, disabled or without a role gives an unscoped token."""
    if who.default_project_id is None:
        return UNSCOPED
    scope = Scope(kind=TargetKind.PROJECT, id=who.default_project_id)
    found = rows.find(project.find, scope.id)
    if found is None or not found.is_enabled or not rows.roles(who.id, scope):
        return UNSCOPED
    return scope
