"""What can be wrong, in identity's own words."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class ResourceNotFound(NotFound):
    """The thing named in the URL does not exist."""

    message = "Could not find {kind}: {id}."


class TokenNotFound(NotFound):
    """The subject token is unknown, expired or revoked."""

    message = "Could not find token."


class ReferenceInvalid(Invalid):
    """A thing named in the body does not exist."""

    message = "Could not find {kind}: {id}."


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


class RequiredField(Invalid):
    """A query or body lacks something."""

    message = (
        "Expecting to find {what} in {where}. The server could not comply with the request since it is either "
        "malformed or otherwise incorrect. The client is assumed to be in error."
    )
