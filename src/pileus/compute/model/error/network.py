"""Refusals about networks, ports, addresses and security groups."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


class NetworkUnknown(Invalid):
    """A body names a network, and there is no network service to know it."""

    message = "Network {network_id} could not be found."


class PortUnknown(Invalid):
    """A body names a port, and there is no network service to know it."""

    message = "Port id {port_id} could not be found."


class SecurityGroupUnknown(Invalid):
    """A body names a security group, and there is no network service to know it."""

    message = "Security group {name} not found for project {project_id}."


class NetworkNotOfServer(NotFound):
    """The server has no address on that network."""

    message = "Instance is not a member of specified network"


class PortNotFound(NotFound):
    """No such port: there is no network service to know it."""

    message = "Port id {port_id} could not be found."


class NetworkNotFound(NotFound):
    """No such network: there is no network service to know it."""

    message = "Network {network_id} could not be found."


class NoNetworkAvailable(Invalid):
    """An interface is asked for on whatever network there is, and there is none."""

    message = "No specific network was requested and none are available for project '{project_id}'."


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
