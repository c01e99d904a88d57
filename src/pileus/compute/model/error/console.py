"""Refusals about consoles."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotFound


class ConsoleTypeUnavailable(Invalid):
    """Nobody serves consoles of that type."""

    message = "Unavailable console type {console_type}."


class ConsoleTypeInvalid(Invalid):
    """The protocol has no consoles of that type."""

    message = "Invalid console type {console_type}"


class TokenNotFound(NotFound):
    """No console has that token, or no longer."""

    message = "Token not found"
