"""Refusals about flavors."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound


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
