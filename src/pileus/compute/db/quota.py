"""Quotas in the database: what a project has instead of the default, and whose turn it is to count."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, select

from pileus.compute.db.tables import QUOTA, QUOTA_GUARD
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_Q, _G = QUOTA.c, QUOTA_GUARD.c
_OWN = select(_Q.resource, _Q.maximum).where(_Q.project_id == bindparam("project"))
_TURN = QUOTA_GUARD.update().where(_G.owner == bindparam("whose")).values(turn=_G.turn + 1)


def own_limits(tx: Transaction, project_id: str) -> Mapping[str, int]:
    """Return the limits that a project has of its own, by resource."""
    return {row.resource: row.maximum for row in tx.all(_OWN, {"project": project_id})}


def set_limits(tx: Transaction, project_id: str, limits: Mapping[str, int]) -> None:
    """Give a project these limits; what is not named stays."""
    for resource, maximum in limits.items():
        tx.execute(QUOTA.delete().where(_Q.project_id == project_id, _Q.resource == resource))
        tx.execute(QUOTA.insert(), {"project_id": project_id, "resource": resource, "maximum": maximum})


def delete_limits(tx: Transaction, project_id: str) -> None:
    """Let a project have the defaults again."""
    tx.execute(QUOTA.delete().where(_Q.project_id == project_id))


def take_turn(tx: Transaction, owner: str) -> None:
    """Wait until nobody else counts what `owner` uses, and keep others waiting until this transaction ends.

    Without it two transactions could each see room for the same last server.
    """
    if not tx.changed(_TURN, {"whose": owner}):
        insert_if_absent(tx, QUOTA_GUARD, {"owner": owner, "turn": 0})
        tx.changed(_TURN, {"whose": owner})
