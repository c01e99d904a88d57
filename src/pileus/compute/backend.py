"""What compute's handlers and operations work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pileus.clients.placement import Placement
from pileus.compute.settings import Settings
from pileus.kit.bus.bus import Bus
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction


class Work(Protocol):
    """Where long work is handed over to; `kit.workflow.Runner` is one."""

    def begin(self, tx: Transaction, kind: str, subject: str, arguments: dict[str, Any]) -> str:
        """Write a new workflow in the caller's transaction. Returns its id."""

    def cancel(self, tx: Transaction, subject: str) -> None:
        """Have a subject's unfinished workflows undone."""

    def nudge(self) -> None:
        """Look for work now: what was begun is committed."""


class Images(Protocol):
    """The image service, as far as compute's API needs it. Never called inside a transaction."""

    def get(self, image_id: str, token: str) -> Mapping[str, Any]:
        """Return an image's document. Raises NotFound."""

    def create(self, attributes: dict[str, Any], token: str) -> Mapping[str, Any]:
        """Make a queued image and return its document."""

    def delete(self, image_id: str, token: str) -> None:
        """Delete an image."""

    def endpoint(self) -> str:
        """Return the image service's root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The second argument of every handler."""

    database: Database
    clock: Clock
    settings: Settings
    bus: Bus
    images: Images
    work: Work
    placement: Placement
