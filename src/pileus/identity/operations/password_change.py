"""A user changes his own password, by showing the old one."""

from __future__ import annotations

from pileus.identity.backend import Backend
from pileus.identity.db import user
from pileus.identity.model.login_errors import Refused
from pileus.identity.model.password_rule import is_active, require_changeable, require_strong, require_unused
from pileus.identity.operations import user as users
from pileus.identity.operations.methods.password import require_password
from pileus.identity.operations.named import Named
from pileus.identity.tokens import password


def change_password(backend: Backend, user_id: str, original: str, wanted: str, *, address: str = "") -> None:
    """Change a password; one that has expired is good enough for this and for nothing else.

    Raises Refused, TooManyAttempts, PasswordWeak, PasswordLocked, PasswordTooNew, PasswordUsedBefore.
    """
    rules, now = backend.password_rules, backend.clock.now()
    with backend.database.read() as tx:
        known = user.find(tx, user_id)
        old_hashes = user.list_old_hashes(tx, user_id, rules.old_password_count)
    row = require_password(backend, known, original, Named(id=user_id), address)
    if not is_active(rules, row, now):
        raise Refused("the user is disabled")
    require_strong(rules, wanted)
    require_changeable(rules, row, now)
    if rules.unique_last_password_count:
        hashes = [row.password_hash or "", *old_hashes]
        require_unused(rules, was_used=any(password.verify(wanted, each) for each in hashes))
    new_hash = password.hash_chosen(wanted, backend.password_rounds)
    if not backend.database.write(users.change_password, row, new_hash, now, rules):
        raise Refused("the password was changed meanwhile")
