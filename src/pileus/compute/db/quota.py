"""Quotas in the database: what a project or a user has instead of the default, and whose turn it is to count."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table, bindparam, func, select

from pileus.compute.db.tables import QUOTA, QUOTA_CLASS, QUOTA_GUARD
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

WHOLE_PROJECT = ""
"""In the place of a user."""

_Q, _C, _G = QUOTA.c, QUOTA_CLASS.c, QUOTA_GUARD.c
_OWN = select(_Q.resource, _Q.maximum).where(_Q.project_id == bindparam("project"), _Q.user_id == bindparam("user"))
_BOTH = select(_Q.user_id, _Q.resource, _Q.maximum).where(
    _Q.project_id == bindparam("project"), _Q.user_id.in_([WHOLE_PROJECT, bindparam("user")])
)
_OF_CLASS = select(_C.resource, _C.maximum).where(_C.name == bindparam("called"))
_GIVEN = (
    select(_Q.resource, func.sum(_Q.maximum).label("maximum"))
    .where(_Q.project_id == bindparam("project"), _Q.user_id != WHOLE_PROJECT, _Q.maximum > 0)
    .group_by(_Q.resource)
)
_TURN = QUOTA_GUARD.update().where(_G.owner == bindparam("whose")).values(turn=_G.turn + 1)


def own_limits(tx: Transaction, project_id: str, user_id: str = WHOLE_PROJECT) -> Mapping[str, int]:
    """Return the limits that a project, or a user in it, has of its own, by resource."""
    return {row.resource: row.maximum for row in tx.all(_OWN, {"project": project_id, "user": user_id})}


def both_limits(tx: Transaction, project_id: str, user_id: str) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the limits that a project has of its own, and those that a user in it has."""
    found: dict[str, dict[str, int]] = {WHOLE_PROJECT: {}, user_id: {}}
    for row in tx.all(_BOTH, {"project": project_id, "user": user_id}):
        found[row.user_id][row.resource] = row.maximum
    return found[WHOLE_PROJECT], found[user_id]


def limits_given_to_users(tx: Transaction, project_id: str) -> Mapping[str, int]:
    """Return what the users of a project may have together, those left out who may have whatever the project may."""
    return {row.resource: int(row.maximum) for row in tx.all(_GIVEN, {"project": project_id})}


def class_limits(tx: Transaction, name: str) -> Mapping[str, int]:
    """Return the limits of a quota class."""
    return {row.resource: row.maximum for row in tx.all(_OF_CLASS, {"called": name})}


def set_limits(tx: Transaction, project_id: str, limits: Mapping[str, int], user_id: str = WHOLE_PROJECT) -> None:
    """Give a project, or a user in it, these limits; what is not named stays."""
    _replace(tx, QUOTA, {"project_id": project_id, "user_id": user_id}, limits)


def set_class_limits(tx: Transaction, name: str, limits: Mapping[str, int]) -> None:
    """Give a quota class these limits; what is not named stays."""
    _replace(tx, QUOTA_CLASS, {"name": name}, limits)


def delete_limits(tx: Transaction, project_id: str, user_id: str | None = None) -> None:
    """Let a project and its users have the defaults again, or one user what the project has."""
    statement = QUOTA.delete().where(_Q.project_id == project_id)
    tx.execute(statement if user_id is None else statement.where(_Q.user_id == user_id))


def _replace(tx: Transaction, table: Table, owner: Mapping[str, str], limits: Mapping[str, int]) -> None:
    own = [table.c[name] == value for name, value in owner.items()]
    for resource, maximum in limits.items():
        tx.execute(table.delete().where(*own, table.c.resource == resource))
        tx.execute(table.insert(), {**owner, "resource": resource, "maximum": maximum})


def take_turn(tx: Transaction, owner: str) -> None:
    """Wait until nobody else counts what `owner` uses, and keep others waiting until this transaction ends.

    Without it two transactions could each see room for the same last server.
    """
    if not tx.changed(_TURN, {"whose": owner}):
        insert_if_absent(tx, QUOTA_GUARD, {"owner": owner, "turn": 0})
        tx.changed(_TURN, {"whose": owner})
