"""Consumers as rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from pileus.kit.db import Row, Transaction
from pileus.placement.db.tables import consumer as c
from pileus.placement.model.consumer import Consumer, Owner
from pileus.placement.model.errors import ConsumerGenerationStale

_FIND = select(c).where(c.c.uuid == bindparam("which"))
_MANY_LOCKED = select(c).where(c.c.uuid.in_(bindparam("which", expanding=True))).order_by(c.c.id).with_for_update()
_BUMP = (
    update(c)
    .where(c.c.id == bindparam("which"), c.c.generation == bindparam("seen"))
    .values(
        generation=c.c.generation + 1,
        project_id=bindparam("project"),
        user_id=bindparam("user"),
        type=bindparam("kind"),
        updated_at=bindparam("now"),
    )
)
_ADD = insert(c)
_REMOVE = delete(c).where(c.c.id.in_(bindparam("which", expanding=True)))


def find(tx: Transaction, uuid: str) -> Consumer | None:
    """Return a consumer."""
    row = tx.first(_FIND, {"which": uuid})
    return None if row is None else _from_row(row)


def lock_many(tx: Transaction, uuids: Iterable[str]) -> dict[str, Consumer]:
    """Return those of the consumers that exist, by uuid; nobody else changes them until this transaction ends."""
    return {row.uuid: _from_row(row) for row in tx.all(_MANY_LOCKED, {"which": list(uuids)})}


def add(tx: Transaction, uuid: str, *, owner: Owner, now: datetime) -> Consumer:
    """Write a new consumer; that it comes to hold something is its first change, and counted."""
    new = {"project_id": owner.project_id, "user_id": owner.user_id, "type": owner.type, "generation": 1}
    key = tx.execute(_ADD, {"uuid": uuid, **new, "created_at": now, "updated_at": now}).inserted_primary_key
    assert key is not None
    return Consumer(
        id=key.id, uuid=uuid, project_id=owner.project_id, user_id=owner.user_id, type=owner.type, generation=1
    )


def bump_generation(tx: Transaction, consumer: Consumer, *, owner: Owner, now: datetime) -> None:
    """Count a change of a consumer, and write whose it is. Raises ConsumerGenerationStale if somebody was faster."""
    new = {"project": owner.project_id, "user": owner.user_id, "kind": owner.type, "now": now}
    if not tx.changed(_BUMP, {"which": consumer.id, "seen": consumer.generation, **new}):
        raise ConsumerGenerationStale(actual="another", given=consumer.generation)


def remove(tx: Transaction, consumers: Iterable[Consumer]) -> None:
    """Delete locked consumers that hold nothing any more."""
    tx.execute(_REMOVE, {"which": [consumer.id for consumer in consumers]})


def _from_row(row: Row) -> Consumer:
    return Consumer(
        id=row.id,
        uuid=row.uuid,
        project_id=row.project_id,
        user_id=row.user_id,
        generation=row.generation,
        type=row.type,
    )
