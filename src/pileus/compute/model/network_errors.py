"""What a cloud without a network service answers to who asks for parts of one."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


class NoFixedAddressLeft(Invalid):
    """The network has no address to give."""

    message = "No fixed IP addresses available for network: {network}"


class FixedAddressNotOfServer(Invalid):
    """The server does not have that address."""

    message = "Fixed IP not found for instance {server_id}."


class FloatingAddressNotFound(NotFound):
    """There is no such floating address."""

    message = "floating IP not found for address {address}"


class SecurityGroupNotFound(NotFound):
    """There is no such security group."""

    message = "Security group {name} not found for project {project_id}"
