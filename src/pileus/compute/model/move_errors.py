"""What can be wrong with actions that move servers, or make them of something else."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound


class SameFlavor(Invalid):
    """A resize names the size that the server has."""

    message = "When resizing, instances must change flavor!"


class DiskNotResizable(Invalid):
    """The disk cannot be as the new size has it."""

    message = "Server disk was unable to be resized because: {reason}"


class SameHost(Invalid):
    """A migration names the host that the server is on."""

    message = "Cannot migrate to the host where the server exists."


class LiveMigrationToSelf(Invalid):
    """A live migration names the host that the server is on."""

    message = "Unable to migrate instance ({server_id}) to current host ({host})."


class ForceWithoutHost(Invalid):
    """What is forced needs a host to be forced to."""

    message = "Can't force to a non-provided destination"


class HostNotFound(NotFound):
    """An evacuation names a host that there is not."""

    message = "Compute host {host} not found."


class HostStillUp(Invalid):
    """The host that a server shall be evacuated from lives."""

    message = "Compute service of {host} is still in use."


class HostDown(Conflict):
    """The server's host was not heard of lately, and it must be there."""

    message = "Service is unavailable at this time."


class MigrationNotFound(NotFound):
    """No such migration."""

    message = "Migration {migration_id} could not be found."


class MigrationNotOfServer(NotFound):
    """The server has no such migration."""

    message = "Migration {migration_id} not found for instance {server_id}"


class MigrationUnknown(Invalid):
    """The server has no such migration, where that is the body's fault."""

    message = "Migration {migration_id} not found for instance {server_id}"


class MigrationStateInvalid(Invalid):
    """The migration is not where it could be aborted, or forced to complete."""

    message = (
        "Migration {migration_id} state of instance {server_id} is {state}. Cannot {method} while the migration is in "
        "this state."
    )


class MigrationToEndMissing(Invalid):
    """Nothing waits to be confirmed or reverted."""

    message = "Instance has not been resized."


class ShelvedHere(Conflict):
    """A server that is still on its host is not unshelved to another zone or host."""

    message = (
        'Specifying an availability zone or a host when unshelving server "{server_id}" with status "{state}" is not '
        "supported. The server status must be SHELVED_OFFLOADED."
    )


class HostNotInZone(Conflict):
    """A server is unshelved to a host that is not in the zone that it is pinned to."""

    message = 'Host "{host}" is not in the availability zone "{zone}".'


class PasswordNotSet(Conflict):
    """The guest has not taken its administrator's password."""

    message = "Failed to set admin password on {server_id} because {reason}"


class GuestRefused(Conflict):
    """The guest's host could not do it."""

    message = "{reason}"
