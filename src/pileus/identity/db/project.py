"""Projects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, literal, not_, or_, select, true

from pileus.identity.db import effective, extra, tag
from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import assignment, project, project_ancestor, user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import Project
from pileus.kit.db import Row, Transaction

FILTERS: Filters = {
    "domain_id": project.c.domain_id,
    "name": project.c.name,
    "parent_id": project.c.parent_id,
    "enabled": project.c.is_enabled,
    "description": project.c.description,
}

_IS_PROJECT = project.c.is_domain.is_(False)
_BY_ID = select(project).where(project.c.id == bindparam("which"))
_BY_IDS = select(project).where(project.c.id.in_(bindparam("which", expanding=True))).order_by(project.c.id)
_BY_NAME = select(project).where(
    project.c.name == bindparam("which"), project.c.domain_id == bindparam("domain"), _IS_PROJECT
)
_ABOVE = (
    select(project)
    .join(project_ancestor, project_ancestor.c.ancestor_id == project.c.id)
    .where(project_ancestor.c.project_id == bindparam("which"), _IS_PROJECT)
    .order_by(project_ancestor.c.distance)
)
_BELOW = (
    select(project)
    .join(project_ancestor, project_ancestor.c.project_id == project.c.id)
    .where(project_ancestor.c.ancestor_id == bindparam("which"))
    .order_by(project_ancestor.c.distance, project.c.name)
)


def get(tx: Transaction, project_id: str) -> Project:
    """Return a project. Raises ResourceNotFound."""
    return _require(find(tx, project_id), project_id)


def find(tx: Transaction, project_id: str) -> Project | None:
    """Return a project, or None."""
    found = find_any(tx, project_id)
    return None if found is None or found.is_domain else found


def get_any(tx: Transaction, project_id: str) -> Project:
    """Return a project, even one that acts as a domain. Raises ResourceNotFound."""
    return _require(find_any(tx, project_id), project_id)


def find_any(tx: Transaction, project_id: str) -> Project | None:
    """Return a project, even one that acts as a domain, or None."""
    row = tx.first(_BY_ID, {"which": project_id})
    return None if row is None else _project(row)


def find_by_name(tx: Transaction, name: str, domain_id: str) -> Project | None:
    """Return the project of a name in a domain, or None."""
    row = tx.first(_BY_NAME, {"which": name, "domain": domain_id})
    return None if row is None else _project(row)


def get_locked(tx: Transaction, project_id: str) -> Project:
    """Return a project that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    return _require(find_locked(tx, project_id), project_id)


def find_locked(tx: Transaction, project_id: str) -> Project | None:
    """Return a project that nobody else changes before this transaction ends, or None."""
    lock(tx, project_id)
    return find(tx, project_id)


def lock(tx: Transaction, project_id: str) -> None:
    """Let nobody else change a project or domain before this transaction ends."""
    tx.lock(project.c.id, project_id)


def list_projects(
    tx: Transaction,
    asked: Asked = ALL,
    *,
    domain_id: str | None = None,
    parent_id: str | None = None,
    is_enabled: bool | None = None,
    is_domain: bool = False,
    user_id: str | None = None,
    tags: Mapping[str, Sequence[str]] | None = None,
) -> Sequence[Project]:
    """Return projects; with `user_id` only those on which the user has a role in effect. Raises MarkerNotFound.

    `tags` maps the four filters of the API to what they name.
    """
    statement = select(project).where(project.c.is_domain.is_(is_domain))
    for column, wanted in (
        (project.c.domain_id, domain_id),
        (project.c.parent_id, parent_id),
        (project.c.is_enabled, is_enabled),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if user_id is not None:
        statement = statement.where(effective.has_role_on_project(user_id))
    for name, wanted_tags in (tags or {}).items():
        statement = statement.where(_is_tagged(name, wanted_tags))
    return [_project(row) for row in tx.all(apply(tx, statement, project.c.id, FILTERS, asked))]


def list_by_ids(tx: Transaction, project_ids: Collection[str]) -> Sequence[Project]:
    """Return some projects by id."""
    return [_project(row) for row in tx.all(_BY_IDS, {"which": list(project_ids)})] if project_ids else []


def list_ancestors(tx: Transaction, row: Project) -> Sequence[Project]:
    """Return the projects that a project lies within, the nearest first and without the domain."""
    return [_project(each) for each in tx.all(_ABOVE, {"which": row.id})]


def list_descendants(tx: Transaction, row: Project) -> Sequence[Project]:
    """Return the projects that lie within a project, each before those within it."""
    return [_project(each) for each in tx.all(_BELOW, {"which": row.id})]


def add(tx: Transaction, new: Project) -> None:
    """Write a new project."""
    tx.execute(
        project.insert(),
        {"id": new.id, "is_domain": False, "domain_id": new.domain_id, "parent_id": new.parent_id, **_values(new)},
    )
    if new.parent_id is not None:
        _add_ancestors(tx, new.id, new.parent_id)


def update(tx: Transaction, changed: Project) -> None:
    """Write a project's new values."""
    tx.execute(project.update().where(project.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, project_id: str) -> None:
    """Remove a project and the roles on it; nobody's default project is it then."""
    tx.execute(
        assignment.delete().where(assignment.c.target_kind == TargetKind.PROJECT, assignment.c.target_id == project_id)
    )
    tx.execute(user.update().where(user.c.default_project_id == project_id).values(default_project_id=None))
    tx.execute(project.delete().where(project.c.id == project_id, _IS_PROJECT))


def _add_ancestors(tx: Transaction, project_id: str, parent_id: str) -> None:
    tx.execute(project_ancestor.insert(), {"project_id": project_id, "ancestor_id": parent_id, "distance": 1})
    farther = select(
        literal(project_id, project.c.id.type), project_ancestor.c.ancestor_id, project_ancestor.c.distance + 1
    ).where(project_ancestor.c.project_id == parent_id)
    tx.execute(project_ancestor.insert().from_select(["project_id", "ancestor_id", "distance"], farther))


def _require(found: Project | None, project_id: str) -> Project:
    if found is None:
        raise ResourceNotFound(kind="project", id=project_id)
    return found


def _is_tagged(name: str, wanted: Sequence[str]) -> ColumnElement[bool]:
    each = [tag.is_among(project.c.tags, text) for text in wanted]
    found = or_(*each) if name.endswith("any") else and_(true(), *each)
    return not_(found) if name.startswith("not") else found


def _values(new: Project) -> dict[str, Any]:
    return {
        "name": new.name,
        "is_enabled": new.is_enabled,
        "description": new.description,
        "tags": tag.dump(new.tags),
        "extra": extra.dump(new.extra),
    }


def _project(row: Row) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        domain_id=row.domain_id,
        parent_id=row.parent_id,
        is_domain=row.is_domain,
        description=row.description,
        is_enabled=row.is_enabled,
        tags=tag.load(row.tags),
        extra=extra.load(row.extra),
    )
