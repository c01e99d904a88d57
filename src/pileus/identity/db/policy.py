"""Policies, and what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from pileus.identity.db import extra
from pileus.identity.db.tables import policy, policy_association
from pileus.identity.model.catalog_errors import PolicyAssociationNotFound
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.policy import Place, Policy
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent


def get(tx: Transaction, policy_id: str) -> Policy:
    """Return a policy. Raises ResourceNotFound."""
    row = tx.first(select(policy).where(policy.c.id == policy_id))
    if row is None:
        raise ResourceNotFound(kind="policy", id=policy_id)
    return _policy(row)


def get_locked(tx: Transaction, policy_id: str) -> Policy:
    """Return a policy that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(policy.c.id, policy_id)
    return get(tx, policy_id)


def list_policies(tx: Transaction, *, type_: str | None = None) -> Sequence[Policy]:
    """Return policies by type."""
    statement = select(policy).order_by(policy.c.type, policy.c.id)
    if type_ is not None:
        statement = statement.where(policy.c.type == type_)
    return [_policy(row) for row in tx.all(statement)]


def add(tx: Transaction, new: Policy) -> None:
    """Write a new policy."""
    tx.execute(policy.insert(), {"id": new.id, **_values(new)})


def update(tx: Transaction, changed: Policy) -> None:
    """Write a policy's new values."""
    tx.execute(policy.update().where(policy.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, policy_id: str) -> None:
    """Remove a policy; it is for nothing then."""
    tx.execute(policy.delete().where(policy.c.id == policy_id))


# --- what they are for ------------------------------------------------------------------------------


def associate(tx: Transaction, policy_id: str, place: Place) -> None:
    """Make a policy the one for a place, instead of another that was."""
    if not insert_if_absent(tx, policy_association, {"place": _key(place), "policy_id": policy_id, **_columns(place)}):
        here = policy_association.c.place == _key(place)
        tx.execute(policy_association.update().where(here).values(policy_id=policy_id))


def dissociate(tx: Transaction, policy_id: str, place: Place) -> None:
    """Let a policy no longer be for a place, if it was."""
    tx.execute(
        policy_association.delete().where(
            policy_association.c.place == _key(place), policy_association.c.policy_id == policy_id
        )
    )


def require_associated(tx: Transaction, policy_id: str, place: Place) -> None:
    """Make sure that a policy is for a place. Raises PolicyAssociationNotFound."""
    if find_associated(tx, [place]) != policy_id:
        raise PolicyAssociationNotFound


def find_associated(tx: Transaction, places: Sequence[Place]) -> str | None:
    """Return the id of the policy for the first of the places that has one."""
    keys = [_key(place) for place in places]
    statement = select(policy_association.c.place, policy_association.c.policy_id)
    found = {row.place: row.policy_id for row in tx.all(statement.where(policy_association.c.place.in_(keys)))}
    return next((found[key] for key in keys if key in found), None)


def list_places(tx: Transaction, policy_id: str) -> Sequence[Place]:
    """Return what a policy is for."""
    rows = tx.all(select(policy_association).where(policy_association.c.policy_id == policy_id))
    return [Place(endpoint_id=row.endpoint_id, service_id=row.service_id, region_id=row.region_id) for row in rows]


def _columns(place: Place) -> dict[str, str | None]:
    return {"endpoint_id": place.endpoint_id, "service_id": place.service_id, "region_id": place.region_id}


def _key(place: Place) -> str:
    return "/".join(each or "" for each in _columns(place).values())


def _values(new: Policy) -> dict[str, Any]:
    return {"type": new.type, "blob": new.blob, "extra": extra.dump(new.extra)}


def _policy(row: Row) -> Policy:
    return Policy(id=row.id, type=row.type, blob=row.blob, extra=extra.load(row.extra))
