"""The method `oauth1`: a request signed with an access token's secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pileus.identity.backend import Backend
from pileus.identity.db import oauth1 as db
from pileus.identity.db import user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import Refused
from pileus.identity.model.extension_errors import SignatureInvalid
from pileus.identity.model.oauth1 import AccessToken, SignedRequest, is_expired
from pileus.identity.model.token import Delegation, DelegationKind, Scope
from pileus.identity.operations.methods.proof import Shown
from pileus.identity.operations.oauth1 import require_genuine
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A login that a consumer signed."""

    method: ClassVar[str] = "oauth1"
    signed: SignedRequest = field(repr=False)

    def prove(self, backend: Backend) -> Shown:
        """Check the signature. Raises Refused."""
        try:
            token = backend.database.write(self._prove, backend.clock.now())
        except SignatureInvalid:
            raise Refused("the signature is not of the access token, not of now, or was here before") from None
        with backend.database.read() as tx:
            owner = user.find(tx, token.user_id)
        if owner is None:
            raise Refused("the user does not exist")
        return Shown(
            user=owner,
            delegation=Delegation(kind=DelegationKind.OAUTH1, id=token.id),
            scope=Scope(kind=TargetKind.PROJECT, id=token.project_id),
        )

    def _prove(self, tx: Transaction, now: datetime) -> AccessToken:
        parameters = self.signed.parameters
        token = db.find_access_token(tx, parameters.get("oauth_token", ""))
        if token is None or token.consumer_id != parameters.get("oauth_consumer_key"):
            raise Refused("there is no such access token")
        if is_expired(token.expires_at, now):
            raise Refused("the access token has expired")
        require_genuine(tx, self.signed, db.get_consumer(tx, token.consumer_id), token.secret, now)
        return token
