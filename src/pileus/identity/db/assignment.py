"""Assignments as they were given: which user or group has which role on what."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select

from pileus.identity.db.tables import assignment
from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.identity.model.errors import AssignmentNotFound
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent


def list_role_ids(tx: Transaction, where: Assignment) -> Sequence[str]:
    """Return the roles that a user or group was given on a target, without what they imply."""
    statement = select(assignment.c.role_id).where(_is_of(where)).order_by(assignment.c.role_id)
    return [row.role_id for row in tx.all(statement)]


def list_assignments(
    tx: Transaction, *, user_id: str | None = None, kind: TargetKind | None = None, target_id: str | None = None
) -> Sequence[Assignment]:
    """Return assignments; each filter narrows."""
    statement = select(assignment).order_by(*assignment.primary_key.columns)
    for column, wanted in (
        (assignment.c.user_id, user_id),
        (assignment.c.target_kind, kind),
        (assignment.c.target_id, target_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [of_row(row) for row in tx.all(statement)]


def has(tx: Transaction, wanted: Assignment) -> bool:
    """Tell whether an assignment exists."""
    return tx.first(select(assignment.c.role_id).where(_is(wanted))) is not None


def add(tx: Transaction, new: Assignment) -> None:
    """Write an assignment; one that exists stays."""
    row = {
        "actor_id": new.actor_id,
        "user_id": new.user_id,
        "group_id": new.group_id,
        "role_id": new.role_id,
        "target_kind": new.target_kind,
        "target_id": new.target_id,
        "is_inherited": new.is_inherited,
    }
    insert_if_absent(tx, assignment, row)


def delete(tx: Transaction, gone: Assignment) -> None:
    """Remove an assignment. Raises AssignmentNotFound."""
    if not tx.changed(assignment.delete().where(_is(gone))):
        raise missing(gone)


def missing(wanted: Assignment) -> AssignmentNotFound:
    """Return the error that says that there is no such assignment."""
    return AssignmentNotFound(actor_id=wanted.actor_id, role_id=wanted.role_id, target_id=wanted.target_id)


def _is(wanted: Assignment) -> ColumnElement[bool]:
    return and_(_is_of(wanted), assignment.c.role_id == wanted.role_id)


def _is_of(wanted: Assignment) -> ColumnElement[bool]:
    return and_(
        assignment.c.actor_id == wanted.actor_id,
        assignment.c.target_kind == wanted.target_kind,
        assignment.c.target_id == wanted.target_id,
        assignment.c.is_inherited.is_(wanted.is_inherited),
    )


def of_row(row: Row) -> Assignment:
    """Return the assignment that a row of the table holds."""
    return Assignment(
        user_id=row.user_id,
        group_id=row.group_id,
        role_id=row.role_id,
        target_kind=TargetKind(row.target_kind),
        target_id=row.target_id,
        is_inherited=row.is_inherited,
    )
