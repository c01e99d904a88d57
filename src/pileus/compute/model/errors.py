"""Compute's facts: what can be wrong, in the sentences that clients know."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound

# --- servers --------------------------------------------------------------------------------------


class InstanceNotFound(NotFound):
    """No such server, or none that the caller may know of."""

    message = "Instance {server_id} could not be found."


class InstanceInvalidState(Conflict):
    """The server's state does not allow the action now; `attribute` is vm_state or task_state."""

    message = "Cannot '{action}' instance {server_id} while it is in {attribute} {state}"


class InstanceNeverActive(Conflict):
    """The action needs a server that has run once."""

    message = "Cannot '{action}' instance {server_id} while it has never been active"


class InstanceLocked(Conflict):
    """The server is locked against everybody but administrators."""

    message = "Instance {server_id} is locked"


class InstanceNotReady(Conflict):
    """The server is on no host, or its host cannot answer for it."""

    message = "Instance {server_id} is not ready"


class InstanceActionNotFound(NotFound):
    """The server has no action of that request."""

    message = "Action {request_id} not found"


class MetadataItemNotFound(NotFound):
    """The server's metadata has no such key."""

    message = "Metadata item was not found"


class MarkerNotFound(Invalid):
    """The page is asked for after something that is not there."""

    message = "marker [{marker}] not found"


class ImageNotFound(Invalid):
    """A body names an image that does not exist."""

    message = "Can not find requested image"


class ImageNotActive(Invalid):
    """The image has no data that could be booted from."""

    message = "Image {image_id} is not active."


class FlavorMemoryTooSmall(Invalid):
    """The image needs more memory than the flavor has."""

    message = "Flavor's memory is too small for requested image."


class FlavorDiskTooSmall(Invalid):
    """The image does not fit on the flavor's root disk."""

    message = (
        "Flavor's disk is too small for requested image. "
        "Flavor disk is {flavor_bytes} bytes, image is {image_bytes} bytes."
    )


class ZeroDiskRefused(Forbidden):
    """The flavor leaves it to the image how large the root disk is, and the caller may not take such a flavor."""

    message = "Only volume-backed servers are allowed for flavors with zero disk."


class FlavorDiskSmallerThanMinDisk(Invalid):
    """The image asks for a larger root disk than the flavor has."""

    message = (
        "Flavor's disk is smaller than the minimum size specified in image metadata. "
        "Flavor disk is {flavor_bytes} bytes, minimum size is {image_bytes} bytes."
    )


class KeyPairUnknown(Invalid):
    """A body names a key pair that the caller does not have."""

    message = "Invalid key_name provided."


class NetworkUnknown(Invalid):
    """A body names a network, and there is no network service to know it."""

    message = "Network {network_id} could not be found."


class PortUnknown(Invalid):
    """A body names a port, and there is no network service to know it."""

    message = "Port id {port_id} could not be found."


class BlockDeviceInvalid(Invalid):
    """The block device mapping asks for a volume, and there is no volume service."""

    message = "Block Device Mapping is Invalid: {reason}"


class ServerGroupNotFound(NotFound):
    """No such server group, or none that the caller may know of."""

    message = "Instance group {group_id} could not be found."


class ServerGroupUnknown(Invalid):
    """A scheduler hint names a server group that does not exist."""

    message = "Instance group {group_id} could not be found."


class AvailabilityZoneUnknown(Invalid):
    """A body names an availability zone that no host is in."""

    message = "The requested availability zone is not available"


# --- quotas ---------------------------------------------------------------------------------------


class QuotaExceeded(Forbidden):
    """The project's quota does not allow so much more."""

    message = "Quota exceeded for {resource}: Requested {requested}, but already used {used} of {limit} {resource}"


class QuotaBelowUse(Invalid):
    """A project uses more already than the new quota would allow."""

    message = "Quota limit {maximum} for {resource} must be greater than or equal to already used and reserved {used}."


class QuotaAboveProject(Invalid):
    """A user would be let use more than his project, beside what its other users were given."""

    message = "Quota limit {maximum} for {resource} must be less than or equal to {most}."


class MetadataLimitExceeded(Forbidden):
    """A server may not have so many metadata items."""

    message = "Maximum number of metadata items exceeds {allowed}"


class KeyPairLimitExceeded(Forbidden):
    """The user has as many key pairs as he may have."""

    message = "Quota exceeded, too many key pairs."


# --- flavors --------------------------------------------------------------------------------------


class FlavorNotFound(NotFound):
    """No such flavor, or none that the caller's project may use."""

    message = "Flavor {flavor_id} could not be found."


class FlavorUnknown(Invalid):
    """A body names a flavor that does not exist."""

    message = "Flavor {flavor_id} could not be found."


class FlavorExists(Conflict):
    """Another flavor has the name."""

    message = "Flavor with name {name} already exists."


class FlavorIdExists(Conflict):
    """Another flavor has the id."""

    message = "Flavor with ID {flavor_id} already exists."


class FlavorExtraSpecNotFound(NotFound):
    """The flavor has no such extra spec."""

    message = "Flavor {flavor_id} has no extra specs with key {key}."


class FlavorIsPublic(Conflict):
    """Everybody has access already."""

    message = "Can not add access to a public flavor."


class FlavorAccessExists(Conflict):
    """The project may use the flavor already."""

    message = "Flavor access already exists for flavor {flavor_id} and project {project_id} combination."


class FlavorAccessNotFound(NotFound):
    """The project had no access of its own to the flavor."""

    message = "Flavor access not found for {flavor_id} / {project_id} combination."


# --- key pairs ------------------------------------------------------------------------------------


class KeyPairNotFound(NotFound):
    """The user has no such key pair."""

    message = "Keypair {name} not found for user {user_id}"


class KeyPairExists(Conflict):
    """The user has a key pair of that name."""

    message = "Key pair '{name}' already exists."


class KeyPairInvalid(Invalid):
    """The name or the public key is no good."""

    message = "Keypair data is invalid: {reason}"


# --- projects -------------------------------------------------------------------------------------


class ProjectInvalid(Invalid):
    """The identity service has no such project."""

    message = "Project ID {project_id} is not a valid project."


# --- hosts ----------------------------------------------------------------------------------------


class HypervisorNotFound(NotFound):
    """No host has such a hypervisor."""

    message = "Compute host {hypervisor_id} could not be found."


class ServiceNotFound(NotFound):
    """No such service."""

    message = "Service {service_id} not found."


class HostBinaryNotFound(NotFound):
    """The host does not run such a service."""

    message = "Could not find binary {binary} on host {host}."


class ServiceInUse(Conflict):
    """The service's host still has servers."""

    message = "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."


# --- aggregates -----------------------------------------------------------------------------------


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


class ComputeHostDown(Invalid):
    """The host was not heard of lately."""

    message = "Compute service of {host} is unavailable at this time."


class ServiceNotUpdatable(Invalid):
    """Only compute services can be changed."""

    message = "Updating a {binary} service is not supported. Only nova-compute services can be updated."


class ServiceMigrating(Conflict):
    """Servers are on their way to or from the host."""

    message = (
        "Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the "
        "instances first."
    )


class ComputeHostNotFound(NotFound):
    """No such host."""

    message = "Compute host {host} could not be found."
