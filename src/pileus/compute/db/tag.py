"""Servers' tags."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from pileus.compute.db.tables import SERVER_TAG
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_T = SERVER_TAG.c


def count(tx: Transaction, server_id: str) -> int:
    """Return how many tags a server has."""
    return int(tx.scalar(select(func.count()).where(_T.server_id == server_id)))


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
