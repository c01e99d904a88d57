"""The kinds of error there are. They know no HTTP: `kit.http.dialects` maps a kind to a status by class ancestry.

A service states its *facts* as subclasses in `<service>/model/errors.py`:

    class InventoryInUse(Conflict):
        code = "placement.inventory.inuse"
        message = "Inventory for '{resource_class}' on resource provider '{provider}' in use."
"""

from __future__ import annotations

from typing import Any, ClassVar


class PileusError(Exception):
    """A refusal or a fault whose sentence may be shown to the caller.

    `message` is a template; its names are filled from keyword arguments, which stay readable in `details`.
    """

    message: ClassVar[str] = "{reason}"
    code: ClassVar[str | None] = None  # a stable name, where the API has one

    def __init__(self, reason: str | None = None, /, **details: Any) -> None:
        self.details = details
        super().__init__(reason if reason is not None else self.message.format(**details))

    @property
    def reason(self) -> str:
        """The sentence for the caller."""
        return str(self.args[0])


def in_words(error: Exception) -> str:
    """Return what an operator reads of any error: a sentence of ours, or what the others are called and say."""
    return str(error) if isinstance(error, PileusError) else f"{type(error).__name__}: {error}"


class Invalid(PileusError):
    """The request makes no sense as it is: bad syntax, bad value, or a thing named in the body that does not exist."""


class Unauthenticated(PileusError):
    """Nobody knows who is asking. `details['uri']` may say where to find out."""

    message = "The request you have made requires authentication."


class Forbidden(PileusError):
    """We know who is asking, and that they may not."""


class TooManyRequests(PileusError):
    """The caller asks too often. `details['retry_after_s']` says when it may ask again."""


class NotFound(PileusError):
    """The thing named in the URL does not exist, or must not be known to the caller."""


class MethodNotAllowed(PileusError):
    """The path exists, the method does not. `details['allowed']` lists those that do."""

    message = "The method {method} is not allowed for this resource."


class NotAcceptable(PileusError):
    """No representation, or no API version, that the caller accepts."""


class Conflict(PileusError):
    """The state of things does not allow it now."""


class Gone(PileusError):
    """It was here once and has been withdrawn for good."""


class PreconditionFailed(PileusError):
    """A condition that the caller named does not hold."""


class TooLarge(PileusError):
    """The request, or what it would make, is larger than allowed."""


class UnsupportedMedia(PileusError):
    """The body is of a kind that is not understood."""


class RangeNotSatisfiable(PileusError):
    """The byte range lies outside of the data."""


class NotImplementedHere(PileusError):
    """A documented feature that this deployment does not have."""


class Unavailable(PileusError):
    """Something that we depend on does not answer; the caller may try again."""
