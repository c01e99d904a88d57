"""Giving roles and taking them away."""

from __future__ import annotations

from pileus.identity.db import application_credential, assignment, domain, group, project, role, user
from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.identity.model.errors import RoleForeign, SystemRoleInvalid
from pileus.identity.model.resource import Role
from pileus.kit.db import Transaction


def grant(tx: Transaction, new: Assignment) -> None:
    """Give a role; giving it again changes nothing. Raises ResourceNotFound, RoleForeign, SystemRoleInvalid."""
    if new.target_kind is not TargetKind.SYSTEM:
        project.lock(tx, new.target_id)  # whoever removes it waits, and then removes this too
    require_parts(tx, new)
    _require_at_home(tx, new, role.get(tx, new.role_id))
    assignment.add(tx, new)


def revoke(tx: Transaction, gone: Assignment) -> None:
    """Take a role away, and with one on a project all application credentials that the user has there.

    Raises ResourceNotFound, AssignmentNotFound.
    """
    require_parts(tx, gone)
    assignment.delete(tx, gone)
    if gone.user_id is not None and gone.target_kind is TargetKind.PROJECT:
        application_credential.delete_of_user(tx, gone.user_id, gone.target_id)


def require_parts(tx: Transaction, named: Assignment) -> None:
    """Make sure that actor, role and target exist; without a role's id, the other two. Raises ResourceNotFound."""
    if named.user_id is not None:
        user.get(tx, named.user_id)
    else:
        group.get(tx, named.actor_id)
    if named.role_id:
        role.get(tx, named.role_id)
    if named.target_kind is TargetKind.PROJECT:
        project.get_any(tx, named.target_id)
    elif named.target_kind is TargetKind.DOMAIN:
        domain.get(tx, named.target_id)


def _require_at_home(tx: Transaction, new: Assignment, given: Role) -> None:
    """A domain's own role is given on that domain's projects. Domains themselves are not asked, as in the original."""
    if given.domain_id is None:
        return
    if new.target_kind is TargetKind.SYSTEM:
        raise SystemRoleInvalid(id=given.id)
    if new.target_kind is TargetKind.PROJECT and project.get_any(tx, new.target_id).domain_id != given.domain_id:
        raise RoleForeign(id=new.target_id, role_id=given.id)
