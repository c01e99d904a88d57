"""Giving roles and taking them away."""

from __future__ import annotations

from pileus.identity.db import assignment, domain, project, role, user
from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.identity.model.errors import RoleForeign, SystemRoleInvalid
from pileus.identity.model.resource import Role
from pileus.kit.db import Transaction


def grant(tx: Transaction, new: Assignment) -> None:
    """Give a role; giving it again changes nothing. Raises ResourceNotFound, RoleForeign, SystemRoleInvalid."""
    require_parts(tx, new)
    _require_at_home(tx, new, role.get(tx, new.role_id))
    assignment.add(tx, new)


def revoke(tx: Transaction, gone: Assignment) -> None:
    """Take a role away. Raises ResourceNotFound, AssignmentNotFound."""
    require_parts(tx, gone)
    assignment.delete(tx, gone)


def require_parts(tx: Transaction, named: Assignment) -> None:
    """Make sure that user, role and target exist; without a role's id, the other two. Raises ResourceNotFound."""
    user.get(tx, named.user_id)
    if named.role_id:
        role.get(tx, named.role_id)
    if named.target_kind is TargetKind.PROJECT:
        project.get(tx, named.target_id)
    elif named.target_kind is TargetKind.DOMAIN:
        domain.get(tx, named.target_id)


def _require_at_home(tx: Transaction, new: Assignment, given: Role) -> None:
    """A domain's own role is for that domain and its projects."""
    if given.domain_id is None:
        return
    if new.target_kind is TargetKind.SYSTEM:
        raise SystemRoleInvalid(id=given.id)
    is_project = new.target_kind is TargetKind.PROJECT
    home = project.get(tx, new.target_id).domain_id if is_project else new.target_id
    if home != given.domain_id:
        raise RoleForeign(kind="Project" if is_project else "Domain", id=new.target_id, role_id=given.id)
