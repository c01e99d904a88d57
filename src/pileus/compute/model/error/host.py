"""Refusals about hosts, their hypervisors and their zones."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound


class AvailabilityZoneUnknown(Invalid):
    """A body names an availability zone that no host is in."""

    message = "The requested availability zone is not available"


class HypervisorNotFound(NotFound):
    """No host has such a hypervisor."""

    message = "Compute host {hypervisor_id} could not be found."


class ComputeHostDown(Invalid):
    """The host was not heard of lately."""

    message = "Compute service of {host} is unavailable at this time."


class ComputeHostNotFound(NotFound):
    """No such host."""

    message = "Compute host {host} could not be found."


class ComputeHostUnknown(Invalid):
    """A body names a host that there is not."""

    message = "Compute host {host} could not be found."


class PinnedZoneTaken(Conflict):
    """A server that is pinned to a zone cannot be pinned to another."""

    message = (
        "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null."
    )


class PinnedZoneElsewhere(Conflict):
    """A server can be pinned only to where it is."""

    message = "Server can only be pinned to its current availability zone '{zone}', but '{wanted}' was requested."


class HostNotFound(NotFound):
    """An evacuation names a host that there is not."""

    message = "Compute host {host} not found."


class HostDown(Conflict):
    """The server's host was not heard of lately, and it must be there."""

    message = "Service is unavailable at this time."


class HostNotInZone(Conflict):
    """A server is unshelved to a host that is not in the zone that it is pinned to."""

    message = 'Host "{host}" is not in the availability zone "{zone}".'
