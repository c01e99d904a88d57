"""Changing servers' tags."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.compute.db import server as servers
from pileus.compute.db import tag as rows
from pileus.compute.model.action_rule import ALLOW_METADATA, require_in
from pileus.compute.model.error.tag import TagLimitExceeded, TagNotFound
from pileus.compute.model.news import ServerNews
from pileus.compute.model.server import Server
from pileus.kit.db import Transaction

MOST_TAGS = 50


def add(tx: Transaction, server: Server, tag: str) -> bool:
    """Give a server a tag; tell whether it is new. Raises InstanceInvalidState, TagLimitExceeded."""
    require_in(ALLOW_METADATA, server, "update tag")
    servers.lock(tx, server.id)  # of two that count at the same time the second waits
    if rows.count(tx, server.id) >= MOST_TAGS:
        raise TagLimitExceeded(allowed=MOST_TAGS)
    _note(tx, server)
    return rows.add(tx, server.id, tag)


def _note(tx: Transaction, server: Server) -> None:
    tx.note(ServerNews(server_id=server.id, action="update", phase=None))


def replace(tx: Transaction, server: Server, tags: Sequence[str]) -> Sequence[str]:
    """Put these in the place of all tags, and return them without repetition. Raises InstanceInvalidState."""
    require_in(ALLOW_METADATA, server, "update tags")
    servers.lock(tx, server.id)
    kept = sorted(set(tags))
    rows.replace(tx, server.id, kept)
    _note(tx, server)
    return kept


def remove(tx: Transaction, server: Server, tag: str) -> None:
    """Take a tag away. Raises InstanceInvalidState, TagNotFound."""
    require_in(ALLOW_METADATA, server, "delete tag")
    if not rows.remove(tx, server.id, tag):
        raise TagNotFound(server_id=server.id, tag=tag)
    _note(tx, server)


def clear(tx: Transaction, server: Server) -> None:
    """Take all tags away. Raises InstanceInvalidState."""
    require_in(ALLOW_METADATA, server, "delete tags")
    rows.replace(tx, server.id, ())
    _note(tx, server)
