"""What a user may in effect: by the roles that the user and its groups were given, there or above.

A domain's own role counts only for what it implies: policies know roles by name, and any domain may have an `admin` of
its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from pileus.identity.db.tables import (
    NO_DOMAIN,
    assignment,
    implied_role,
    membership,
    project,
    project_ancestor,
    role,
    user,
)
from pileus.identity.model.assignment import TargetKind
from pileus.kit.db import Transaction


def actors(user_id: Any) -> Any:
    """Return the query for a user and the user's groups."""
    itself = select(user.c.id).where(user.c.id == user_id)
    return itself.union_all(select(membership.c.group_id).where(membership.c.user_id == user_id))


def _role_ids(user_id: Any, kind: Any, target_id: Any) -> Select[Any]:
    above = select(project_ancestor.c.ancestor_id).where(project_ancestor.c.project_id == target_id)
    is_there = and_(
        assignment.c.target_kind == kind, assignment.c.target_id == target_id, assignment.c.is_inherited.is_(False)
    )
    is_above = and_(assignment.c.is_inherited, assignment.c.target_id.in_(above))
    given = assignment.c.actor_id.in_(actors(user_id))
    return select(assignment.c.role_id).distinct().where(given, or_(is_there, is_above))


_ROLE_IDS = _role_ids(bindparam("user"), bindparam("kind"), bindparam("target"))


def list_role_ids(tx: Transaction, user_id: str, kind: TargetKind, target_id: str) -> Sequence[str]:
    """Return the roles that a user or its groups were given on a target or above it, without what they imply."""
    return [row.role_id for row in tx.all(_ROLE_IDS, {"user": user_id, "kind": kind, "target": target_id})]


def has_role_on_project(user_id: str) -> ColumnElement[bool]:
    """Return the condition that a user has a role on a project."""
    given = _given(user_id)
    there = select(assignment.c.target_id).where(
        *given, assignment.c.is_inherited.is_(False), assignment.c.target_kind == TargetKind.PROJECT
    )
    above = select(assignment.c.target_id).where(*given, assignment.c.is_inherited)
    below = select(project_ancestor.c.project_id).where(project_ancestor.c.ancestor_id.in_(above))
    return project.c.id.in_(there.union_all(below))


def has_role_on_domain(user_id: str) -> ColumnElement[bool]:
    """Return the condition that a user has a role on a domain."""
    there = select(assignment.c.target_id).where(
        *_given(user_id), assignment.c.is_inherited.is_(False), assignment.c.target_kind == TargetKind.DOMAIN
    )
    return project.c.id.in_(there)


def _given(user_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of an assignment of a user or of its groups that comes to a role of the whole cloud."""
    counts = select(role.c.id).where(role.c.domain_id == NO_DOMAIN).cte("counts", recursive=True)
    prior = select(implied_role.c.prior_role_id).join(counts, counts.c.id == implied_role.c.implied_role_id)
    counts = counts.union(prior)
    return assignment.c.actor_id.in_(actors(user_id)), assignment.c.role_id.in_(select(counts.c.id))
