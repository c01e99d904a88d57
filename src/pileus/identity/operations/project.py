"""Making, changing and removing projects. They form a tree in each domain; a disabled one has nothing enabled below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pileus.identity.db import domain, project
from pileus.identity.model.errors import (
    BranchDisabled,
    ParentDisabled,
    ParentFixed,
    ParentForeign,
    ProjectHasChildren,
    ReferenceInvalid,
    SubtreeEnabled,
    TagNotFound,
    TooManyTags,
    TreeTooDeep,
)
from pileus.identity.model.resource import MAX_TAGS, MAX_TREE_DEPTH, Project
from pileus.identity.operations.change import Changes, changed, require_free, require_mutable
from pileus.kit.db import Transaction


def create(tx: Transaction, new: Project, max_depth: int = MAX_TREE_DEPTH) -> Project:
    """Add a project. Raises ReferenceInvalid, ParentForeign, BranchDisabled, TreeTooDeep, Duplicate."""
    home = domain.find_locked(tx, new.domain_id)  # which is not removed meanwhile
    if home is None:
        raise ReferenceInvalid(kind="domain", id=new.domain_id)
    if not home.is_enabled:
        raise BranchDisabled(id=new.domain_id)
    _require_parent(tx, new, max_depth)
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
    old = project.get_locked(tx, project_id)
    require_mutable("project", old, None)
    if project.list_projects(tx, parent_id=project_id):
        raise ProjectHasChildren(id=project_id)
    project.delete(tx, project_id)


def tag(tx: Transaction, project_id: str, tags: Iterable[str]) -> Project:
    """Replace a project's tags. Raises ResourceNotFound, Immutable."""
    old = project.get_locked(tx, project_id)
    require_mutable("project", old, {"tags": tags})
    new = replace(old, tags=tuple(tags))
    project.update(tx, new)
    return new


def add_tag(tx: Transaction, project_id: str, name: str) -> None:
    """Tag a project, if it is not tagged so yet. Raises ResourceNotFound, Immutable, TooManyTags."""
    tags = project.get_locked(tx, project_id).tags
    if name not in tags:
        if len(tags) >= MAX_TAGS:
            raise TooManyTags(maximum=MAX_TAGS)
        tag(tx, project_id, (*tags, name))


def remove_tag(tx: Transaction, project_id: str, name: str) -> None:
    """Take one tag off a project. Raises ResourceNotFound, TagNotFound, Immutable."""
    tags = project.get_locked(tx, project_id).tags
    if name not in tags:
        raise TagNotFound(tag=name)
    tag(tx, project_id, (each for each in tags if each != name))


def _require_parent(tx: Transaction, new: Project, max_depth: int) -> None:
    if new.parent_id == new.domain_id or new.parent_id is None:
        return
    parent = project.find_locked(tx, new.parent_id)
    if parent is None:
        if domain.find(tx, new.parent_id) is None:
            raise ReferenceInvalid(kind="project", id=new.parent_id)
        raise ParentForeign(domain_id=new.domain_id, parent_domain_id=new.parent_id)
    if parent.domain_id != new.domain_id:
        raise ParentForeign(domain_id=new.domain_id, parent_domain_id=parent.domain_id)
    branch = (parent, *project.list_ancestors(tx, parent))
    for each in branch:
        if not each.is_enabled:
            raise BranchDisabled(id=each.id)
    if len(branch) >= max_depth:
        raise TreeTooDeep(id=parent.id)
