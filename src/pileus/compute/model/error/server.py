"""Refusals about servers, and about what users say of them."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound


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


class MetadataLimitExceeded(Forbidden):
    """A server may not have so many metadata items."""

    message = "Maximum number of metadata items exceeds {allowed}"


class HostnameAmbiguous(Invalid):
    """Several servers cannot have one host name."""

    message = "Unable to allocate a single hostname to multiple instances"


class PersonalityLimitExceeded(Forbidden):
    """A server may not get so many files."""

    message = "Personality file limit exceeded"


class PersonalityPathTooLong(Forbidden):
    """A file's path may not be so long."""

    message = "Personality file path exceeds maximum {allowed}"


class PersonalityContentTooLarge(Forbidden):
    """A file may not be so large."""

    message = "Personality file content exceeds maximum {allowed}"


class RescueImageUnsupported(Invalid):
    """No server can be rescued with that image: it does not exist, or has no data to boot from."""

    message = "Requested rescue image '{image_id}' is not supported"


class ShelvedHere(Conflict):
    """A server that is still on its host is not unshelved to another zone or host."""

    message = (
        'Specifying an availability zone or a host when unshelving server "{server_id}" with status "{state}" is not '
        "supported. The server status must be SHELVED_OFFLOADED."
    )


class PasswordNotSet(Conflict):
    """The guest has not taken its administrator's password."""

    message = "Failed to set admin password on {server_id} because {reason}"


class GuestRefused(Conflict):
    """The guest's host could not do it."""

    message = "{reason}"
