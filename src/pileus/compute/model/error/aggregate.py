"""Refusals about aggregates."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound


class AggregateNotFound(NotFound):
    """No such aggregate."""

    message = "Aggregate {aggregate_id} could not be found."


class AggregateNameExists(Conflict):
    """Another aggregate has the name."""

    message = "Aggregate {name} already exists."


class AggregateHostExists(Conflict):
    """The host is in the aggregate already."""

    message = "Aggregate {aggregate_id} already has host {host}."


class AggregateHostNotFound(NotFound):
    """The aggregate has no such host."""

    message = "Cannot remove host {host} in aggregate {aggregate_id}"


class AggregateHostRefused(Conflict):
    """A host may not be put into the aggregate, or taken out of it."""

    message = "Cannot {action} aggregate {aggregate_id}. Reason: {reason}."


class AggregateChangeRefused(Invalid):
    """The aggregate may not have the zone that was asked for."""

    message = "Cannot {action} aggregate {aggregate_id}. Reason: {reason}."


class AggregateInUse(Invalid):
    """An aggregate with hosts cannot be deleted."""

    message = "Cannot remove host from aggregate {aggregate_id}. Reason: Host aggregate is not empty."
