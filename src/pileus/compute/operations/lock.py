"""Locking servers against everybody but administrators."""

from __future__ import annotations

from pileus.compute.backend import Backend
from pileus.compute.db import action as actions
from pileus.compute.db import server as rows
from pileus.compute.model.server import Server
from pileus.compute.operations.task import Asker, record
from pileus.kit.db import Transaction

OWNER, ADMIN = "owner", "admin"


def lock(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, reason: str | None) -> None:
    """Lock a server; one that an administrator has locked stays that way."""
    now = backend.clock.now()
    by = OWNER if asker.project_id == server.project_id and server.locked_by != ADMIN else ADMIN
    record(tx, server, "lock", asker, now)
    rows.update(tx, server.id, now, locked_by=by, locked_reason=reason)
    actions.finish(tx, server.id, "lock", now)


def unlock(tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
    """Unlock a server."""
    now = backend.clock.now()
    record(tx, server, "unlock", asker, now)
    rows.update(tx, server.id, now, locked_by=None, locked_reason=None)
    actions.finish(tx, server.id, "unlock", now)
