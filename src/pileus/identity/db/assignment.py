"""Assignments: which user has which role on what."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, bindparam, func, select

from pileus.identity.db.tables import assignment
from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.identity.model.errors import AssignmentNotFound
from pileus.kit.db import Row, Transaction

_ON_TARGET = select(assignment.c.role_id).where(
    assignment.c.user_id == bindparam("user"),
    assignment.c.target_kind == bindparam("kind"),
    assignment.c.target_id == bindparam("target"),
)


def list_role_ids(tx: Transaction, user_id: str, kind: TargetKind, target_id: str) -> Sequence[str]:
    """Return the roles that a user was given on a target, without what they imply."""
    return [row.role_id for row in tx.all(_ON_TARGET, {"user": user_id, "kind": kind, "target": target_id})]


def list_assignments(
    tx: Transaction,
    *,
    user_id: str | None = None,
    role_id: str | None = None,
    kind: TargetKind | None = None,
    target_id: str | None = None,
) -> Sequence[Assignment]:
    """Return assignments; each filter narrows."""
    statement = select(assignment).order_by(assignment.c.user_id, assignment.c.target_id, assignment.c.role_id)
    for column, wanted in (
        (assignment.c.user_id, user_id),
        (assignment.c.role_id, role_id),
        (assignment.c.target_kind, kind),
        (assignment.c.target_id, target_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_assignment(row) for row in tx.all(statement)]


def has(tx: Transaction, wanted: Assignment) -> bool:
    """Tell whether an assignment exists."""
    return bool(tx.scalar(select(func.count()).where(_is(wanted))))


def add(tx: Transaction, new: Assignment) -> None:
    """Write an assignment; one that exists stays."""
    if not has(tx, new):
        tx.execute(
            assignment.insert(),
            {
                "user_id": new.user_id,
                "role_id": new.role_id,
                "target_kind": new.target_kind,
                "target_id": new.target_id,
            },
        )


def delete(tx: Transaction, gone: Assignment) -> None:
    """Remove an assignment. Raises AssignmentNotFound."""
    if not tx.changed(assignment.delete().where(_is(gone))):
        raise missing(gone)


def missing(wanted: Assignment) -> AssignmentNotFound:
    """Return the error that says that there is no such assignment."""
    return AssignmentNotFound(user_id=wanted.user_id, role_id=wanted.role_id, target_id=wanted.target_id)


def _is(wanted: Assignment) -> ColumnElement[bool]:
    return and_(
        assignment.c.user_id == wanted.user_id,
        assignment.c.role_id == wanted.role_id,
        assignment.c.target_kind == wanted.target_kind,
        assignment.c.target_id == wanted.target_id,
    )


def _assignment(row: Row) -> Assignment:
    return Assignment(
        user_id=row.user_id, role_id=row.role_id, target_kind=TargetKind(row.target_kind), target_id=row.target_id
    )
