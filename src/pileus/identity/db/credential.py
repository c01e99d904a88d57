"""Credentials."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import credential
from pileus.identity.model.credential import Credential
from pileus.identity.model.errors import ResourceNotFound
from pileus.kit.db import Row, Transaction

FILTERS: Filters = {"user_id": credential.c.user_id, "type": credential.c.type}
_BY_ID = select(credential).where(credential.c.id == bindparam("which"))


def get(tx: Transaction, credential_id: str) -> Credential:
    """Return a credential. Raises ResourceNotFound."""
    found = find(tx, credential_id)
    if found is None:
        raise ResourceNotFound(kind="credential", id=credential_id)
    return found


def find(tx: Transaction, credential_id: str) -> Credential | None:
    """Return a credential, or None."""
    row = tx.first(_BY_ID, {"which": credential_id})
    return None if row is None else _credential(row)


def get_locked(tx: Transaction, credential_id: str) -> Credential:
    """Return a credential that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(credential.c.id, credential_id)
    return get(tx, credential_id)


def list_of_user(tx: Transaction, user_id: str, type_: str | None = None) -> Sequence[Credential]:
    """Return a user's credentials, of one type or of all."""
    found = list_credentials(tx, user_id=user_id)
    return [row for row in found if type_ in (None, row.type)]


def list_credentials(tx: Transaction, asked: Asked = ALL, *, user_id: str | None = None) -> Sequence[Credential]:
    """Return what was asked of all credentials, or of a user's. Raises MarkerNotFound."""
    statement = select(credential)
    if user_id is not None:
        statement = statement.where(credential.c.user_id == user_id)
    return [_credential(row) for row in tx.all(apply(tx, statement, credential.c.id, FILTERS, asked))]


def add(tx: Transaction, new: Credential) -> None:
    """Write a new credential."""
    tx.execute(
        credential.insert(),
        {
            "id": new.id,
            "user_id": new.user_id,
            "project_id": new.project_id,
            "type": new.type,
            "encrypted_blob": new.encrypted_blob,
            "extra": extra.dump(new.extra),
        },
    )


def update_blob(tx: Transaction, credential_id: str, encrypted_blob: str, *, was: str) -> bool:
    """Replace a blob unless somebody else did meanwhile; tell whether it was replaced. Nothing else ever changes."""
    same = credential.c.id == credential_id, credential.c.encrypted_blob == was
    return bool(tx.changed(credential.update().where(*same).values(encrypted_blob=encrypted_blob)))


def delete(tx: Transaction, credential_id: str) -> None:
    """Remove a credential."""
    tx.execute(credential.delete().where(credential.c.id == credential_id))


def _credential(row: Row) -> Credential:
    return Credential(
        id=row.id,
        user_id=row.user_id,
        type=row.type,
        encrypted_blob=row.encrypted_blob,
        project_id=row.project_id,
        extra=extra.load(row.extra),
    )
