"""What can be wrong with federation's records and with OAuth1."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound, PileusError, Unauthenticated


class FederatedProtocolNotFound(NotFound):
    """An identity provider has no such protocol."""

    message = "Could not find federated protocol {protocol_id} for Identity Provider: {idp_id}."


class OauthNotFound(NotFound):
    """There is no such consumer, request token or access token."""

    message = "{kind} not found"


class RemoteIdTaken(Conflict):
    """Two identity providers cannot call themselves the same."""

    message = "Conflict occurred attempting to store identity_provider - Duplicate remote ID: {remote_id}."


class MappingInvalid(Invalid):
    """A protocol names a mapping that does not exist."""

    message = "Invalid mapping id: {id}"


class PatternInvalid(Invalid):
    """A requirement of a mapping is to be matched by something that is no pattern."""

    message = "Invalid rule: {pattern} is not a regular expression: {reason}."


class AssertionUnmapped(Invalid):
    """No rule of a mapping applies to what an identity provider asserts."""

    message = (
        "Could not map any federated user properties to identity values."
        " Check debug logs or the mapping used for additional details."
    )


class MatchMissing(Invalid):
    """A mapping refers to something that the assertion does not say."""

    message = "Local section in mapping refers to a remote match that doesn't exist: {template}."


class GroupsWithoutDomain(Invalid):
    """Groups that a mapping names must be in a domain."""

    message = "Invalid rule: {rule}. Both 'groups' and 'domain' keywords must be specified."


class ProjectsMalformed(Invalid):
    """The projects that an identity provider lists are not such a list."""

    message = "The projects in the assertion are not a list of names with roles."


class OauthHeaderMalformed(Invalid):
    """A signed request's Authorization header cannot be read."""

    message = "Malformed authorization header"


class Delegated(Forbidden):
    """Somebody wants to delegate what was only delegated to him."""


class MetadataMissing(PileusError):
    """A cloud that does not vouch for its users by SAML has nothing to tell of how it would."""

    message = "Error while reading metadata file: there is none."


class SignatureInvalid(Unauthenticated):
    """A signed request is not by who it says, not of now, or was here before."""

    message = "Invalid signature"


class RequestTokenExpired(Unauthenticated):
    """An OAuth1 request token was authorized or used too late."""

    message = "Request token is expired"


class RequestTokenUnauthorized(Unauthenticated):
    """An OAuth1 request token is used that nobody has authorized, or with the wrong verifier."""

    message = "Provided verifier does not match stored verifier"


class RoleNotHeld(Unauthenticated):
    """Somebody wants to delegate a role that he does not have."""

    message = "authorizing user does not have role required"
