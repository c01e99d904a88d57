"""The method `oauth1`: a request signed with an access token's secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pileus.identity.backend import Backend
from pileus.identity.db import oauth1 as db
from pileus.identity.db import user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.extension_errors import SignatureInvalid
from pileus.identity.model.login_errors import Refused
from pileus.identity.model.oauth1 import SignedRequest, is_expired
from pileus.identity.model.token import Delegation, DelegationKind, Scope
from pileus.identity.operations.methods.proof import Shown
from pileus.identity.tokens.oauth1 import require_signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A login that a consumer signed."""

    method: ClassVar[str] = "oauth1"
    signed: SignedRequest = field(repr=False)

    def prove(self, backend: Backend) -> Shown:
        """Check the signature. Raises Refused."""
        parameters, now = self.signed.parameters, backend.clock.now()
        with backend.database.read() as tx:
            token = db.find_access_token(tx, parameters.get("oauth_token", ""))
            if token is None or token.consumer_id != parameters.get("oauth_consumer_key"):
                raise Refused("there is no such access token")
            consumer, owner = db.get_consumer(tx, token.consumer_id), user.find(tx, token.user_id)
        if owner is None or is_expired(token.expires_at, now):
            raise Refused("the user does not exist, or the access token has expired")
        try:
            require_signed(self.signed, consumer.secret, token.secret, now)
        except SignatureInvalid:
            raise Refused("the signature is not of the access token, or not of now") from None
        return Shown(
            user=owner,
            delegation=Delegation(kind=DelegationKind.OAUTH1, id=token.id),
            scope=Scope(kind=TargetKind.PROJECT, id=token.project_id),
            expires_at=token.expires_at,
            nonce=self.signed.nonce(now),
        )
