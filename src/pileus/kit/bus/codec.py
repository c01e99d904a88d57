"""Messages as bytes: the same form in one process and over a wire, so that there is one path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Failure:
    """What comes back instead of an answer: why there is none, in a sentence for the asker."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Envelope:
    kind: str
    body: msgspec.Raw


class UnknownMessage(ValueError):
    """A message of a kind that this release does not know."""


class Codec:
    """Encodes the dataclasses of some modules, each by its class name."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._kinds: dict[str, msgspec.json.Decoder[Any]] = {Failure.__name__: msgspec.json.Decoder(Failure)}
        for module in modules:
            for name, kind in vars(module).items():
                if (
                    isinstance(kind, type)
                    and hasattr(kind, "__dataclass_fields__")
                    and kind.__module__ == module.__name__
                ):
                    self._kinds[name] = msgspec.json.Decoder(kind)

    def encode(self, message: object) -> bytes:
        """Return a message as bytes."""
        return msgspec.json.encode({"kind": type(message).__name__, "body": message})

    def decode(self, data: bytes) -> Any:
        """Return the message. Raises UnknownMessage."""
        envelope = msgspec.json.decode(data, type=_Envelope)
        if envelope.kind not in self._kinds:
            raise UnknownMessage(envelope.kind)
        return self._kinds[envelope.kind].decode(envelope.body)
