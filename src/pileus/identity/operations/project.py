"""Making, changing and removing projects. They form a tree in each domain; a disabled one has nothing enabled below."""

from __future__ import annotations

from pileus.identity.db import domain, project
from pileus.identity.model.errors import (
    BranchDisabled,
    ParentDisabled,
    ParentFixed,
    ParentForeign,
    ProjectHasChildren,
    ReferenceInvalid,
    SubtreeEnabled,
)
from pileus.identity.model.resource import Project
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, changed, require_free, require_mutable
from pileus.kit.db import Transaction


def create(tx: Transaction, new: Project) -> Project:
    """Add a project. Raises ReferenceInvalid, ParentForeign, BranchDisabled, Duplicate."""
    if not domains.require(tx, new.domain_id).is_enabled:
        raise BranchDisabled(id=new.domain_id)
    _require_parent(tx, new)
    require_free("project", new.name, project.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    project.add(tx, new)
    return new


def update(tx: Transaction, project_id: str, changes: Changes) -> Project:
    """Change a project. Raises ResourceNotFound, Immutable, Fixed, ParentFixed, SubtreeEnabled, Duplicate."""
    old = project.get_locked(tx, project_id)
    require_mutable("project", old, changes)
    if changes.get("parent_id", old.parent_id) != old.parent_id:
        raise ParentFixed
    new = changed(old, changes)
    if new.name != old.name:
        require_free("project", new.name, project.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    if new.is_enabled and not old.is_enabled and not all(each.is_enabled for each in project.list_ancestors(tx, old)):
        raise ParentDisabled(id=project_id)
    if old.is_enabled and not new.is_enabled and any(each.is_enabled for each in project.list_descendants(tx, old)):
        raise SubtreeEnabled(id=project_id)
    project.update(tx, new)
    return new


def delete(tx: Transaction, project_id: str) -> None:
    """Remove a project and the roles on it. Raises ResourceNotFound, Immutable, ProjectHasChildren."""
    old = project.get(tx, project_id)
    require_mutable("project", old, None)
    if project.list_projects(tx, parent_id=project_id):
        raise ProjectHasChildren(id=project_id)
    project.delete(tx, project_id)


def _require_parent(tx: Transaction, new: Project) -> None:
    if new.parent_id == new.domain_id or new.parent_id is None:
        return
    parent = project.find(tx, new.parent_id)
    if parent is None:
        if domain.find(tx, new.parent_id) is None:
            raise ReferenceInvalid(kind="project", id=new.parent_id)
        raise ParentForeign(domain_id=new.domain_id, parent_domain_id=new.parent_id)
    if parent.domain_id != new.domain_id:
        raise ParentForeign(domain_id=new.domain_id, parent_domain_id=parent.domain_id)
    for each in (parent, *project.list_ancestors(tx, parent)):
        if not each.is_enabled:
            raise BranchDisabled(id=each.id)
