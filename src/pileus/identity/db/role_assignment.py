"""The list of all assignments: filtered, expanded, named and paged by one statement.

Its order is that of the assignments that were given, so that a page of many begins and ends by an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, and_, case, func, literal, or_, select

from pileus.identity.db import effective
from pileus.identity.db.assignment import of_row
from pileus.identity.db.tables import (
    NO_DOMAIN,
    assignment,
    group,
    implied_role,
    membership,
    project,
    project_ancestor,
    role,
    user,
)
from pileus.identity.model.assignment import Listed, Part, TargetKind
from pileus.identity.model.errors import MarkerNotFound
from pileus.kit.db import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants of the list; None: whatever it is."""

    user_id: str | None = None
    group_id: str | None = None
    role_id: str | None = None
    target_kind: TargetKind | None = None
    target_id: str | None = None
    has_subtree: bool = False  # what lies within the project too
    is_inherited: bool | None = None
    domain_id: str | None = None  # only on this domain and on the projects in it
    is_effective: bool = False
    has_names: bool = False
    limit: int | None = None
    marker: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """Where the list finds what it shows, and in which order."""

    source: FromClause
    user_id: ColumnElement[Any]
    role_id: ColumnElement[Any]
    target_kind: ColumnElement[Any]
    target_id: ColumnElement[Any]
    order: tuple[ColumnElement[Any], ...]


_GIVEN_ORDER = tuple(assignment.primary_key.columns)
_GIVEN = _Shown(
    assignment,
    assignment.c.user_id,
    assignment.c.role_id,
    assignment.c.target_kind,
    assignment.c.target_id,
    _GIVEN_ORDER,
)


def list_all(tx: Transaction, wanted: Wanted) -> Sequence[Listed]:
    """Return the assignments that are wanted. Raises MarkerNotFound."""
    shown = _effective() if wanted.is_effective else _GIVEN
    statement = select(
        assignment,
        shown.user_id.label("shown_user_id"),
        shown.role_id.label("shown_role_id"),
        shown.target_kind.label("shown_kind"),
        shown.target_id.label("shown_target_id"),
    ).select_from(shown.source)
    statement = statement.where(*_conditions(shown, wanted)).order_by(*shown.order).limit(wanted.limit)
    if wanted.has_names:
        statement = _with_names(statement, shown)
    return [_listed(row, wanted) for row in tx.all(statement)]


# --- expansion ------------------------------------------------------------------------------------


def _effective() -> _Shown:
    """A group's for each member, an inherited one on each project below, and each role that the given one implies."""
    closed, below = _closed(), project_ancestor
    source = (
        assignment.join(closed, closed.c.prior_role_id == assignment.c.role_id)
        .outerjoin(membership, membership.c.group_id == assignment.c.group_id)
        .outerjoin(below, and_(assignment.c.is_inherited, below.c.ancestor_id == assignment.c.target_id))
    )
    user_id = func.coalesce(assignment.c.user_id, membership.c.user_id)
    kind = case((assignment.c.is_inherited, literal(TargetKind.PROJECT.value)), else_=assignment.c.target_kind)
    target_id = case((assignment.c.is_inherited, below.c.project_id), else_=assignment.c.target_id)
    order = (*_GIVEN_ORDER, target_id, user_id, closed.c.role_id)
    return _Shown(source, user_id, closed.c.role_id, kind, target_id, order)


def _closed() -> CTE:
    """The roles of the whole cloud that each role comes to."""
    closed = select(role.c.id.label("prior_role_id"), role.c.id.label("role_id")).cte("closed", recursive=True)
    closed = closed.union(
        select(closed.c.prior_role_id, implied_role.c.implied_role_id).join(
            implied_role, implied_role.c.prior_role_id == closed.c.role_id
        )
    )
    is_cloud_wide = and_(role.c.id == closed.c.role_id, role.c.domain_id == NO_DOMAIN)
    return select(closed).join(role, is_cloud_wide).cte("counted")


# --- filters --------------------------------------------------------------------------------------


def _conditions(shown: _Shown, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.is_effective:
        found += [shown.user_id.is_not(None), shown.target_id.is_not(None)]
    if wanted.user_id is not None:
        found += [assignment.c.actor_id.in_(effective.actors(wanted.user_id)), shown.user_id == wanted.user_id]
    if wanted.group_id is not None:
        found += [assignment.c.actor_id == wanted.group_id, assignment.c.group_id == wanted.group_id]
    for column, value in ((shown.role_id, wanted.role_id), (shown.target_kind, wanted.target_kind)):
        if value is not None:
            found.append(column == value)
    if wanted.target_id is not None:
        found += _on_target(shown, wanted, wanted.target_id)
    if wanted.is_inherited is not None:
        found.append(assignment.c.is_inherited.is_(wanted.is_inherited))
    if wanted.domain_id is not None:
        found.append(_within_domain(shown, wanted.domain_id))
    if wanted.marker is not None:
        found += _after(shown.order, wanted.marker)
    return found


def _on_target(shown: _Shown, wanted: Wanted, target_id: str) -> list[ColumnElement[bool]]:
    if wanted.has_subtree:
        below = select(project_ancestor.c.project_id).where(project_ancestor.c.ancestor_id == target_id)
        return [or_(shown.target_id == target_id, shown.target_id.in_(below))]
    found = [shown.target_id == target_id]
    if wanted.is_effective:  # not needed for the answer, but this an index can find
        above = select(project_ancestor.c.ancestor_id).where(project_ancestor.c.project_id == target_id)
        found.append(or_(assignment.c.target_id == target_id, assignment.c.target_id.in_(above)))
    return found


def _within_domain(shown: _Shown, domain_id: str) -> ColumnElement[bool]:
    inside = select(project.c.id).where(project.c.domain_id == domain_id)
    return or_(
        and_(shown.target_kind == TargetKind.DOMAIN, shown.target_id == domain_id),
        and_(shown.target_kind == TargetKind.PROJECT, shown.target_id.in_(inside)),
    )


def _after(order: Sequence[ColumnElement[Any]], marker: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions of a place behind the marker's."""
    if len(marker) != len(order):
        raise MarkerNotFound(marker=":".join(marker))
    values = [
        literal(text == "1" if column is assignment.c.is_inherited else text, column.type)
        for column, text in zip(order, marker, strict=True)
    ]
    ways = [
        and_(*(column == value for column, value in zip(order[:at], values[:at], strict=True)), order[at] > values[at])
        for at in range(len(order))
    ]
    return [order[0] >= values[0], or_(*ways)]  # the first so that an index finds where to begin


# --- names ----------------------------------------------------------------------------------------

_USER, _GROUP, _ROLE, _TARGET = user.alias("u"), group.alias("g"), role.alias("r"), project.alias("t")
_HOMES = {part: project.alias(f"{part.name}_home") for part in (_USER, _GROUP, _ROLE, _TARGET)}


def _with_names(statement: Select[Any], shown: _Shown) -> Select[Any]:
    for part, part_id in (
        (_USER, shown.user_id),
        (_GROUP, assignment.c.group_id),
        (_ROLE, shown.role_id),
        (_TARGET, shown.target_id),
    ):
        home = _HOMES[part]
        statement = (
            statement.outerjoin(part, part.c.id == part_id)
            .outerjoin(home, home.c.id == part.c.domain_id)
            .add_columns(part.c.name.label(f"{part.name}_name"))
            .add_columns(home.c.id.label(f"{part.name}_domain_id"), home.c.name.label(f"{part.name}_domain_name"))
        )
    return statement


# --- rows -----------------------------------------------------------------------------------------


def _listed(row: Row, wanted: Wanted) -> Listed:
    given = of_row(row)
    key: tuple[str, ...] = (row.actor_id, row.target_kind, row.target_id, row.role_id, "1" if row.is_inherited else "0")
    if wanted.is_effective:
        key = (*key, row.shown_target_id, row.shown_user_id, row.shown_role_id)
    is_group = row.shown_user_id is None
    return Listed(
        user=None if is_group else _part(row, "u", row.shown_user_id, wanted),
        group=_part(row, "g", row.group_id, wanted) if is_group else None,
        role=_part(row, "r", row.shown_role_id, wanted),
        target_kind=TargetKind(row.shown_kind),
        target=_part(row, "t", row.shown_target_id, wanted),
        given=given,
        key=key,
    )


def _part(row: Row, prefix: str, part_id: str, wanted: Wanted) -> Part:
    if not wanted.has_names:
        return Part(id=part_id)
    names = row._mapping  # noqa: SLF001 (SQLAlchemy's public name for the row as a mapping)
    return Part(
        id=part_id,
        name=names[f"{prefix}_name"] or "",
        domain_id=names[f"{prefix}_domain_id"],
        domain_name=names[f"{prefix}_domain_name"],
    )
