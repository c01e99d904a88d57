"""Flavors in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from pileus.compute.db.tables import FLAVOR, FLAVOR_ACCESS, FLAVOR_EXTRA_SPEC
from pileus.compute.model.error.flavor import FlavorNotFound
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.text_pattern import LIKE_ESCAPE
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_F, _X, _A = FLAVOR.c, FLAVOR_EXTRA_SPEC.c, FLAVOR_ACCESS.c
_GET = select(FLAVOR).where(_F.id == bindparam("which"))
_BY_NAME = select(FLAVOR).where(_F.name == bindparam("called"))

SORT_KEYS = {
    "flavorid": _F.id, "id": _F.number, "name": _F.name, "memory_mb": _F.memory_mb, "vcpus": _F.vcpus,
    "root_gb": _F.root_gb, "ephemeral_gb": _F.ephemeral_gb, "swap": _F.swap_mb, "rxtx_factor": _F.rxtx_factor,
    "disabled": _F.is_disabled, "is_public": _F.is_public, "created_at": _F.created_at, "updated_at": _F.updated_at,
    "description": _F.description, "vcpu_weight": _F.number,
}  # fmt: skip


def get(tx: Transaction, flavor_id: str) -> Flavor:
    """Return a flavor by the id that the API shows. Raises FlavorNotFound."""
    row = tx.first(_GET, {"which": flavor_id})
    if row is None:
        raise FlavorNotFound(flavor_id=flavor_id)
    return _flavors(tx, [row])[0]


def find_by_name(tx: Transaction, name: str) -> Flavor | None:
    """Return the flavor of that name."""
    row = tx.first(_BY_NAME, {"called": name})
    return None if row is None else _flavors(tx, [row])[0]


def list_all(
    tx: Transaction,
    *,
    is_public: bool | None = None,
    visible_to: str | None = None,
    min_memory_mb: int = 0,
    min_root_gb: int = 0,
    name_like: str | None = None,
    sort_key: str = "flavorid",
    is_descending: bool = False,
) -> Sequence[Flavor]:
    """Return flavors in order. `is_public` None: both kinds; `visible_to`: the public and a project's own."""
    key = SORT_KEYS[sort_key]
    query = select(FLAVOR).where(_F.memory_mb >= min_memory_mb, _F.root_gb >= min_root_gb)
    if name_like is not None:
        query = query.where(_F.name.like(name_like, escape=LIKE_ESCAPE))
    query = _shown(query, is_public, visible_to)
    order = [key.desc(), _F.number.desc()] if is_descending else [key.asc(), _F.number.asc()]
    return _flavors(tx, tx.all(query.order_by(*order)))


def _shown(query: Select[Any], is_public: bool | None, visible_to: str | None) -> Select[Any]:
    if visible_to is not None:
        own = select(_A.flavor_number).where(_A.project_id == visible_to)
        return query.where(and_(or_(_F.is_public, _F.number.in_(own)), _F.is_disabled.is_(False)))
    return query if is_public is None else query.where(_F.is_public.is_(is_public))


def add(tx: Transaction, flavor: Flavor, now: datetime) -> bool:
    """Write a new flavor; tell whether its id and its name were free."""
    row = {
        "id": flavor.id, "name": flavor.name, "vcpus": flavor.vcpus, "memory_mb": flavor.memory_mb,
        "root_gb": flavor.root_gb, "ephemeral_gb": flavor.ephemeral_gb, "swap_mb": flavor.swap_mb,
        "rxtx_factor": flavor.rxtx_factor, "is_public": flavor.is_public, "is_disabled": flavor.is_disabled,
        "description": flavor.description, "created_at": now,
    }  # fmt: skip
    is_new = insert_if_absent(tx, FLAVOR, row)
    if is_new and flavor.extra_specs:
        set_extra_specs(tx, get(tx, flavor.id), flavor.extra_specs)
    return is_new


def describe(tx: Transaction, flavor: Flavor, description: str | None, now: datetime) -> None:
    """Write another description."""
    tx.execute(FLAVOR.update().where(_F.number == flavor.number).values(description=description, updated_at=now))


def delete(tx: Transaction, flavor: Flavor) -> None:
    """Remove a flavor; servers keep their copies."""
    tx.execute(FLAVOR.delete().where(_F.number == flavor.number))


# --- extra specs ----------------------------------------------------------------------------------


def set_extra_specs(tx: Transaction, flavor: Flavor, specs: Mapping[str, str]) -> None:
    """Add these extra specs, in the place of those with the same key."""
    for key, value in specs.items():
        delete_extra_spec(tx, flavor, key)
        tx.execute(FLAVOR_EXTRA_SPEC.insert(), {"flavor_number": flavor.number, "key": key, "value": value})


def delete_extra_spec(tx: Transaction, flavor: Flavor, key: str) -> bool:
    """Remove one extra spec; tell whether it was there."""
    return bool(tx.changed(FLAVOR_EXTRA_SPEC.delete().where(_X.flavor_number == flavor.number, _X.key == key)))


# --- access ---------------------------------------------------------------------------------------


def list_access(tx: Transaction, flavor: Flavor) -> Sequence[str]:
    """Return the projects that may use a flavor that is not public."""
    query = select(_A.project_id).where(_A.flavor_number == flavor.number).order_by(_A.project_id)
    return [str(row.project_id) for row in tx.all(query)]


def add_access(tx: Transaction, flavor: Flavor, project_id: str) -> bool:
    """Let a project use a flavor; tell whether it might not before."""
    return insert_if_absent(tx, FLAVOR_ACCESS, {"flavor_number": flavor.number, "project_id": project_id})


def delete_access(tx: Transaction, flavor: Flavor, project_id: str) -> bool:
    """Take a project's access away; tell whether it had it."""
    statement = FLAVOR_ACCESS.delete().where(_A.flavor_number == flavor.number, _A.project_id == project_id)
    return bool(tx.changed(statement))


# --- rows -----------------------------------------------------------------------------------------


def _flavors(tx: Transaction, rows: Sequence[Row]) -> list[Flavor]:
    specs: defaultdict[int, dict[str, str]] = defaultdict(dict)
    numbers = [row.number for row in rows]
    if numbers:
        for spec in tx.all(select(FLAVOR_EXTRA_SPEC).where(_X.flavor_number.in_(numbers))):
            specs[spec.flavor_number][spec.key] = spec.value
    return [replace(_flavor(row), extra_specs=specs.get(row.number, {})) for row in rows]


def _flavor(row: Row) -> Flavor:
    return Flavor(
        number=row.number,
        id=row.id,
        name=row.name,
        vcpus=row.vcpus,
        memory_mb=row.memory_mb,
        root_gb=row.root_gb,
        ephemeral_gb=row.ephemeral_gb,
        swap_mb=row.swap_mb,
        rxtx_factor=row.rxtx_factor,
        is_public=row.is_public,
        is_disabled=row.is_disabled,
        description=row.description,
    )
