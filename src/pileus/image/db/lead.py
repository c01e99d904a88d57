"""Which condition of a list leads to its images.

A page is found in one of two ways: along an index that has all images in the order asked for, until enough of them
fit, which is quick if many do; or by first fetching the images that one condition leaves and sorting these, which is
quick if they are few. No database can tell which: that is a matter of single values, of which they know the commonest
at best, and SQLite nothing at all. So we count what each condition leaves, and stop counting at `MANY`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    false,
    func,
    select,
    true,
    union,
    union_all,
)

from pileus.image.db import tables
from pileus.image.db.image import sorting, value_key
from pileus.image.model.image import COMMUNITY, PRIVATE, PUBLIC, SHARED
from pileus.image.model.query import Filter, ImageQuery, Viewer
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


def find(tx: Transaction, viewer: Viewer, query: ImageQuery) -> Subquery | list[Reason] | None:
    """Return what yields the ids of few images with all of the page's among them, or None if it is better to walk.

    If the caller sees few images anyway, that is the reasons why he does.
    """
    leads = _leads(viewer, query)
    seen = [] if viewer.is_admin or is_merged(viewer, query) else reasons(viewer, query)
    if seen:
        leads.append([_ids_of(each) for each in seen])
    if not leads:
        return None
    found = tx.tuples(select(*map(_count, leads)))[0]
    fewest, place = min((count, place) for place, count in enumerate(found))
    if fewest * DEARNESS >= way(query.limit, found):
        return None
    chosen = leads[place]
    if seen and chosen is leads[-1]:
        return seen
    # Neither kind of select can be dissolved into the one around it, so that all databases begin with it.
    return union(*chosen).subquery("lead") if len(chosen) > 1 else chosen[0].limit(MANY).subquery("lead")


def _count(lead: Lead) -> ScalarSelect[int]:
    return select(func.count()).select_from(union_all(*lead).limit(MANY).subquery()).scalar_subquery()


def way(limit: int, counts: Sequence[int]) -> float:
    """Return how many images one passes to find `limit` that fit, as each condition leaves so many of all."""
    rare = [count for count in counts if count < MANY]
    return limit * prod(SUPPOSED / max(count, 1) for count in rare) if rare else 0


def _leads(viewer: Viewer, query: ImageQuery) -> list[Lead]:
    """Return what each condition that has an index leaves."""
    t, p = tables.image_tag, tables.image_property
    leads = [[_ids(_holds(each))] for each in query.filters if _is_indexed(each)]
    leads += [[select(t.c.image_id).where(t.c.value == tag)] for tag in query.tags]
    leads += [
        [select(p.c.image_id).where(p.c.name == name, p.c.value_key == value_key(value))]
        for name, value in query.properties.items()
    ]
    if viewer.is_admin and query.visibility not in (None, "all"):
        leads.append([_ids(_t.c.visibility == query.visibility)])
    return leads


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a caller sees images: what is so of them, or of a membership of his, by an index; and what else must be."""

    condition: ColumnElement[bool]
    further: tuple[ColumnElement[bool], ...] = ()
    membership: FromClause | None = None


def is_merged(viewer: Viewer, query: ImageQuery) -> bool:
    """Tell whether there is an index that has the images of each reason in the order asked for."""
    return not viewer.is_admin and query.sort[0].key == "created_at"


def reasons(viewer: Viewer, query: ImageQuery) -> list[Reason]:
    """Return why a caller sees what he has on a list: all that there is one of these reasons for."""
    if query.visibility in (PUBLIC, COMMUNITY):
        return [Reason(_t.c.visibility == query.visibility)]
    found = [Reason(_t.c.visibility == visibility) for visibility in _OF_ANYBODY.get(query.visibility, ())]
    if viewer.project_id is not None:
        is_asked_for = () if query.visibility in _OF_ANYBODY else (_t.c.visibility == query.visibility,)
        found.append(Reason(_t.c.owner == viewer.project_id, is_asked_for))
        if query.visibility != PRIVATE:
            m = tables.image_member
            is_of_status = true() if query.member_status == "all" else m.c.status == query.member_status
            is_member = and_(m.c.member_id == viewer.project_id, is_of_status)
            found.append(Reason(is_member, (_t.c.visibility == SHARED,), m))
    return found or [Reason(false())]


def _ids_of(reason: Reason) -> Select[tuple[str]]:
    """Return what an index alone yields for a reason; there may be more than the caller has on his list."""
    if reason.membership is None:
        return _ids(reason.condition)
    return select(reason.membership.c.image_id).where(reason.condition)


def _ids(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(_t.c.id).where(*conditions)


def _is_indexed(condition: Filter) -> bool:
    return condition.name in _INDEXED and condition.operator in ("eq", "in")


def _holds(condition: Filter) -> ColumnElement[bool]:
    column = sorting(condition.name)
    return column.in_(condition.value) if condition.operator == "in" else column == condition.value
