"""How the control plane and its agents reach each other: tell an address something, or ask it.

A message may be lost, doubled or late; nothing may depend on its arrival. Loops and workflows see to the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pileus.kit.errors import Unavailable

Handler = Callable[[Any], Any]
"""Gets a message; what it returns is the answer, if it was a question."""


class NoAnswer(Unavailable):
    """Nobody at the address answered in time."""

    message = "{address} did not answer within {timeout_s:g} s."


class QuestionFailed(Unavailable):
    """Somebody at the address took the question and has no answer to it."""

    message = "{address} cannot answer: {reason}"


class Bus(Protocol):
    """The line between one control plane and its agents. Messages are the dataclasses of `messages` modules."""

    def tell(self, address: str, message: object) -> None:
        """Send without waiting; a message for an address where nobody listens is dropped."""

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        """Send and wait for the answer. Raises NoAnswer, QuestionFailed."""

    def listen(self, address: str, handler: Handler) -> None:
        """Hand every message for `address` to `handler`, on the bus's own threads.

        Several may listen on one address: each message goes to one of them. A handler that fails has had its message.
        """

    def close(self) -> None:
        """Stop handing out messages and end the threads."""
