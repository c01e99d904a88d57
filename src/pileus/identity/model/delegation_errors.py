"""What can be wrong with credentials, application credentials and trusts."""

from __future__ import annotations

from pileus.identity.model.errors import MALFORMED
from pileus.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated


class BlobInvalid(Invalid):
    """The blob of an EC2 credential is no JSON document."""

    message = "Invalid blob in credential"


class ScopeFixed(Invalid):
    """What limits the tokens got with a credential stays as it is."""

    message = "{name} can not be updated for credential"


class Ec2KeyUnknown(Unauthenticated):
    """A credential is of another type than EC2's."""

    message = "EC2 access key not found."


class MomentPast(Invalid):
    """Something would have expired before it was made."""

    message = f"The 'expires_at' must not be before now. {MALFORMED}"


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
