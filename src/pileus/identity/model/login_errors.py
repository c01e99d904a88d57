"""What can be wrong with logins, tokens and passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.kit.errors import Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated

if TYPE_CHECKING:
    from pileus.identity.model.receipt import IssuedReceipt


class TokenNotFound(NotFound):
    """The subject token is unknown, expired or revoked."""

    message = "Could not find token."


class SubjectMissing(NotFound):
    """The request is about a token and does not say which."""

    message = "No token in the request"


class Refused(Unauthenticated):
    """A login failed. Whoever it was learns no more; the log tells why."""

    def __init__(self, why: str) -> None:
        super().__init__(why=why)
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


class NameOrIdMissing(Invalid):
    """Something is to be found by neither name nor id."""

    message = "Invalid input for field {where}: id or name must be present."


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
