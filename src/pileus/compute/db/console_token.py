"""Tokens by which users reach consoles. What a user holds is not kept, only its hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from pileus.compute.db.tables import CONSOLE_TOKEN, SERVER
from pileus.compute.model.console import Console, hash_of
from pileus.compute.model.error.console import TokenNotFound
from pileus.kit.db import Transaction

_T = CONSOLE_TOKEN.c


def add(tx: Transaction, token: str, console: Console, now: datetime) -> None:
    """Write that a token leads to a console; forget those whose time is over."""
    tx.execute(CONSOLE_TOKEN.delete().where(_T.expires_at <= now))
    values = {name: getattr(console, name) for name in Console.__slots__}
    tx.execute(CONSOLE_TOKEN.insert(), {"token_hash": hash_of(token), **values})


def get(tx: Transaction, token: str, now: datetime) -> Console:
    """Return the console that a token leads to. Raises TokenNotFound, also when its time or its server is over."""
    of_token = select(CONSOLE_TOKEN).join(SERVER, SERVER.c.id == _T.server_id)
    row = tx.first(of_token.where(_T.token_hash == hash_of(token), _T.expires_at > now, SERVER.c.deleted_at.is_(None)))
    if row is None:
        raise TokenNotFound
    return Console(**{name: getattr(row, name) for name in Console.__slots__})


def delete_by_server(tx: Transaction, server_id: str) -> None:
    """Let no token lead to a server's console any more."""
    tx.execute(CONSOLE_TOKEN.delete().where(_T.server_id == server_id))
