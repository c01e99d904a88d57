"""By what users are known at identity providers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from pileus.identity.db.extension_tables import federated_user
from pileus.identity.model.resource import FederatedUser
from pileus.kit.db import Transaction


def list_of_user(tx: Transaction, user_id: str) -> Sequence[FederatedUser]:
    """Return a user's records, by provider and protocol."""
    statement = (
        select(federated_user)
        .where(federated_user.c.user_id == user_id)
        .order_by(federated_user.c.idp_id, federated_user.c.protocol_id, federated_user.c.unique_id)
    )
    return [
        FederatedUser(idp_id=row.idp_id, protocol_id=row.protocol_id, unique_id=row.unique_id)
        for row in tx.all(statement)
    ]


def find_holder(tx: Transaction, record: FederatedUser) -> str | None:
    """Return the id of the user who is known by a record, or None."""
    row = tx.first(
        select(federated_user.c.user_id).where(
            federated_user.c.idp_id == record.idp_id,
            federated_user.c.protocol_id == record.protocol_id,
            federated_user.c.unique_id == record.unique_id,
        )
    )
    return None if row is None else str(row.user_id)


def replace(tx: Transaction, user_id: str, records: Sequence[FederatedUser]) -> None:
    """Write a user's records instead of those that were there."""
    tx.execute(federated_user.delete().where(federated_user.c.user_id == user_id))
    for each in dict.fromkeys(records):
        tx.execute(
            federated_user.insert(),
            {
                "idp_id": each.idp_id,
                "protocol_id": each.protocol_id,
                "unique_id": each.unique_id,
                "user_id": user_id,
            },
        )
