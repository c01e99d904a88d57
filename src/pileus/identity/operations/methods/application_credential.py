"""The method `application_credential`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pileus.identity.backend import Backend
from pileus.identity.db import application_credential, user
from pileus.identity.model.application_credential import ApplicationCredential
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.login_errors import Refused
from pileus.identity.model.token import Delegation, DelegationKind, Scope
from pileus.identity.operations.methods.proof import Shown
from pileus.identity.operations.named import Named, find_user
from pileus.identity.operations.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """An application credential, by id or by its user and name, and its secret."""

    method: ClassVar[str] = "application_credential"
    id: str | None = None
    name: str | None = None
    user: Named | None = None
    secret: str = field(repr=False)
    address: str = ""  # where it came from

    def prove(self, backend: Backend) -> Shown:
        """Check the secret, in the same time for one that does not exist. Raises Refused, TooManyAttempts."""
        backend.attempts.require(self._key(), self.address)
        with Rows(backend) as rows:
            found = self._find(rows)
            owner = None if found is None else user.find(rows.tx, found.user_id)
        is_right = backend.passwords.verify(self.secret, None if found is None else found.secret_hash)
        if found is None or owner is None or not is_right:
            backend.attempts.fail(self._key(), self.address)
            raise Refused("there is no such application credential, or the secret is wrong")
        if not found.is_live(backend.clock.now()):
            raise Refused("the application credential has expired")
        return Shown(
            user=owner,
            delegation=Delegation(kind=DelegationKind.APPLICATION_CREDENTIAL, id=found.id),
            scope=Scope(kind=TargetKind.PROJECT, id=found.project_id),
            expires_at=found.expires_at,
        )

    def _find(self, rows: Rows) -> ApplicationCredential | None:
        """Return it. Whose it is says it alone: with an id, a user that was named too counts for nothing."""
        if self.id is not None:
            return application_credential.find(rows.tx, self.id)
        owner = None if self.user is None else find_user(rows, self.user)
        return None if owner is None else application_credential.find_by_name(rows.tx, owner.id, self.name or "")

    def _key(self) -> str:
        return self.id or f"{self.name}/{self.user.key() if self.user else ''}"
