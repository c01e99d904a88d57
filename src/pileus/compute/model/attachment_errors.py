"""What can be wrong about interfaces, volumes and shares of servers. There are no services that have them."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


class PortNotFound(NotFound):
    """No such port: there is no network service to know it."""

    message = "Port id {port_id} could not be found."


class NetworkNotFound(NotFound):
    """No such network: there is no network service to know it."""

    message = "Network {network_id} could not be found."


class NoNetworkAvailable(Invalid):
    """An interface is asked for on whatever network there is, and there is none."""

    message = "No specific network was requested and none are available for project '{project_id}'."


class VolumeNotFound(NotFound):
    """No such volume: there is no volume service to know it."""

    message = "Volume {volume_id} could not be found."


class VolumeNotAttached(NotFound):
    """The server does not have the volume."""

    message = "Instance {server_id} is not attached to volume {volume_id}"


class VolumeOfNobody(Invalid):
    """No server has the volume."""

    message = "No volume Block Device Mapping with id {volume_id}."


class ShareNotFound(NotFound):
    """No such share: there is no service of shared filesystems to know it."""

    message = "Share {share_id} could not be found."
