"""Asking a server's host to do something to its guest at once."""

from __future__ import annotations

from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import action as actions
from pileus.compute.messages import Accepted, ChangePassword, CrashGuest, address_of
from pileus.compute.model.action_rule import ALLOW_CRASH_DUMP, CHANGE_PASSWORD, require_allowed, require_in
from pileus.compute.model.error.server import GuestRefused, InstanceNotReady, PasswordNotSet
from pileus.compute.model.server import Server
from pileus.compute.operations.task import Asker, record, require_may_change
from pileus.kit.db import Transaction


def change_password(backend: Backend, server: Server, asker: Asker, password: str) -> None:
    """Set the password of the guest's administrator. It is not kept.

    Raises InstanceLocked, InstanceInvalidState, InstanceNotReady, PasswordNotSet, and NoAnswer of a silent host.
    """
    require_may_change(server, asker)
    require_allowed(CHANGE_PASSWORD, server)
    reason = _ask(backend, server, asker, "changePassword", ChangePassword(server_id=server.id, password=password))
    if reason is not None:
        raise PasswordNotSet(server_id=server.id, reason=reason)


def crash(backend: Backend, server: Server, asker: Asker) -> None:
    """Make the guest write a dump of its memory.

    Raises InstanceLocked, InstanceInvalidState, InstanceNotReady, GuestRefused, and NoAnswer of a silent host.
    """
    require_may_change(server, asker)
    require_in(ALLOW_CRASH_DUMP, server, "trigger_crash_dump")
    reason = _ask(backend, server, asker, "trigger_crash_dump", CrashGuest(server_id=server.id))
    if reason is not None:
        raise GuestRefused(reason=reason)


def _ask(backend: Backend, server: Server, asker: Asker, called: str, question: Any) -> str | None:
    """Return why the host refuses, or None; the action is written down either way."""
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    answer = backend.bus.ask(address_of(server.host), question, timeout_s=backend.settings.console_timeout_s)
    reason = None if isinstance(answer, Accepted) else str(answer.reason)
    backend.database.write(_record, backend, server, asker, called, reason)
    return reason


def _record(tx: Transaction, backend: Backend, server: Server, asker: Asker, called: str, reason: str | None) -> None:
    now = backend.clock.now()
    record(tx, server, called, asker, now)
    actions.finish(tx, server.id, called, now, error=reason, host=server.host)
