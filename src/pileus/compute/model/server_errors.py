"""What can be wrong about new servers, and about what belongs to servers."""

from __future__ import annotations

from pileus.compute.model.errors import BlockDeviceInvalid
from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound

# --- new servers ----------------------------------------------------------------------------------


class HostnameAmbiguous(Invalid):
    """Several servers cannot have one host name."""

    message = "Unable to allocate a single hostname to multiple instances"


class ComputeHostUnknown(Invalid):
    """A body names a host that there is not."""

    message = "Compute host {host} could not be found."


class SecurityGroupUnknown(Invalid):
    """A body names a security group, and there is no network service to know it."""

    message = "Security group {name} not found for project {project_id}."


class BootSequenceInvalid(BlockDeviceInvalid):
    """The boot indexes do not count up from 0."""

    message = (
        "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination "
        "is not valid."
    )


class TooManyLocalDisks(BlockDeviceInvalid):
    """A server may not have so many disks on its host."""

    message = "Block Device Mapping is Invalid: You specified more local devices than the limit allows"


class EphemeralTooLarge(BlockDeviceInvalid):
    """The disks ask for more than the flavor has."""

    message = (
        "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block device "
        "mapping, flavor ephemeral size will be used."
    )


class SwapTooLarge(BlockDeviceInvalid):
    """The swap disk asks for more than the flavor has."""

    message = "Swap drive requested is larger than instance type allows."


class PersonalityLimitExceeded(Forbidden):
    """A server may not get so many files."""

    message = "Personality file limit exceeded"


class PersonalityPathTooLong(Forbidden):
    """A file's path may not be so long."""

    message = "Personality file path exceeds maximum {allowed}"


class PersonalityContentTooLarge(Forbidden):
    """A file may not be so large."""

    message = "Personality file content exceeds maximum {allowed}"


# --- tags -----------------------------------------------------------------------------------------


class TagNotFound(NotFound):
    """The server does not have the tag."""

    message = "Server {server_id} has no tag '{tag}'"


class TagInvalid(Invalid):
    """No server can have such a tag."""

    message = (
        "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. "
        "Validation error message: {reason}"
    )


class TagLimitExceeded(Invalid):
    """The server has as many tags as it may have."""

    message = "The number of tags exceeded the per-server limit {allowed}"


# --- groups ---------------------------------------------------------------------------------------


class ServerGroupLimitExceeded(Forbidden):
    """The project has as many server groups as it may have."""

    message = "Quota exceeded, too many server groups."


class ServerGroupMemberLimitExceeded(Forbidden):
    """The user has as many servers in the group as he may have."""

    message = "Quota exceeded, too many servers in group"


class RulesRefused(Invalid):
    """The policy takes no rules."""

    message = "Only anti-affinity policy supports rules."


# --- zones ----------------------------------------------------------------------------------------


class PinnedZoneTaken(Conflict):
    """A server that is pinned to a zone cannot be pinned to another."""

    message = (
        "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null."
    )


class PinnedZoneElsewhere(Conflict):
    """A server can be pinned only to where it is."""

    message = "Server can only be pinned to its current availability zone '{zone}', but '{wanted}' was requested."


# --- records --------------------------------------------------------------------------------------


class LiveMigrationNotFound(NotFound):
    """No such live migration under way, or not of this server."""

    message = "In-progress live migration {migration_id} is not found for server {server_id}."


class MigrationNotLive(NotFound):
    """The migration is of another kind."""

    message = "Migration {migration_id} for server {server_id} is not live-migration."


class MigrationNotInProgress(NotFound):
    """The live migration has ended."""

    message = "Live migration {migration_id} for server {server_id} is not in progress."


class NetworkNotOfServer(NotFound):
    """The server has no address on that network."""

    message = "Instance is not a member of specified network"


class ConsoleTypeUnavailable(Invalid):
    """Nobody serves consoles of that type."""

    message = "Unavailable console type {console_type}."


class ConsoleTypeInvalid(Invalid):
    """The protocol has no consoles of that type."""

    message = "Invalid console type {console_type}"


class RescueImageUnsupported(Invalid):
    """No server can be rescued with that image: it does not exist, or has no data to boot from."""

    message = "Requested rescue image '{image_id}' is not supported"


class TokenNotFound(NotFound):
    """No console has that token, or no longer."""

    message = "Token not found"
