"""Making, changing and removing groups, and putting users into them.

Who leaves a group loses its roles at once, in the tokens too: what a token is good for is asked anew at every use.
"""

from __future__ import annotations

from pileus.identity.db import group, user
from pileus.identity.model.resource import Group
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, changed, require_free
from pileus.kit.db import Transaction


def create(tx: Transaction, new: Group) -> Group:
    """Add a group. Raises ReferenceInvalid, Duplicate."""
    domains.require(tx, new.domain_id)
    require_free("group", new.name, group.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    group.add(tx, new)
    return new


def update(tx: Transaction, group_id: str, changes: Changes) -> Group:
    """Change a group. Raises ResourceNotFound, Fixed, Duplicate."""
    old = group.get_locked(tx, group_id)
    new = changed(old, changes)
    if new.name != old.name:
        require_free("group", new.name, group.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    group.update(tx, new)
    return new


def delete(tx: Transaction, group_id: str) -> None:
    """Remove a group. Raises ResourceNotFound."""
    group.get(tx, group_id)
    group.delete(tx, group_id)


def add_member(tx: Transaction, group_id: str, user_id: str) -> None:
    """Put a user into a group. Raises ResourceNotFound."""
    group.get(tx, group_id)
    user.get(tx, user_id)
    group.add_member(tx, group_id, user_id)


def remove_member(tx: Transaction, group_id: str, user_id: str) -> None:
    """Take a user out of a group. Raises ResourceNotFound, MembershipNotFound."""
    group.get(tx, group_id)
    user.get(tx, user_id)
    group.remove_member(tx, group_id, user_id)
