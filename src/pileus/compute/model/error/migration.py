"""Refusals about moving servers."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


class LiveMigrationNotFound(NotFound):
    """No such live migration under way, or not of this server."""

    message = "In-progress live migration {migration_id} is not found for server {server_id}."


class MigrationNotLive(NotFound):
    """The migration is of another kind."""

    message = "Migration {migration_id} for server {server_id} is not live-migration."


class MigrationNotInProgress(NotFound):
    """The live migration has ended."""

    message = "Live migration {migration_id} for server {server_id} is not in progress."


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


class HostStillUp(Invalid):
    """The host that a server shall be evacuated from lives."""

    message = "Compute service of {host} is still in use."


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
