"""Services in the database: which parts of the cloud live on which hosts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from pileus.compute.db import fleet
from pileus.compute.db.tables import SERVICE
from pileus.compute.model.error.service import HostBinaryNotFound, ServiceNotFound
from pileus.compute.model.host import Service
from pileus.compute.model.news import NounNews
from pileus.kit import ids
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_S = SERVICE.c
_ON_HOST = select(SERVICE).where(_S.host == bindparam("at"), _S.binary == bindparam("what"))
_TOUCH = (
    SERVICE.update()
    .where(_S.host == bindparam("at"), _S.binary == bindparam("what"))
    .values(last_seen_at=bindparam("now"), updated_at=bindparam("now"))
)


def touch(tx: Transaction, host: str, binary: str, now: datetime) -> None:
    """Write that a service lives; makes its row at the first time."""
    if not tx.changed(_TOUCH, {"at": host, "what": binary, "now": now}):
        row = {
            "uuid": ids.new_uuid(), "host": host, "binary": binary, "is_disabled": False, "is_forced_down": False,
            "last_seen_at": now, "created_at": now,
        }  # fmt: skip
        insert_if_absent(tx, SERVICE, row)
        tx.note(NounNews(noun=get_on(tx, host, binary), verb="create"))


def touch_all(tx: Transaction, binary: str, seen: Sequence[tuple[str, datetime]]) -> None:
    """Write of services that are known when each was heard of."""
    tx.execute(_TOUCH, [{"at": host, "what": binary, "now": at} for host, at in seen])


def get(tx: Transaction, number: int) -> Service:
    """Return a service by its number. Raises ServiceNotFound."""
    row = tx.first(select(SERVICE).where(_S.number == number))
    if row is None:
        raise ServiceNotFound(service_id=number)
    return service_of(row)


def get_by_uuid(tx: Transaction, uuid: str) -> Service:
    """Return a service by its uuid. Raises ServiceNotFound."""
    row = tx.first(select(SERVICE).where(_S.uuid == uuid))
    if row is None:
        raise ServiceNotFound(service_id=uuid)
    return service_of(row)


def get_on(tx: Transaction, host: str, binary: str) -> Service:
    """Return a host's service. Raises HostBinaryNotFound."""
    row = tx.first(_ON_HOST, {"at": host, "what": binary})
    if row is None:
        raise HostBinaryNotFound(host=host, binary=binary)
    return service_of(row)


def list_all(tx: Transaction, *, host: str | None = None, binary: str | None = None) -> Sequence[Service]:
    """Return services, of one host or of one kind if asked."""
    query = select(SERVICE).order_by(_S.number)
    if host is not None:
        query = query.where(_S.host == host)
    if binary is not None:
        query = query.where(_S.binary == binary)
    return [service_of(row) for row in tx.all(query)]


def update(tx: Transaction, service: Service, now: datetime, **values: Any) -> None:
    """Set columns that an administrator may choose: is_disabled, disabled_reason, is_forced_down."""
    tx.execute(SERVICE.update().where(_S.number == service.number).values(updated_at=now, **values))
    fleet.note_changed(tx, [service.host])


def delete(tx: Transaction, service: Service) -> None:
    """Forget a service."""
    tx.execute(SERVICE.delete().where(_S.number == service.number))
    fleet.note_gone(tx)


def service_of(row: Row, prefix: str = "") -> Service:
    """Return the columns of SERVICE in a row, named with a prefix where they come with others."""

    def column(name: str) -> Any:
        return getattr(row, prefix + name)

    return Service(
        number=column("number"),
        uuid=column("uuid"),
        host=column("host"),
        binary=column("binary"),
        is_disabled=column("is_disabled"),
        disabled_reason=column("disabled_reason"),
        is_forced_down=column("is_forced_down"),
        last_seen_at=column("last_seen_at"),
        created_at=column("created_at"),
        updated_at=column("updated_at"),
    )
