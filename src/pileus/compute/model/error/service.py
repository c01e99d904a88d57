"""Refusals about services on hosts."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound


class ServiceNotFound(NotFound):
    """No such service."""

    message = "Service {service_id} not found."


class HostBinaryNotFound(NotFound):
    """The host does not run such a service."""

    message = "Could not find binary {binary} on host {host}."


class ServiceInUse(Conflict):
    """The service's host still has servers."""

    message = "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."


class ServiceNotUpdatable(Invalid):
    """Only compute services can be changed."""

    message = "Updating a {binary} service is not supported. Only nova-compute services can be updated."


class ServiceMigrating(Conflict):
    """Servers are on their way to or from the host."""

    message = (
        "Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the "
        "instances first."
    )
