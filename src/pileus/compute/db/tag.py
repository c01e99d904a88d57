"""Servers' tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from pileus.compute.db.batches import batches
from pileus.compute.db.tables import SERVER_TAG
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_T = SERVER_TAG.c


def of_servers(tx: Transaction, server_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the tags of several servers, in order, by the server's id."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for some in batches(server_ids):
        for server_id, tag in tx.tuples(
            select(_T.server_id, _T.tag).where(_T.server_id.in_(some)).order_by(_T.server_id, _T.tag)
        ):
            found[server_id].append(tag)
    return found


def add(tx: Transaction, server_id: str, tag: str) -> bool:
    """Give a server a tag; tell whether it did not have it."""
    return insert_if_absent(tx, SERVER_TAG, {"server_id": server_id, "tag": tag})


def remove(tx: Transaction, server_id: str, tag: str) -> bool:
    """Take a tag from a server; tell whether it had it."""
    return bool(tx.changed(SERVER_TAG.delete().where(_T.server_id == server_id, _T.tag == tag)))


def replace(tx: Transaction, server_id: str, tags: Sequence[str]) -> None:
    """Put these in the place of all tags of a server."""
    tx.execute(SERVER_TAG.delete().where(_T.server_id == server_id))
    if tags:
        tx.execute(SERVER_TAG.insert(), [{"server_id": server_id, "tag": tag} for tag in tags])
