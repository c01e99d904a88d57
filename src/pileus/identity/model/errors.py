"""What can be wrong, in identity's own words."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated

_MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)


class ResourceNotFound(NotFound):
    """The thing named in the URL does not exist."""

    message = "Could not find {kind}: {id}."


class AssignmentNotFound(NotFound):
    """A user has not been given that role there."""

    message = (
        "Could not find role assignment with role: {role_id}, user or group: {user_id},"
        " project, domain, or system: {target_id}."
    )


class TokenNotFound(NotFound):
    """The subject token is unknown, expired or revoked."""

    message = "Could not find token."


class SubjectMissing(NotFound):
    """The request is about a token and does not say which."""

    message = "No token in the request"


class MarkerNotFound(NotFound):
    """A page shall begin after something that is not in the list."""

    message = "Marker {marker} could not be found."


class ReferenceInvalid(Invalid):
    """A thing named in the body does not exist."""

    message = "Could not find {kind}: {id}."


class RegionUnknown(Invalid):
    """An endpoint names a region that does not exist."""

    message = f"Expecting to find endpoint region_id in region table. {_MALFORMED}"


class RegionCircular(Invalid):
    """A region would lie within itself."""

    message = "The specified parent region {id} would create a circular region hierarchy."


class UrlInvalid(Invalid):
    """An endpoint's URL holds a place that nothing fills."""

    message = "Cannot create an endpoint with an invalid URL: {url}."


class Fixed(Invalid):
    """Something that never changes was to be changed."""

    message = "Cannot change {what}"


class ParentForeign(Invalid):
    """A project and the one that it lies within must be in one domain."""

    message = (
        "Cannot create project, since it specifies its domain_id {domain_id},"
        " but specifies a parent in a different domain ({parent_domain_id})."
    )


class BranchDisabled(Invalid):
    """Nothing is made within what is disabled."""

    message = "cannot create a project in a branch containing a disabled project: {id}"


class DefaultProjectInvalid(Invalid):
    """A domain cannot be a user's default project."""

    message = "User's default project ID cannot be a domain ID: {id}"


class SystemRoleInvalid(Invalid):
    """A domain's own role means nothing for the system."""

    message = "Role {id} is a domain-specific role. Unable to use a domain-specific role in a system assignment."


class Duplicate(Conflict):
    """A name is taken."""

    message = "Conflict occurred attempting to store {kind} - Duplicate entry found with name {name}{where}."


class Refused(Unauthenticated):
    """A login failed. Whoever it was learns no more; the log tells why."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class ScopeForbidden(Forbidden):
    """The method of authentication may not be used for this."""


class DomainEnabled(Forbidden):
    """A domain must be disabled before it is deleted."""

    message = "Cannot delete a domain that is enabled, please disable it first."


class ProjectHasChildren(Forbidden):
    """Projects lie within the one that was to go."""

    message = "Cannot delete the project {id} since it is not a leaf in the hierarchy."


class SubtreeEnabled(Forbidden):
    """Projects within the one that was to be disabled are enabled."""

    message = "Cannot disable project {id} since its subtree contains enabled projects."


class ParentDisabled(Forbidden):
    """A project cannot be enabled within a disabled one."""

    message = "Cannot enable project {id} since it has disabled parents"


class ParentFixed(Forbidden):
    """A project stays where it is."""

    message = "Update of `parent_id` is not allowed."


class RoleForeign(Forbidden):
    """A domain's own role is given only within that domain."""

    message = "{kind} {id} must be in the same domain as the role {role_id} being assigned."


class Immutable(Forbidden):
    """An operator has marked it so that nobody changes or removes it by mistake."""

    message = 'Unable to {verb} immutable {kind} resource: `{id}`. Set resource option "immutable" to false first.'


class RegionInUse(Forbidden):
    """Endpoints are in a region, or in one that lies within it."""

    message = "Unable to delete region {id} because it or its child regions have associated endpoints."


class RequiredField(Invalid):
    """A query or body lacks something."""

    message = f"Expecting to find {{what}} in {{where}}. {_MALFORMED}"


class NameOrIdMissing(Invalid):
    """Something is to be found by neither name nor id."""

    message = "Invalid input for field {where}: id or name must be present."
