"""Making and removing trusts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pileus.identity.db import project, trust, user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.delegation_errors import RedelegationForbidden, UsesInvalid
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.token import Scope
from pileus.identity.model.trust import Trust, redelegation_count_of, require_within
from pileus.identity.operations.delegated_role import NamedRole, ids_of
from pileus.identity.operations.rows import effective_roles
from pileus.kit.db import Transaction


def create(
    tx: Transaction, new: Trust, roles: Sequence[NamedRole], *, may_redelegate: bool, wanted_count: int | None
) -> Trust:
    """Add a trust; it passes on `new.redelegated_trust_id` if it has one, and then gives no more than that.

    Raises ResourceNotFound, RoleUndefined, RedelegationForbidden, UsesInvalid.
    """
    user.get(tx, new.trustee_user_id)
    parent = None if new.redelegated_trust_id is None else trust.get(tx, new.redelegated_trust_id)
    made = replace(
        new,
        role_ids=tuple(ids_of(tx, roles)),
        redelegation_count=redelegation_count_of(parent, is_allowed=may_redelegate, wanted=wanted_count),
        expires_at=new.expires_at or (None if parent is None else parent.expires_at),
    )
    if made.remaining_uses is not None and may_redelegate and wanted_count != 0:
        raise UsesInvalid
    if parent is not None:
        require_within(parent, made)
    _require_held(tx, made, parent)
    trust.add(tx, made)
    return made


def delete(tx: Transaction, trust_id: str) -> None:
    """Remove a trust and all that pass it on; tokens got with them are void at once. Raises ResourceNotFound."""
    trust.get(tx, trust_id)
    trust.delete(tx, trust_id)


def _require_held(tx: Transaction, new: Trust, parent: Trust | None) -> None:
    """Nobody gives what he has not: at the head of a chain is whose roles they are."""
    if new.project_id is None:
        if new.role_ids:
            raise ResourceNotFound(kind="role", id=new.role_ids[0])
        return
    if not new.role_ids:
        raise RedelegationForbidden(why="At least one role should be specified")
    project.get(tx, new.project_id)
    giver = new if parent is None else trust.list_chain(tx, parent)[-1]
    held = {
        row.id for row in effective_roles(tx, giver.trustor_user_id, Scope(kind=TargetKind.PROJECT, id=new.project_id))
    }
    for role_id in new.role_ids:
        if role_id not in held:
            raise ResourceNotFound(kind="role", id=role_id)
