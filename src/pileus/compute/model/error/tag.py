"""Refusals about tags."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


class TagNotFound(NotFound):
    """The server does not have the tag."""

    message = "Server {server_id} has no tag '{tag}'"


class TagInvalid(Invalid):
    """No server can have such a tag."""

    message = (
        "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. "
        "Validation error message: {reason}"
    )


class TagLimitExceeded(Invalid):
    """The server has as many tags as it may have."""

    message = "The number of tags exceeded the per-server limit {allowed}"
