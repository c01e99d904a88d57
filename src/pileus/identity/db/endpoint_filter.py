"""Which endpoints a project was given: one by one, or by groups."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, literal, null, select

from pileus.identity.db.tables import endpoint_group, project_endpoint, project_endpoint_group
from pileus.identity.model.catalog import EndpointGroup, Given
from pileus.identity.model.catalog_errors import EndpointAbsent, EndpointGroupAbsent
from pileus.identity.model.errors import ResourceNotFound
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_GROUP = select(endpoint_group).where(endpoint_group.c.id == bindparam("which"))
_OF_PROJECT = (
    select(project_endpoint.c.endpoint_id, null().label("filters"))
    .where(project_endpoint.c.project_id == bindparam("project"))
    .union_all(
        select(null(), endpoint_group.c.filters)
        .join(project_endpoint_group, project_endpoint_group.c.endpoint_group_id == endpoint_group.c.id)
        .where(project_endpoint_group.c.project_id == bindparam("project"))
    )
)

# --- groups ---------------------------------------------------------------------------------------


def get_group(tx: Transaction, group_id: str) -> EndpointGroup:
    """Return an endpoint group. Raises ResourceNotFound."""
    row = tx.first(_GROUP, {"which": group_id})
    if row is None:
        raise ResourceNotFound(kind="Endpoint Group", id=group_id)
    return _group(row)


def get_group_locked(tx: Transaction, group_id: str) -> EndpointGroup:
    """Return an endpoint group that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(endpoint_group.c.id, group_id)
    return get_group(tx, group_id)


def list_groups(tx: Transaction, *, name: str | None = None) -> Sequence[EndpointGroup]:
    """Return endpoint groups by name."""
    statement = select(endpoint_group).order_by(endpoint_group.c.name, endpoint_group.c.id)
    if name is not None:
        statement = statement.where(endpoint_group.c.name == name)
    return [_group(row) for row in tx.all(statement)]


def list_groups_of_project(tx: Transaction, project_id: str) -> Sequence[EndpointGroup]:
    """Return the endpoint groups that a project was given."""
    statement = (
        select(endpoint_group)
        .join(project_endpoint_group, project_endpoint_group.c.endpoint_group_id == endpoint_group.c.id)
        .where(project_endpoint_group.c.project_id == project_id)
        .order_by(endpoint_group.c.name, endpoint_group.c.id)
    )
    return [_group(row) for row in tx.all(statement)]


def add_group(tx: Transaction, new: EndpointGroup) -> None:
    """Write a new endpoint group."""
    tx.execute(endpoint_group.insert(), {"id": new.id, **_values(new)})


def update_group(tx: Transaction, changed: EndpointGroup) -> None:
    """Write an endpoint group's new values."""
    tx.execute(endpoint_group.update().where(endpoint_group.c.id == changed.id).values(**_values(changed)))


def delete_group(tx: Transaction, group_id: str) -> None:
    """Remove an endpoint group; no project has it then."""
    tx.execute(endpoint_group.delete().where(endpoint_group.c.id == group_id))


# --- what a project was given -----------------------------------------------------------------------


def get_given(tx: Transaction, project_id: str) -> Given:
    """Return which endpoints a project was given."""
    rows = tx.tuples(_OF_PROJECT, {"project": project_id})
    return Given(
        endpoint_ids=frozenset(endpoint_id for endpoint_id, filters in rows if filters is None),
        groups=tuple(_filters(filters) for _, filters in rows if filters is not None),
    )


def list_projects_with(tx: Transaction, endpoint_id: str) -> Sequence[str]:
    """Return the ids of the projects that were given an endpoint, but for those that have it by a group."""
    statement = select(project_endpoint.c.project_id).where(project_endpoint.c.endpoint_id == endpoint_id)
    return [row.project_id for row in tx.all(statement)]


def list_projects_with_group(tx: Transaction, group_id: str) -> Sequence[str]:
    """Return the ids of the projects that were given an endpoint group."""
    statement = select(project_endpoint_group.c.project_id).where(
        project_endpoint_group.c.endpoint_group_id == group_id
    )
    return [row.project_id for row in tx.all(statement)]


def give(tx: Transaction, project_id: str, endpoint_id: str) -> bool:
    """Give a project an endpoint; tell whether it did not have it."""
    return insert_if_absent(tx, project_endpoint, {"project_id": project_id, "endpoint_id": endpoint_id})


def give_group(tx: Transaction, project_id: str, group_id: str) -> bool:
    """Give a project an endpoint group; tell whether it did not have it."""
    return insert_if_absent(tx, project_endpoint_group, {"project_id": project_id, "endpoint_group_id": group_id})


def require_given(tx: Transaction, project_id: str, endpoint_id: str) -> None:
    """Make sure that a project was given an endpoint. Raises EndpointAbsent."""
    here = (project_endpoint.c.project_id == project_id, project_endpoint.c.endpoint_id == endpoint_id)
    if tx.first(select(literal(1)).where(*here)) is None:
        raise EndpointAbsent(project_id=project_id, endpoint_id=endpoint_id)


def require_group_given(tx: Transaction, project_id: str, group_id: str) -> None:
    """Make sure that a project was given an endpoint group. Raises EndpointGroupAbsent."""
    of_project = project_endpoint_group.c.project_id == project_id
    if tx.first(select(literal(1)).where(of_project, project_endpoint_group.c.endpoint_group_id == group_id)) is None:
        raise EndpointGroupAbsent


def take(tx: Transaction, project_id: str, endpoint_id: str) -> None:
    """Take an endpoint from a project. Raises EndpointAbsent."""
    here = (project_endpoint.c.project_id == project_id, project_endpoint.c.endpoint_id == endpoint_id)
    if not tx.changed(project_endpoint.delete().where(*here)):
        raise EndpointAbsent(project_id=project_id, endpoint_id=endpoint_id)


def take_group(tx: Transaction, project_id: str, group_id: str) -> None:
    """Take an endpoint group from a project. Raises EndpointGroupAbsent."""
    of_project = project_endpoint_group.c.project_id == project_id
    if not tx.changed(
        project_endpoint_group.delete().where(of_project, project_endpoint_group.c.endpoint_group_id == group_id)
    ):
        raise EndpointGroupAbsent


def _values(new: EndpointGroup) -> dict[str, str | None]:
    return {
        "name": new.name,
        "description": new.description,
        "filters": msgspec.json.encode(new.filters).decode(),
    }


def _filters(text: str) -> dict[str, str | None]:
    return msgspec.json.decode(text, type=dict[str, str | None])


def _group(row: Row) -> EndpointGroup:
    return EndpointGroup(id=row.id, name=row.name, description=row.description, filters=_filters(row.filters))
