"""Which condition of a list leads to its images.

A page is found in one of two ways: along an index that has all images in the order asked for, until enough of them
fit, which is quick if many do; or by first fetching the images that one condition leaves and sorting these, which is
quick if they are few. No database can tell which: that is a matter of single values, of which they know the commonest
at best, and SQLite nothing at all. So we count what each condition leaves, and stop counting at `MANY`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    bindparam,
    false,
    func,
    select,
    true,
    union,
    union_all,
)

from pileus.image.db import tables
from pileus.image.db.image import sorting
from pileus.image.db.shape import KEPT, Shape, place
from pileus.image.model.image import COMMUNITY, PRIVATE, PUBLIC, SHARED
from pileus.kit.db import Transaction

MANY = 12_000  # images that a condition leaves: it is no lead
SUPPOSED = 100_000  # images that there are
DEARNESS = 3  # of an image that is fetched and sorted, against one that is passed on the way along an index

Lead = list[Select[tuple[str]]]
"""Selects of ids that together yield what a condition leaves; some may be in several of them."""

_t = tables.image
_INDEXED = frozenset({"id", "name", "status", "owner", "disk_format", "container_format", "os_hash_value"})
_OF_ANYBODY = {None: (PUBLIC,), "all": (PUBLIC, COMMUNITY)}
"""The visibility asked for, if not one of these → which images everybody gets."""


def find(tx: Transaction, shape: Shape, values: Mapping[str, Any]) -> int | None:
    """Return which lead leaves few images with all of the page's among them, or None if it is better to walk."""
    counting = _counting(shape)
    if counting is None:
        return None
    found = tx.tuples(counting, values)[0]
    fewest, number = min((count, number) for number, count in enumerate(found))
    return None if fewest * DEARNESS >= way(values["limit"], found) else number


def follow(shape: Shape, number: int) -> Subquery | list[Reason]:
    """Return what yields the ids that a lead leaves; if these are what the caller sees, the reasons why he does."""
    leads = _leads(shape)
    chosen = leads[number]
    if _is_gathered(shape) and chosen is leads[-1]:
        return reasons(shape)
    # Neither kind of select can be dissolved into the one around it, so that all databases begin with it.
    return union(*chosen).subquery("lead") if len(chosen) > 1 else chosen[0].limit(MANY).subquery("lead")


@lru_cache(maxsize=KEPT)
def _counting(shape: Shape) -> Executable | None:
    """Return the select of how many images each lead leaves; see `shape` why it is kept."""
    counts = [_count(each) for each in _leads(shape)]
    return select(*counts) if counts else None


def _count(lead: Lead) -> ScalarSelect[int]:
    return select(func.count()).select_from(union_all(*lead).limit(MANY).subquery()).scalar_subquery()


def way(limit: int, counts: Sequence[int]) -> float:
    """Return how many images one passes to find `limit` that fit, as each condition leaves so many of all."""
    rare = [count for count in counts if count < MANY]
    return limit * prod(SUPPOSED / max(count, 1) for count in rare) if rare else 0


def _leads(shape: Shape) -> list[Lead]:
    """Return what each condition that has an index leaves; at last, what the caller sees if it is to be gathered."""
    t, p = tables.image_tag, tables.image_property
    leads = [[_ids(_holds(number, *each))] for number, each in enumerate(shape.filters) if _is_indexed(*each)]
    leads += [[select(t.c.image_id).where(t.c.value == place("tag", number))] for number in range(shape.tags)]
    for number in range(len(shape.properties)):
        name, key = place("property", number), place("property_key", number)
        leads.append([select(p.c.image_id).where(p.c.name == name, p.c.value_key == key)])
    if shape.is_admin and shape.visibility not in (None, "all"):
        leads.append([_ids(_t.c.visibility == shape.visibility)])
    if _is_gathered(shape):
        leads.append([_ids_of(each) for each in reasons(shape)])
    return leads


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a caller sees images: what is so of them, or of a membership of his, by an index; and what else must be."""

    condition: ColumnElement[bool]
    further: tuple[ColumnElement[bool], ...] = ()
    membership: FromClause | None = None


def is_merged(shape: Shape) -> bool:
    """Tell whether there is an index that has the images of each reason in the order asked for."""
    return not shape.is_admin and shape.sort[0].key == "created_at"


def _is_gathered(shape: Shape) -> bool:
    """Tell whether it may be best to fetch all that the caller sees, who does not see everything."""
    return not shape.is_admin and not is_merged(shape)


def reasons(shape: Shape) -> list[Reason]:
    """Return why a caller sees what he has on a list: all that there is one of these reasons for."""
    if shape.visibility in (PUBLIC, COMMUNITY):
        return [Reason(_t.c.visibility == shape.visibility)]
    found = [Reason(_t.c.visibility == visibility) for visibility in _OF_ANYBODY.get(shape.visibility, ())]
    if shape.has_project:
        is_asked_for = () if shape.visibility in _OF_ANYBODY else (_t.c.visibility == shape.visibility,)
        found.append(Reason(_t.c.owner == bindparam("viewer"), is_asked_for))
        if shape.visibility != PRIVATE:
            m = tables.image_member
            is_of_status = true() if shape.member_status == "all" else m.c.status == shape.member_status
            is_member = and_(m.c.member_id == bindparam("viewer"), is_of_status)
            found.append(Reason(is_member, (_t.c.visibility == SHARED,), m))
    return found or [Reason(false())]


def _ids_of(reason: Reason) -> Select[tuple[str]]:
    """Return what an index alone yields for a reason; there may be more than the caller has on his list."""
    if reason.membership is None:
        return _ids(reason.condition)
    return select(reason.membership.c.image_id).where(reason.condition)


def _ids(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(_t.c.id).where(*conditions)


def _is_indexed(name: str, operator: str) -> bool:
    return name in _INDEXED and operator in ("eq", "in")


def _holds(number: int, name: str, operator: str) -> ColumnElement[bool]:
    column, value = sorting(name), place("filter", number, is_list=operator == "in")
    return column.in_(value) if operator == "in" else column == value
