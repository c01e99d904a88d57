"""Trusts, with their roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import trust, trust_role
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.trust import Trust
from pileus.kit.db import Row, Transaction

FILTERS: Filters = {"trustor_user_id": trust.c.trustor_user_id, "trustee_user_id": trust.c.trustee_user_id}
_BY_ID = select(trust).where(trust.c.id == bindparam("which"))
_ROLES = (
    select(trust_role)
    .where(trust_role.c.trust_id.in_(bindparam("which", expanding=True)))
    .order_by(trust_role.c.role_id)
)
_CONSUME = (
    trust.update()
    .where(trust.c.id == bindparam("which"), trust.c.remaining_uses > 0)
    .values(remaining_uses=trust.c.remaining_uses - 1)
)


def get(tx: Transaction, trust_id: str) -> Trust:
    """Return a trust. Raises ResourceNotFound."""
    found = find(tx, trust_id)
    if found is None:
        raise ResourceNotFound(kind="trust", id=trust_id)
    return found


def find(tx: Transaction, trust_id: str) -> Trust | None:
    """Return a trust, expired and used up ones too, or None."""
    row = tx.first(_BY_ID, {"which": trust_id})
    return None if row is None else _whole(tx, [row])[0]


def list_trusts(tx: Transaction, asked: Asked = ALL) -> Sequence[Trust]:
    """Return what was asked of all trusts. Raises MarkerNotFound."""
    return _whole(tx, tx.all(apply(tx, select(trust), trust.c.id, FILTERS, asked)))


def list_chain(tx: Transaction, row: Trust) -> Sequence[Trust]:
    """Return a trust and those that it passes on, the first of all last."""
    chain = [row]
    while row.redelegated_trust_id is not None:
        row = get(tx, row.redelegated_trust_id)
        chain.append(row)
    return chain


def add(tx: Transaction, new: Trust) -> None:
    """Write a new trust."""
    tx.execute(
        trust.insert(),
        {
            "id": new.id,
            "trustor_user_id": new.trustor_user_id,
            "trustee_user_id": new.trustee_user_id,
            "project_id": new.project_id,
            "is_impersonation": new.is_impersonation,
            "expires_at": new.expires_at,
            "remaining_uses": new.remaining_uses,
            "redelegated_trust_id": new.redelegated_trust_id,
            "redelegation_count": new.redelegation_count,
            "extra": extra.dump(new.extra),
        },
    )
    for role_id in new.role_ids:
        tx.execute(trust_role.insert(), {"trust_id": new.id, "role_id": role_id})


def consume_use(tx: Transaction, trust_id: str) -> bool:
    """Count one token against what remains of a trust with limited uses; False if nothing does, or it is gone."""
    return bool(tx.changed(_CONSUME, {"which": trust_id}))


def delete(tx: Transaction, trust_id: str) -> None:
    """Remove a trust, and all that pass it on."""
    tx.execute(trust.delete().where(trust.c.id == trust_id))


def purge(tx: Transaction, before: datetime) -> int:
    """Remove trusts that expired before a moment; return how many, without those that passed them on."""
    return tx.changed(trust.delete().where(trust.c.expires_at < before))


def _whole(tx: Transaction, rows: Sequence[Row]) -> list[Trust]:
    which = [row.id for row in rows]
    if not which:
        return []
    roles: dict[str, list[str]] = {}
    for row in tx.all(_ROLES, {"which": which}):
        roles.setdefault(row.trust_id, []).append(row.role_id)
    return [_trust(row, roles.get(row.id, [])) for row in rows]


def _trust(row: Row, role_ids: list[str]) -> Trust:
    return Trust(
        id=row.id,
        trustor_user_id=row.trustor_user_id,
        trustee_user_id=row.trustee_user_id,
        project_id=row.project_id,
        role_ids=tuple(role_ids),
        is_impersonation=row.is_impersonation,
        expires_at=row.expires_at,
        remaining_uses=row.remaining_uses,
        redelegated_trust_id=row.redelegated_trust_id,
        redelegation_count=row.redelegation_count,
        extra=extra.load(row.extra),
    )
