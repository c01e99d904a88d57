"""Making, changing and removing users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pileus.identity.db import application_credential, domain, failed_auth, federated_user, identity_provider, user
from pileus.identity.model.errors import DefaultProjectInvalid, ProtocolUnknown, ProviderUnknown
from pileus.identity.model.password_rule import PasswordRules, with_password
from pileus.identity.model.resource import FederatedUser, User
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, changed, require_free
from pileus.kit.db import Transaction


def create(
    tx: Transaction, new: User, now: datetime, *, rules: PasswordRules, federated: Sequence[FederatedUser] = ()
) -> User:
    """Add a user. Raises ReferenceInvalid, DefaultProjectInvalid, ProviderUnknown, ProtocolUnknown, Duplicate."""
    domains.require(tx, new.domain_id)
    _require_default_project(tx, new.default_project_id)
    require_free("user", new.name, user.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    row = replace(with_password(rules, new, new.password_hash, now), created_at=now)
    user.add(tx, row)
    _set_federated(tx, row, federated)
    return row


def update(
    tx: Transaction,
    user_id: str,
    changes: Changes,
    now: datetime,
    *,
    rules: PasswordRules,
    federated: Sequence[FederatedUser] = (),
) -> User:
    """Change a user. A new password or being disabled voids all tokens; being disabled ends application credentials.

    Raises ResourceNotFound, Fixed, DefaultProjectInvalid, ProviderUnknown, ProtocolUnknown, Duplicate.
    """
    old = user.get_locked(tx, user_id)
    new = changed(old, {name: value for name, value in changes.items() if name != "password_hash"})
    if new.name != old.name:
        require_free("user", new.name, user.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    _require_default_project(tx, changes.get("default_project_id"))
    if "password_hash" in changes:
        _remember(tx, old, rules)
        new = with_password(rules, new, changes["password_hash"], now)
    if new.password_hash != old.password_hash or (old.is_enabled and not new.is_enabled):
        new = void_tokens(new, now)
    if old.is_enabled and not new.is_enabled:
        application_credential.delete_of_user(tx, user_id)
    if changes.get("is_enabled"):
        failed_auth.forget(tx, user_id)
        new = replace(new, last_active_at=now if rules.disable_user_account_days_inactive else new.last_active_at)
    user.update(tx, new)
    _set_federated(tx, new, federated)
    return new


def change_password(tx: Transaction, old: User, new_hash: str, now: datetime, rules: PasswordRules) -> bool:
    """Give a user the password that he chose, which voids all tokens; not if it was changed meanwhile.

    Raises ResourceNotFound.
    """
    row = user.get_locked(tx, old.id)
    if row.password_hash != old.password_hash:
        return False
    _remember(tx, row, rules)
    user.update(tx, void_tokens(with_password(rules, row, new_hash, now, is_own=True), now))
    return True


def revoke_tokens(tx: Transaction, user_id: str, now: datetime) -> None:
    """Make all tokens of a user void. Raises ResourceNotFound."""
    user.update(tx, void_tokens(user.get_locked(tx, user_id), now))


def delete(tx: Transaction, user_id: str) -> None:
    """Remove a user. Raises ResourceNotFound."""
    user.get(tx, user_id)
    user.delete(tx, user_id)


def void_tokens(row: User, now: datetime) -> User:
    """Return a user all of whose tokens are void; the moment never repeats, even if the clock stands or steps back."""
    before = row.tokens_valid_after
    moment = now if before is None else max(now, before + timedelta(microseconds=1))
    return replace(row, tokens_valid_after=moment)


def _remember(tx: Transaction, row: User, rules: PasswordRules) -> None:
    if row.password_hash is not None:
        user.remember_hash(tx, row.id, row.password_hash, rules.old_password_count)


def _require_default_project(tx: Transaction, project_id: str | None) -> None:
    """A default project is only a wish, so it need not exist; but a domain is something else."""
    if project_id is not None and domain.find(tx, project_id) is not None:
        raise DefaultProjectInvalid(id=project_id)


def _set_federated(tx: Transaction, row: User, federated: Sequence[FederatedUser]) -> None:
    """Replace what a user is known by elsewhere; without anything it stays as it is."""
    for each in federated:
        if identity_provider.find(tx, each.idp_id) is None:
            raise ProviderUnknown(id=each.idp_id)
        if identity_provider.find_protocol(tx, each.idp_id, each.protocol_id) is None:
            raise ProtocolUnknown(protocol_id=each.protocol_id, idp_id=each.idp_id)
        holder = federated_user.find_holder(tx, each)
        require_free("federated_user", each.unique_id, None if holder == row.id else holder)
    if federated:
        federated_user.replace(tx, row.id, federated)
