"""Making, changing and removing users."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pileus.identity.db import domain, user
from pileus.identity.model.errors import DefaultProjectInvalid, Refused
from pileus.identity.model.resource import User
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, changed, require_free
from pileus.kit.db import Transaction


def create(tx: Transaction, new: User) -> User:
    """Add a user. Raises ReferenceInvalid, DefaultProjectInvalid, Duplicate."""
    domains.require(tx, new.domain_id)
    _require_default_project(tx, new.default_project_id)
    require_free("user", new.name, user.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    user.add(tx, new)
    return new


def update(tx: Transaction, user_id: str, changes: Changes, now: datetime) -> User:
    """Change a user; a new password or being disabled voids all tokens.

    Raises ResourceNotFound, Fixed, DefaultProjectInvalid, Duplicate.
    """
    old = user.get_locked(tx, user_id)
    new = changed(old, changes)
    if new.name != old.name:
        require_free("user", new.name, user.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    _require_default_project(tx, changes.get("default_project_id"))
    if new.password_hash != old.password_hash or (old.is_enabled and not new.is_enabled):
        new = void_tokens(new, now)
    user.update(tx, new)
    return new


def change_password(tx: Transaction, user_id: str, *, old_hash: str, new_hash: str, now: datetime) -> None:
    """Set a new password, which voids all tokens, if the old one is still what was shown.

    Raises ResourceNotFound, Refused.
    """
    row = user.get_locked(tx, user_id)
    if row.password_hash != old_hash:
        raise Refused("the password was changed meanwhile")
    user.update(tx, void_tokens(replace(row, password_hash=new_hash), now))


def delete(tx: Transaction, user_id: str) -> None:
    """Remove a user. Raises ResourceNotFound."""
    user.get(tx, user_id)
    user.delete(tx, user_id)


def void_tokens(row: User, now: datetime) -> User:
    """Return a user all of whose tokens are void; the moment never repeats, even if the clock stands or steps back."""
    before = row.tokens_valid_after
    moment = now if before is None else max(now, before + timedelta(microseconds=1))
    return replace(row, tokens_valid_after=moment)


def _require_default_project(tx: Transaction, project_id: str | None) -> None:
    """A default project is only a wish, so it need not exist; but a domain is something else."""
    if project_id is not None and domain.find(tx, project_id) is not None:
        raise DefaultProjectInvalid(id=project_id)
