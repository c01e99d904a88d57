"""Making, changing and removing flavors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pileus.compute.db import flavor as rows
from pileus.compute.model.error.flavor import (
    FlavorAccessExists,
    FlavorAccessNotFound,
    FlavorExists,
    FlavorExtraSpecNotFound,
    FlavorIdExists,
    FlavorIsPublic,
    FlavorNotFound,
    FlavorUnknown,
)
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.news import NounNews
from pileus.kit.db import Transaction


def create(tx: Transaction, flavor: Flavor, now: datetime) -> Flavor:
    """Make a flavor. Raises FlavorExists, FlavorIdExists."""
    if not rows.add(tx, flavor, now):
        if rows.find_by_name(tx, flavor.name) is not None:
            raise FlavorExists(name=flavor.name)
        raise FlavorIdExists(flavor_id=flavor.id)
    return _told(tx, flavor.id, "create")


def _told(tx: Transaction, flavor_id: str, verb: str = "update") -> Flavor:
    """Return a flavor that is as it shall be, and note that it is."""
    flavor = rows.get(tx, flavor_id)
    tx.note(NounNews(noun=flavor, verb=verb, more={"projects": list(rows.list_access(tx, flavor))}))
    return flavor


def get_usable(tx: Transaction, flavor_id: str, project_id: str, *, may_use_any: bool) -> Flavor:
    """Return a flavor that somebody named for a server of a project. Raises FlavorUnknown if it is not for them."""
    try:
        flavor = rows.get(tx, flavor_id)
    except FlavorNotFound:
        raise FlavorUnknown(flavor_id=flavor_id) from None
    if not (flavor.is_public or may_use_any or project_id in rows.list_access(tx, flavor)):
        raise FlavorUnknown(flavor_id=flavor_id)
    return flavor


def describe(tx: Transaction, flavor_id: str, description: str | None, now: datetime) -> Flavor:
    """Say something else of a flavor. Raises FlavorNotFound."""
    rows.describe(tx, rows.get(tx, flavor_id), description, now)
    return _told(tx, flavor_id)


def delete(tx: Transaction, flavor_id: str) -> None:
    """Remove a flavor. Raises FlavorNotFound."""
    rows.delete(tx, _told(tx, flavor_id, "delete"))


def set_extra_specs(tx: Transaction, flavor_id: str, specs: Mapping[str, str]) -> None:
    """Add extra specs, or change them. Raises FlavorNotFound."""
    rows.set_extra_specs(tx, rows.get(tx, flavor_id), specs)
    _told(tx, flavor_id)


def delete_extra_spec(tx: Transaction, flavor_id: str, key: str) -> None:
    """Remove one extra spec. Raises FlavorNotFound, FlavorExtraSpecNotFound."""
    if not rows.delete_extra_spec(tx, rows.get(tx, flavor_id), key):
        raise FlavorExtraSpecNotFound(flavor_id=flavor_id, key=key)
    _told(tx, flavor_id)


def add_access(tx: Transaction, flavor_id: str, project_id: str, *, must_be_private: bool) -> Flavor:
    """Let a project use a flavor that is not public. Raises FlavorNotFound, FlavorIsPublic, FlavorAccessExists."""
    flavor = rows.get(tx, flavor_id)
    if must_be_private and flavor.is_public:
        raise FlavorIsPublic
    if not rows.add_access(tx, flavor, project_id):
        raise FlavorAccessExists(flavor_id=flavor_id, project_id=project_id)
    return _told(tx, flavor_id)


def remove_access(tx: Transaction, flavor_id: str, project_id: str) -> Flavor:
    """Take a project's access away. Raises FlavorNotFound, FlavorAccessNotFound."""
    flavor = rows.get(tx, flavor_id)
    if not rows.delete_access(tx, flavor, project_id):
        raise FlavorAccessNotFound(flavor_id=flavor_id, project_id=project_id)
    return _told(tx, flavor_id)
