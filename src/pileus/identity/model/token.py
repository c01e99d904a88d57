"""A token: proof of who somebody is, and what for."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pileus.identity.model.application_credential import AccessRule, ApplicationCredential
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.federation import ServiceProvider
from pileus.identity.model.oauth1 import AccessToken
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.model.trust import Trust

METHODS = ("password", "token", "application_credential", "totp", "external", "oauth1", "mapped")
"""In the order of their bits in a token's payload; only ever add at the end."""


class DelegationKind(StrEnum):
    """By what somebody may act with a part of a user's rights."""

    TRUST = "trust"
    APPLICATION_CREDENTIAL = "application_credential"
    OAUTH1 = "oauth1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What a token was got by, where that was not the user's own proof: it limits the token to what was delegated."""

    kind: DelegationKind
    id: str  # of the trust, application credential or OAuth access token
    valid_after: datetime | None = None  # of a trust: the trustor's `tokens_valid_after` when the token was issued


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token is good for; `kind` None: for nothing but finding out what it could be good for."""

    kind: TargetKind | None = None
    id: str = ""


UNSCOPED = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token's text holds, and nothing that the database knows better."""

    user_id: str
    methods: tuple[str, ...]
    scope: Scope
    audit_ids: tuple[str, ...]  # its own, and that of the first token of its chain
    issued_at: datetime
    expires_at: datetime
    user_valid_after: datetime | None = None  # the user's `tokens_valid_after` when it was issued: void once that moves
    delegation: Delegation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A valid token with everything that it stands for now."""

    token: Token
    user: User
    user_domain: Domain
    project: Project | None = None
    project_domain: Domain | None = None
    domain: Domain | None = None
    roles: tuple[Role, ...] = ()
    catalog: bytes = b"[]"  # as `operations.written_catalog` writes it
    trust: Trust | None = None
    trustor: User | None = None
    trustor_domain: Domain | None = None
    application_credential: ApplicationCredential | None = None
    access_token: AccessToken | None = None
    service_providers: tuple[ServiceProvider, ...] = ()

    @property
    def acting(self) -> tuple[User, Domain]:
        """As whom its holder acts, and that user's domain: with a trust that says so, the trustor."""
        if self.trust is not None and self.trust.is_impersonation and self.trustor and self.trustor_domain:
            return self.trustor, self.trustor_domain
        return self.user, self.user_domain

    @property
    def access_rules(self) -> tuple[AccessRule, ...] | None:
        """Which requests it is good for; None: for any."""
        return None if self.application_credential is None else self.application_credential.access_rules


def new_audit_id(random: bytes) -> str:
    """Return an audit id of 16 random bytes: what names a token in logs and revocations without giving it away."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode()
