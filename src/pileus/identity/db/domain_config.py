"""Settings that domains have of their own."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select

from pileus.identity.db.tables import domain_config
from pileus.identity.model.domain_config import Config
from pileus.kit.db import Transaction


def load(tx: Transaction, domain_id: str, group: str | None = None, option: str | None = None) -> Config:
    """Return what a domain has set, with the secrets."""
    statement = select(domain_config).where(*_is(domain_id, group, option))
    found: Config = {}
    for row in tx.all(statement.order_by(domain_config.c.group, domain_config.c.option)):
        found.setdefault(row.group, {})[row.option] = msgspec.json.decode(row.value)
    return found


def save(tx: Transaction, domain_id: str, config: Config) -> None:
    """Write settings, in the place of those that were there."""
    for group, options in config.items():
        for option, value in options.items():
            delete(tx, domain_id, group, option)
            row: dict[str, Any] = {"domain_id": domain_id, "group": group, "option": option}
            tx.execute(domain_config.insert(), {**row, "value": msgspec.json.encode(value).decode()})


def delete(tx: Transaction, domain_id: str, group: str | None = None, option: str | None = None) -> None:
    """Remove settings: all, those of a group, or one."""
    tx.execute(domain_config.delete().where(*_is(domain_id, group, option)))


def _is(domain_id: str, group: str | None, option: str | None) -> list[ColumnElement[bool]]:
    found = [domain_config.c.domain_id == domain_id]
    if group is not None:
        found.append(domain_config.c.group == group)
    if option is not None:
        found.append(domain_config.c.option == option)
    return found
