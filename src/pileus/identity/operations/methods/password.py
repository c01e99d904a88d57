"""The method `password`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pileus.identity.backend import Backend
from pileus.identity.db import failed_auth
from pileus.identity.model.login import is_locked_out, option
from pileus.identity.model.login_errors import PasswordExpired, Refused
from pileus.identity.model.password_rule import is_password_expired
from pileus.identity.model.resource import User
from pileus.identity.operations.methods.proof import Shown
from pileus.identity.operations.named import Named, find_user
from pileus.identity.operations.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A user and the password."""

    method: ClassVar[str] = "password"
    user: Named
    password: str = field(repr=False)
    address: str = ""  # where it came from

    def prove(self, backend: Backend) -> Shown:
        """Check the password. Raises Refused, TooManyAttempts, PasswordExpired."""
        with Rows(backend) as rows:
            known = find_user(rows, self.user)
        owner = require_password(backend, known, self.password, self.user, self.address)
        if is_password_expired(owner, backend.clock.now()):
            raise PasswordExpired(user_id=owner.id)
        return Shown(user=owner)


def require_password(backend: Backend, known: User | None, given: str, named: Named, address: str) -> User:
    """Make sure that a password is the user's, in the same time for one that is unknown. Failures are counted.

    Raises Refused, TooManyAttempts.
    """
    backend.attempts.require(named.key(), address)
    hashed = None if known is None or _is_locked_out(backend, known) else known.password_hash
    if not backend.passwords.verify(given, hashed) or known is None:
        count_failure(backend, None if hashed is None else known, named, address)
        nobody = "there is no such user, it has no password, or it is locked out"
        raise Refused(nobody if hashed is None else "the password is wrong")
    with backend.database.read() as tx:
        failures = failed_auth.read(tx, known.id)
    if failures.count:
        backend.database.write(failed_auth.forget, known.id)
    return known


def count_failure(backend: Backend, known: User | None, named: Named, address: str) -> None:
    """Remember that somebody showed what is not the user's; None: of a user that there is not, or whom it keeps out."""
    backend.attempts.fail(named.key(), address)
    if known is not None and backend.lockout_failure_attempts:
        backend.database.write(failed_auth.count, known.id, backend.clock.now())


def require_open(backend: Backend, known: User) -> None:
    """Make sure that failed logins do not keep a user out. Raises Refused."""
    if _is_locked_out(backend, known):
        raise Refused("the user is locked out")


def _is_locked_out(backend: Backend, known: User) -> bool:
    if not backend.lockout_failure_attempts or option(known, "ignore_lockout_failure_attempts") is True:
        return False
    with backend.database.read() as tx:
        failures = failed_auth.read(tx, known.id)
    now, attempts = backend.clock.now(), backend.lockout_failure_attempts
    if is_locked_out(failures.count, failures.at, now, attempts=attempts, duration=backend.lockout_duration):
        return True
    if failures.count >= attempts:  # which lasted long enough
        backend.database.write(failed_auth.forget, known.id)
    return False
