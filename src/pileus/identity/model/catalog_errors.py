"""What can be wrong with the catalog: regions, endpoints and who sees them, policies for them, and limits."""

from __future__ import annotations

from pileus.identity.model.errors import MALFORMED
from pileus.kit.errors import Forbidden, Invalid, NotFound


class RegionUnknown(Invalid):
    """An endpoint names a region that does not exist."""

    message = f"Expecting to find endpoint region_id in region table. {MALFORMED}"


class RegionCircular(Invalid):
    """A region would lie within itself."""

    message = "The specified parent region {id} would create a circular region hierarchy."


class UrlInvalid(Invalid):
    """An endpoint's URL holds a place that nothing fills."""

    message = "Cannot create an endpoint with an invalid URL: {url}."


class RegionInUse(Forbidden):
    """Endpoints are in a region, or in one that lies within it."""

    message = "Unable to delete region {id} because it or its child regions have associated endpoints."


class EndpointAbsent(NotFound):
    """An endpoint is not among those that a project was given."""

    message = "Endpoint {endpoint_id} not found in project {project_id}"


class EndpointGroupAbsent(NotFound):
    """An endpoint group is not among those that a project was given."""

    message = "Endpoint Group Project Association not found"


class PolicyAssociationNotFound(NotFound):
    """A policy is not for that endpoint, service or region."""

    message = "Could not find policy association."


class EndpointWithoutPolicy(NotFound):
    """No policy is for an endpoint, its service or its region."""

    message = "No policy is associated with endpoint {endpoint_id}."


class FiltersMissing(Invalid):
    """An endpoint group without filters would be all endpoints."""

    message = "filters field is required and cannot be empty"


class LimitNotFound(NotFound):
    """A limit, or a registered one, does not exist."""

    message = "Could not find {kind} for {id}."


class LimitUnregistered(Forbidden):
    """A limit is of a resource that nobody has registered."""

    message = "Unable to create a limit that has no corresponding registered limit."


class LimitInvalid(Forbidden):
    """A project would be allowed more than its domain."""

    message = (
        "Invalid resource limit: The resource limit ({level}: {id}, resource_name: {resource_name},"
        " resource_limit: {resource_limit}, service_id: {service_id}, region_id: {region_id})"
        " doesn't satisfy current hierarchy model."
    )


class RegisteredLimitInUse(Forbidden):
    """Limits of projects or domains depend on a registered one."""

    message = "Unable to update or delete registered limit {id} because there are project limits associated with it."
