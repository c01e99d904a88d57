"""Loading a whole catalogue of definitions, and taking it out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from pileus.image.db import metadef_namespace as namespaces
from pileus.image.db import metadef_part as parts
from pileus.image.db import metadef_resource_type as resource_types
from pileus.image.db.metadef_part import Kind, P
from pileus.image.model.metadef import Definition, Namespace
from pileus.image.operations import metadef_namespace as operation
from pileus.kit.db import Transaction


class Way(Enum):
    """What to do with a namespace that is there already; the value says what was done."""

    SKIP = "skipped"  # leave it as it is
    MERGE = "merged"  # add what it lacks
    PREFER_NEW = "updated"  # add what it lacks, and replace what differs
    OVERWRITE = "overwritten"  # replace all of it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one namespace of a catalogue."""

    namespace: str
    what: str  # added, or what the way says


def load(tx: Transaction, catalogue: Sequence[Definition], way: Way) -> list[Outcome]:
    """Bring a catalogue into the database, all of it or nothing."""
    return [Outcome(each.namespace.namespace, _load(tx, each, way)) for each in catalogue]


def install(tx: Transaction, catalogue: Sequence[Definition]) -> bool:
    """Load a catalogue into a database that never had one; tell whether it was so.

    Types of resources outlive an unloaded catalogue, so nothing comes back that an operator took out. Of several
    processes that start at once on an empty database, one gets to add the types.
    """
    if resource_types.list_resource_types(tx):
        return False
    names = {each.name for definition in catalogue for each in definition.associations}
    if not resource_types.ensure(tx, names, catalogue[0].namespace.created_at):
        return False
    load(tx, catalogue, Way.SKIP)
    return True


def unload(tx: Transaction) -> int:
    """Remove every namespace, whoever made it, and return how many there were. Types of resources stay."""
    return namespaces.delete_all(tx)


def _load(tx: Transaction, definition: Definition, way: Way) -> str:
    there = namespaces.find_locked(tx, definition.namespace.namespace)
    if there is None:
        operation.create(tx, definition)
        return "added"
    if way is Way.OVERWRITE:
        namespaces.delete(tx, there)
        operation.create(tx, definition)
    elif way is not Way.SKIP:
        _merge(tx, definition, there, prefers_new=way is Way.PREFER_NEW)
    return way.value


def _merge(tx: Transaction, new: Definition, there: Namespace, *, prefers_new: bool) -> None:
    now = new.namespace.created_at
    if prefers_new:
        namespaces.update(tx, replace(new.namespace, id=there.id, created_at=there.created_at))
    resource_types.ensure(tx, [each.name for each in new.associations], now)
    [old] = parts.with_parts(tx, [there])
    _merge_kind(tx, parts.ASSOCIATION, there, old.associations, new.associations, prefers_new=prefers_new)
    _merge_kind(tx, parts.PROPERTY, there, old.properties, new.properties, prefers_new=prefers_new)
    _merge_kind(tx, parts.OBJECT, there, old.objects, new.objects, prefers_new=prefers_new)
    _merge_kind(tx, parts.TAG, there, old.tags, new.tags, prefers_new=prefers_new)


def _merge_kind(
    tx: Transaction, kind: Kind[P], namespace: Namespace, old: Sequence[P], new: Sequence[P], *, prefers_new: bool
) -> None:
    held = {part.name: part for part in old}
    parts.insert(tx, kind, namespace, [part for part in new if part.name not in held])
    for part in new:
        if prefers_new and part.name in held and _differs(held[part.name], part):
            parts.update(tx, kind, namespace, part.name, part)


def _differs(old: P, new: P) -> bool:
    return replace(new, created_at=old.created_at, updated_at=old.updated_at) != old
