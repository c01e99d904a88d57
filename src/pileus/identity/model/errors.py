"""What can be wrong with resources, in identity's own words; other areas have modules beside this one."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound

MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)


class ResourceNotFound(NotFound):
    """The thing named in the URL does not exist."""

    message = "Could not find {kind}: {id}."


class AssignmentNotFound(NotFound):
    """A user or group has not been given that role there."""

    message = (
        "Could not find role assignment with role: {role_id}, user or group: {actor_id},"
        " project, domain, or system: {target_id}."
    )


class ImplicationNotFound(NotFound):
    """A role does not imply another."""

    message = "{prior_role_id} does not imply {implied_role_id}."


class TagNotFound(NotFound):
    """A project is not tagged so."""

    message = "Could not find project tag: {tag}."


class DomainConfigNotFound(NotFound):
    """A domain has no such setting of its own."""

    message = "Could not find {what} in domain configuration for domain {domain_id}."


class MarkerNotFound(NotFound):
    """A page shall begin after something that is not in the list."""

    message = "Marker {marker} could not be found."


class ReferenceInvalid(Invalid):
    """A thing named in the body does not exist."""

    message = "Could not find {kind}: {id}."


class Fixed(Invalid):
    """Something that never changes was to be changed."""

    message = "Cannot change {what}"


class TooManyTags(Invalid):
    """A project has as many tags as it may have."""

    message = "A project has at most {maximum} tags."


class OnlyRootIsDomain(Invalid):
    """A project that acts as a domain lies within no other."""

    message = "only root projects are allowed to act as domains."


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


class DomainEnabled(Forbidden):
    """A domain must be disabled before it is deleted."""

    message = "Cannot delete a domain that is enabled, please disable it first."


class TreeTooDeep(Forbidden):
    """Projects lie only so deep within each other."""

    message = "Max hierarchy depth reached for {id} branch."


class RoleNeverImplied(Forbidden):
    """No other role may bring this one along."""

    message = "{id} cannot be an implied roles."


class ImplicationCircular(Forbidden):
    """A role would imply itself."""

    message = "The role {implied_role_id} implies {prior_role_id} already."


class DomainConfigInvalid(Forbidden):
    """A setting that no domain may have of its own."""

    message = "Invalid domain specific configuration: {reason}."


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
    """A domain's own role is given only on projects of that domain."""

    message = "Project {id} must be in the same domain as the role {role_id} being assigned."


class Immutable(Forbidden):
    """An operator has marked it so that nobody changes or removes it by mistake."""

    message = 'Unable to {verb} immutable {kind} resource: `{id}`. Set resource option "immutable" to false first.'


class RequiredField(Invalid):
    """A query or body lacks something."""

    message = f"Expecting to find {{what}} in {{where}}. {MALFORMED}"


class EntryTaken(Conflict):
    """Something without a name of its own is there already."""

    message = "Conflict occurred attempting to store {kind} - Duplicate entry."


class MembershipNotFound(NotFound):
    """A user is not in a group."""

    message = "User '{user_id}' not found in group '{group_id}'"


class OperatorInvalid(Invalid):
    """A time is compared in a way that does not exist."""

    message = (
        "The given operator {operator} is not valid. It must be one of the following:"
        " 'eq', 'neq', 'lt', 'lte', 'gt', or 'gte'."
    )


class TimestampInvalid(Invalid):
    """A time to compare with is none."""

    message = f"Timestamp not in expected format. {MALFORMED}"


class ProviderUnknown(Invalid):
    """A user is said to be known at an identity provider that does not exist."""

    message = "Could not find Identity Provider: {id}"


class ProtocolUnknown(Invalid):
    """A user is said to be known by a protocol that the identity provider does not have."""

    message = "Could not find federated protocol {protocol_id} for Identity Provider: {idp_id}."
