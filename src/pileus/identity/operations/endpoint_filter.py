"""Giving projects endpoints of their own, one by one or by groups."""

from __future__ import annotations

from dataclasses import replace

from pileus.identity.db import catalog, endpoint_filter, project
from pileus.identity.model.catalog import EndpointGroup
from pileus.identity.model.errors import EntryTaken, Fixed
from pileus.identity.operations.change import Changes
from pileus.kit.db import Transaction


def create_group(tx: Transaction, new: EndpointGroup) -> EndpointGroup:
    """Add an endpoint group."""
    endpoint_filter.add_group(tx, new)
    return new


def update_group(tx: Transaction, group_id: str, changes: Changes) -> EndpointGroup:
    """Change an endpoint group; new filters take the place of all old ones. Raises ResourceNotFound, Fixed."""
    if changes.get("id", group_id) != group_id:
        raise Fixed(what="ID")
    new = replace(endpoint_filter.get_group_locked(tx, group_id), **changes)
    endpoint_filter.update_group(tx, new)
    return new


def delete_group(tx: Transaction, group_id: str) -> None:
    """Remove an endpoint group. Raises ResourceNotFound."""
    endpoint_filter.get_group(tx, group_id)
    endpoint_filter.delete_group(tx, group_id)


def give(tx: Transaction, project_id: str, endpoint_id: str) -> None:
    """Give a project an endpoint. Raises ResourceNotFound, EntryTaken."""
    catalog.get_endpoint(tx, endpoint_id)
    project.get(tx, project_id)
    if not endpoint_filter.give(tx, project_id, endpoint_id):
        raise EntryTaken(kind="project_endpoint")


def take(tx: Transaction, project_id: str, endpoint_id: str) -> None:
    """Take an endpoint from a project. Raises EndpointAbsent."""
    endpoint_filter.take(tx, project_id, endpoint_id)


def give_group(tx: Transaction, project_id: str, group_id: str) -> None:
    """Give a project an endpoint group. Raises ResourceNotFound, EntryTaken."""
    project.get(tx, project_id)
    endpoint_filter.get_group(tx, group_id)
    if not endpoint_filter.give_group(tx, project_id, group_id):
        raise EntryTaken(kind="project_endpoint_group")


def take_group(tx: Transaction, project_id: str, group_id: str) -> None:
    """Take an endpoint group from a project. Raises ResourceNotFound, EndpointGroupAbsent."""
    project.get(tx, project_id)
    endpoint_filter.get_group(tx, group_id)
    endpoint_filter.take_group(tx, project_id, group_id)
