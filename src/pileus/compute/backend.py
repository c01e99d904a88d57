"""What compute's handlers and operations work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pileus.clients.placement import Placement
from pileus.compute.settings import QuotaSettings, Settings
from pileus.compute.watching import Watching
from pileus.kit.bus.bus import Bus
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.db.seen import Seen

SEEN = 1_000  # servers, and what is looked up with them, that are kept in memory; one may have 64 KiB of user_data


class Work(Protocol):
    """Where long work is handed over to; `kit.workflow.Runner` is one."""

    def begin(self, tx: Transaction, kind: str, subject: str, arguments: dict[str, Any]) -> str:
        """Write a new workflow in the caller's transaction; it is done once that is committed. Returns its id."""

    def cancel(self, tx: Transaction, subject: str) -> None:
        """Have a subject's unfinished workflows undone."""


class Images(Protocol):
    """The image service, as far as compute's API needs it. Never called inside a transaction."""

    def get(self, image_id: str, token: str) -> Mapping[str, Any]:
        """Return an image's document. Raises NotFound."""

    def create(self, attributes: dict[str, Any], token: str) -> Mapping[str, Any]:
        """Make a queued image and return its document."""

    def list_seen(self, query: Mapping[str, str], token: str) -> Sequence[Mapping[str, Any]]:
        """Return a page of the images that the token's user sees."""

    def update(
        self, image_id: str, changes: Mapping[str, Any], removed: Sequence[str], token: str
    ) -> Mapping[str, Any]:
        """Set properties and take others away; return the image's document."""

    def delete(self, image_id: str, token: str) -> None:
        """Delete an image."""

    def endpoint(self) -> str:
        """Return the image service's root."""

    def token(self) -> str:
        """Return a token of our own, to hand to an agent."""


class Projects(Protocol):
    """The identity service's projects. Never asked inside a transaction."""

    def exists(self, project_id: str, token: str) -> bool:
        """Tell whether there may be such a project, as far as the token's user may see."""


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
    projects: Projects
    quota_of: Callable[[str], QuotaSettings]
    """Returns the defaults that hold for a project. Never asked inside a transaction: they may be identity's."""
    watching: Watching = field(default_factory=Watching)
    seen: Seen = field(init=False, repr=False)  # what is shown of servers

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", Seen(self.database, SEEN))
