"""What a change of any resource has in common."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.model.errors import Duplicate, Fixed, Immutable
from pileus.identity.model.oauth1 import Consumer
from pileus.identity.model.policy import Policy
from pileus.identity.model.resource import Domain, Group, Project, Role, User, is_immutable

R = TypeVar("R", Domain, Project, User, Group, Role, Region, Service, Endpoint, Policy, Consumer)

Changes = dict[str, Any]
"""Fields of the model to replace; `extra` is merged into what was there, and so are the `options` in it."""

_FIXED = {"id": "ID", "domain_id": "Domain ID"}


def changed(old: R, changes: Changes) -> R:
    """Return a row with some fields replaced. Raises Fixed for one that never changes."""
    for name, what in _FIXED.items():
        if name in changes and changes[name] != getattr(old, name):
            raise Fixed(what=what)
    extra = {**old.extra, **changes.get("extra", {})}
    if "options" in extra:
        options = {**(old.extra.get("options") or {}), **(extra["options"] or {})}
        extra["options"] = {name: value for name, value in options.items() if value is not None}
    return replace(old, **{**changes, "extra": extra})


def require_mutable(kind: str, row: Domain | Project | Role, changes: Changes | None) -> None:
    """Let an immutable resource only become mutable, and nothing else. Raises Immutable.

    `changes` None: it is to be removed.
    """
    if not is_immutable(row.extra):
        return
    verb = "delete" if changes is None else "update"
    options = (changes or {}).get("extra", {}).get("options") or {}
    is_only_option = changes is not None and changes.keys() == {"extra"} and changes["extra"].keys() == {"options"}
    if not (is_only_option and "immutable" in options and options["immutable"] is not True):
        raise Immutable(verb=verb, kind=kind, id=row.id)


def require_free(kind: str, name: str, holder: object | None, domain_id: str | None = None) -> None:
    """Make sure that nobody has a name. Raises Duplicate."""
    if holder is not None:
        where = "" if domain_id is None else f" at domain ID {domain_id}"
        raise Duplicate(kind=kind, name=name, where=where)
