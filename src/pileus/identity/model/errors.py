"""What can be wrong, in identity's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated

if TYPE_CHECKING:
    from pileus.identity.model.receipt import IssuedReceipt

_MALFORMED = (
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


class Refused(Unauthenticated):
    """A login failed. Whoever it was learns no more; the log tells why."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class SinceInvalid(Invalid):
    """From when on revocations are asked for is no time."""

    message = "invalidate date format {text}"


class PasswordExpired(Unauthenticated):
    """A password is right, and must be changed before it is good for a login."""

    message = "The password is expired and needs to be changed for user: {user_id}."


class TooManyAttempts(TooManyRequests):
    """Too many logins failed lately, for one user from one address or from one address for anybody."""

    message = "Too many failed logins. Try again in {retry_after_s} seconds."


class MethodsLacking(Unauthenticated):
    """What was shown is right and not enough: the user must show more."""

    def __init__(self, issued: IssuedReceipt) -> None:
        super().__init__()
        self.issued = issued


class TokenExchangeForbidden(Forbidden):
    """A token is not good for getting another one."""

    message = "You are not authorized to perform the requested action: {why}"


class ScopeForbidden(Forbidden):
    """The method of authentication may not be used for this."""


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


class RegionInUse(Forbidden):
    """Endpoints are in a region, or in one that lies within it."""

    message = "Unable to delete region {id} because it or its child regions have associated endpoints."


class RequiredField(Invalid):
    """A query or body lacks something."""

    message = f"Expecting to find {{what}} in {{where}}. {_MALFORMED}"


class NameOrIdMissing(Invalid):
    """Something is to be found by neither name nor id."""

    message = "Invalid input for field {where}: id or name must be present."


# --- which endpoints a project sees, policies for endpoints, and limits -----------------------------


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


class EntryTaken(Conflict):
    """Something without a name of its own is there already."""

    message = "Conflict occurred attempting to store {kind} - Duplicate entry."


# Users, their passwords, and groups.


class MembershipNotFound(NotFound):
    """A user is not in a group."""

    message = "User '{user_id}' not found in group '{group_id}'"


class PasswordWeak(Invalid):
    """A password is not what the operator demands."""

    message = "The password does not match the requirements: {detail}."


class PasswordUsedBefore(Invalid):
    """A user may not go back to an old password."""

    message = (
        "The new password cannot be identical to a previous password. The total number which"
        " includes the new password must be unique is {unique_count}."
    )


class PasswordTooNew(Invalid):
    """A user has chosen a password only just, and must keep it for some days."""

    message = (
        "You cannot change your password at this time due to the minimum password age. Once you change your password,"
        " it must be used for {min_age_days} day(s) before it can be changed. Please try again in {days_left} day(s)"
        " or contact your administrator to reset your password."
    )


class PasswordLocked(Invalid):
    """A user may not change his own password."""

    message = (
        "You cannot change your password at this time due to password policy disallowing password changes."
        " Please contact your administrator to reset your password."
    )


class OperatorInvalid(Invalid):
    """A time is compared in a way that does not exist."""

    message = (
        "The given operator {operator} is not valid. It must be one of the following:"
        " 'eq', 'neq', 'lt', 'lte', 'gt', or 'gte'."
    )


class TimestampInvalid(Invalid):
    """A time to compare with is none."""

    message = (
        "Timestamp not in expected format. The server could not comply with the request since it is either malformed"
        " or otherwise incorrect. The client is assumed to be in error."
    )


class ProviderUnknown(Invalid):
    """A user is said to be known at an identity provider that does not exist."""

    message = "Could not find Identity Provider: {id}"


class ProtocolUnknown(Invalid):
    """A user is said to be known by a protocol that the identity provider does not have."""

    message = "Could not find federated protocol {protocol_id} for Identity Provider: {idp_id}."


# --- credentials, application credentials, trusts ---------------------------------------------------


class BlobInvalid(Invalid):
    """The blob of an EC2 credential is no JSON document."""

    message = "Invalid blob in credential"


class ScopeFixed(Invalid):
    """What limits the tokens got with a credential stays as it is."""

    message = "{name} can not be updated for credential"


class Ec2KeyUnknown(Unauthenticated):
    """A credential is of another type than EC2's."""

    message = "EC2 access key not found."


class MomentInvalid(Invalid):
    """An expiry cannot be read."""

    message = f"Timestamp not in expected format. {_MALFORMED}"


class MomentPast(Invalid):
    """Something would have expired before it was made."""

    message = f"The 'expires_at' must not be before now. {_MALFORMED}"


class RoleUndefined(NotFound):
    """A role that is to be delegated does not exist."""

    message = "Role {name} is not defined"


class ApplicationCredentialInvalid(Invalid):
    """An application credential would hold what its maker does not."""

    message = "Invalid application credential: {why}"


class AccessRuleInUse(Forbidden):
    """An application credential has the rule."""

    message = "May not delete access rule in use"


class ActionForbidden(Forbidden):
    """The caller's kind of token is not good for this, whatever the policy says."""

    message = "You are not authorized to perform the requested action: {action}"


class RedelegationForbidden(Forbidden):
    """A trust would give more than its maker may give."""

    message = "The trust cannot be made: {why}."


class UsesInvalid(Invalid):
    """A trust that may be passed on cannot count its uses."""

    message = "remaining_uses must not be set if redelegation is allowed"
