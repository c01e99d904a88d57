"""Key pairs in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from pileus.compute.db.tables import KEYPAIR
from pileus.compute.model.error.keypair import KeyPairNotFound
from pileus.compute.model.keypair import KeyPair
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_K = KEYPAIR.c
_GET = select(KEYPAIR).where(_K.user_id == bindparam("whose"), _K.name == bindparam("called"))


def get(tx: Transaction, user_id: str, name: str) -> KeyPair:
    """Return a user's key pair. Raises KeyPairNotFound."""
    row = tx.first(_GET, {"whose": user_id, "called": name})
    if row is None:
        raise KeyPairNotFound(name=name, user_id=user_id)
    return _keypair(row)


def list_by_user(
    tx: Transaction, user_id: str, *, after: str | None = None, limit: int | None = None
) -> Sequence[KeyPair]:
    """Return a user's key pairs by name, those after the one of that name and so many if asked."""
    query = select(KEYPAIR).where(_K.user_id == user_id).order_by(_K.name).limit(limit)
    if after is not None:
        query = query.where(_K.name > after)
    return [_keypair(row) for row in tx.all(query)]


def count(tx: Transaction, user_id: str) -> int:
    """Return how many key pairs a user has."""
    return int(tx.scalar(select(func.count()).where(_K.user_id == user_id)))


def add(tx: Transaction, keypair: KeyPair) -> bool:
    """Write a new key pair; tell whether its name was free."""
    row = {
        "user_id": keypair.user_id,
        "name": keypair.name,
        "type": keypair.type,
        "fingerprint": keypair.fingerprint,
        "public_key": keypair.public_key,
        "created_at": keypair.created_at,
    }
    return insert_if_absent(tx, KEYPAIR, row)


def delete(tx: Transaction, keypair: KeyPair) -> None:
    """Remove a key pair; servers keep the public key that they were given."""
    tx.execute(KEYPAIR.delete().where(_K.number == keypair.number))


def _keypair(row: Row) -> KeyPair:
    return KeyPair(
        number=row.number,
        user_id=row.user_id,
        name=row.name,
        type=row.type,
        fingerprint=row.fingerprint,
        public_key=row.public_key,
        created_at=row.created_at,
    )
