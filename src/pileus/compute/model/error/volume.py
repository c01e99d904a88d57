"""Refusals about volumes and shares."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


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
