"""Giving roles and taking them away."""

from __future__ import annotations

from pileus.identity.db import assignment, domain, project, role, user
from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.kit.db import Transaction


def grant(tx: Transaction, new: Assignment) -> None:
    """Give a role; giving it again changes nothing. Raises ResourceNotFound."""
    require_parts(tx, new)
    assignment.add(tx, new)


def revoke(tx: Transaction, gone: Assignment) -> None:
    """Take a role away. Raises ResourceNotFound."""
    require_parts(tx, gone)
    assignment.delete(tx, gone)


def require_parts(tx: Transaction, named: Assignment) -> None:
    """Make sure that user, role and target exist. Raises ResourceNotFound."""
    user.get(tx, named.user_id)
    role.get(tx, named.role_id)
    if named.target_kind is TargetKind.PROJECT:
        project.get(tx, named.target_id)
    elif named.target_kind is TargetKind.DOMAIN:
        domain.get(tx, named.target_id)
