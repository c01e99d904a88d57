"""A bus on which nothing arrives by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pileus.compute import messages
from pileus.kit.bus.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.kit.bus.bus import Handler


class StillBus:
    """Keeps every message until somebody delivers it; what it does to a message on the way is for a test to say."""

    def __init__(self) -> None:
        self.codec = Codec([messages])
        self.handlers: dict[str, Handler] = {}
        self.waiting: list[tuple[str, bytes]] = []
        self.disturb: Callable[[str, Any], int] = lambda _address, _message: 1  # how often a message arrives

    def tell(self, address: str, message: object) -> None:
        self.waiting += [(address, self.codec.encode(message))] * self.disturb(address, message)

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        return self.codec.decode(self.codec.encode(self.handlers[address](question)))

    def listen(self, address: str, handler: Handler) -> None:
        self.handlers[address] = handler

    def close(self) -> None:
        self.waiting.clear()

    def deliver_one(self, index: int = 0) -> None:
        address, data = self.waiting.pop(index)
        handler = self.handlers.get(address)
        if handler is not None:
            handler(self.codec.decode(data))

    def deliver(self) -> int:
        """Hand out everything that is under way, and what comes of it."""
        count = 0
        while self.waiting:
            self.deliver_one()
            count += 1
        return count

    def messages(self, kind: type | None = None) -> list[Any]:
        """What is under way."""
        found = [self.codec.decode(data) for _, data in self.waiting]
        return [message for message in found if kind is None or isinstance(message, kind)]
