"""The roles that somebody wants to delegate, named as clients may name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pileus.identity.db import role
from pileus.identity.model.delegation_errors import RoleUndefined
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRole:
    """A role by id, or by the name of one of the whole cloud."""

    id: str | None = None
    name: str | None = None


def ids_of(tx: Transaction, named: Iterable[NamedRole]) -> Sequence[str]:
    """Return the roles' ids, each once; one that was named by its id need not exist. Raises RoleUndefined."""
    return list(dict.fromkeys(each.id or _id_of(tx, each.name or "") for each in named))


def _id_of(tx: Transaction, name: str) -> str:
    found = role.find_by_name(tx, name)
    if found is None:
        raise RoleUndefined(name=name)
    return found.id
