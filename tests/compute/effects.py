"""Where a process can die: before each thing that it does to the outside, and in the middle of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from pileus.clients.transport import Transport
from pileus.kit.db import Database
from tests.compute.template import URLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pileus.kit.bus.bus import Handler
    from pileus.kit.http.message import Reply
    from tests.compute.still_bus import StillBus


class DiedError(BaseException):
    """The process ended here, as if its power had been cut."""


def _die(what: str) -> NoReturn:
    raise DiedError(what)


@dataclass
class Effects:
    """Counts what a process does to the outside, and lets it die just before the n-th such thing."""

    deadly: int | None = None
    seen: list[str] = field(default_factory=list)
    die: Callable[[str], NoReturn] = _die
    has_inside: bool = False  # whether it may die in the middle of such a thing as well

    def tick(self, what: str) -> None:
        self.seen.append(what)
        if self.deadly is not None and len(self.seen) > self.deadly:
            self.die(what)

    def tick_inside(self, what: str) -> None:
        if self.has_inside:
            self.tick(f"inside {what}")


class FragileDatabase(Database):
    """A database whose client may die before it writes, or before it commits."""

    effects: Effects

    def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        what = f"write {getattr(fn, '__name__', 'fn')}"

        def write_and_tick(*args: Any, **kwargs: Any) -> Any:
            result = fn(*args, **kwargs)
            self.effects.tick_inside(what)
            return result

        self.effects.tick(what)
        return super().write(write_and_tick, *args, **kwargs)


class FragileTransport(Transport):
    """A transport whose user may die before he sends."""

    effects: Effects

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        if method != "GET" and not url.startswith(URLS["identity"]):
            self.effects.tick(f"{method} {url}")
        return super().send(method, url, headers, body)


class FragileBus:
    """The bus as one process has it, that may die before it says something."""

    def __init__(self, bus: StillBus, effects: Effects) -> None:
        self._bus, self._effects = bus, effects

    def tell(self, address: str, message: object) -> None:
        self._effects.tick(f"tell {type(message).__name__}")
        self._bus.tell(address, message)

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        return self._bus.ask(address, question, timeout_s)

    def listen(self, address: str, handler: Handler) -> None:
        self._bus.listen(address, handler)

    def close(self) -> None:
        pass
