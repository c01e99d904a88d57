"""Projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.tables import assignment, project
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import Project
from pileus.kit.db import Row, Transaction

_IS_PROJECT = project.c.is_domain.is_(False)
_LOCK = select(project.c.id).where(project.c.id == bindparam("which")).with_for_update()
_BY_ID = select(project).where(project.c.id == bindparam("which"), _IS_PROJECT)
_BY_NAME = select(project).where(
    project.c.name == bindparam("which"), project.c.domain_id == bindparam("domain"), _IS_PROJECT
)


def get(tx: Transaction, project_id: str) -> Project:
    """Return a project. Raises ResourceNotFound."""
    found = find(tx, project_id)
    if found is None:
        raise ResourceNotFound(kind="project", id=project_id)
    return found


def find(tx: Transaction, project_id: str) -> Project | None:
    """Return a project, or None."""
    row = tx.first(_BY_ID, {"which": project_id})
    return None if row is None else _project(row)


def find_by_name(tx: Transaction, name: str, domain_id: str) -> Project | None:
    """Return the project of a name in a domain, or None."""
    row = tx.first(_BY_NAME, {"which": name, "domain": domain_id})
    return None if row is None else _project(row)


def get_locked(tx: Transaction, project_id: str) -> Project:
    """Return a project that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.execute(_LOCK, {"which": project_id})
    return get(tx, project_id)


def list_projects(
    tx: Transaction,
    *,
    domain_id: str | None = None,
    name: str | None = None,
    parent_id: str | None = None,
    is_enabled: bool | None = None,
    user_id: str | None = None,
) -> Sequence[Project]:
    """Return projects by name; with `user_id` only those on which the user has a role."""
    statement = select(project).where(_IS_PROJECT).order_by(project.c.name, project.c.id)
    for column, wanted in (
        (project.c.domain_id, domain_id),
        (project.c.name, name),
        (project.c.parent_id, parent_id),
        (project.c.is_enabled, is_enabled),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if user_id is not None:
        of_user = select(assignment.c.target_id).where(
            assignment.c.user_id == user_id, assignment.c.target_kind == TargetKind.PROJECT
        )
        statement = statement.where(project.c.id.in_(of_user))
    return [_project(row) for row in tx.all(statement)]


def list_ancestors(tx: Transaction, row: Project) -> Sequence[Project]:
    """Return the projects that a project lies within, the nearest first."""
    found: list[Project] = []
    while row.parent_id is not None and (parent := find(tx, row.parent_id)) is not None:
        found.append(parent)
        row = parent
    return found


def list_descendants(tx: Transaction, row: Project) -> Sequence[Project]:
    """Return the projects that lie within a project, each before those within it."""
    found: list[Project] = []
    for child in list_projects(tx, parent_id=row.id):
        found += [child, *list_descendants(tx, child)]
    return found


def add(tx: Transaction, new: Project) -> None:
    """Write a new project."""
    tx.execute(
        project.insert(),
        {"id": new.id, "is_domain": False, "domain_id": new.domain_id, "parent_id": new.parent_id, **_values(new)},
    )


def update(tx: Transaction, changed: Project) -> None:
    """Write a project's new values."""
    tx.execute(project.update().where(project.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, project_id: str) -> None:
    """Remove a project and the roles on it."""
    tx.execute(
        assignment.delete().where(assignment.c.target_kind == TargetKind.PROJECT, assignment.c.target_id == project_id)
    )
    tx.execute(project.delete().where(project.c.id == project_id, _IS_PROJECT))


def _values(new: Project) -> dict[str, Any]:
    return {
        "name": new.name,
        "is_enabled": new.is_enabled,
        "description": new.description,
        "extra": extra.dump(new.extra),
    }


def _project(row: Row) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        domain_id=row.domain_id,
        parent_id=row.parent_id,
        description=row.description,
        is_enabled=row.is_enabled,
        extra=extra.load(row.extra),
    )
