"""What the image service's handlers work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pileus.image.formats import certificate
from pileus.image.formats.inspection import DEFAULT_RULES, Rules
from pileus.image.model.image import Limits
from pileus.image.model.location import Exposure
from pileus.image.model.property_rule import PropertyRules
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.model.upload import STAGING
from pileus.image.notification import Tell, silence
from pileus.image.schema import ImageSchema
from pileus.image.stores.caching import Caching
from pileus.image.stores.store import Store
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.db.seen import Seen
from pileus.kit.http.feeding import Feeding
from pileus.kit.http.threads import Threads
from pileus.kit.web.fetch import Bounds
from pileus.kit.web.gate import Gate, GateRules
from pileus.kit.workflow import Runner

SEEN = 2_000  # images that are kept in memory
QuotaOf = Callable[[str | None], Quota]
"""Tells a project's quota. It may ask the identity service, and so is asked in no transaction."""


def without_limit(_project_id: str | None) -> Quota:
    """Nobody is held to a quota."""
    return UNLIMITED


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things may take, in seconds."""

    upload_lease_s: float = 60  # after which a receiver that was not heard of counts as dead
    stall_s: float = 300  # after which a client that sends nothing is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """What imports need: where bytes wait, and who does the work."""

    staging: Store
    work: Runner[Any]  # of workflows that are above this layer
    methods: Sequence[str]
    tokens: dict[str, str]  # task → its beginner's token, while it runs; never written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The second argument of every handler."""

    database: Database
    clock: Clock
    stores: Mapping[str, Store]
    default_store: str
    threads: Threads
    feeding: Feeding = field(default_factory=Feeding)
    owner: str = ""  # what this process signs its uploads with, the same after a restart
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)
    gate: Gate = field(default_factory=lambda: Gate(GateRules()))  # of every URL that a caller names
    bounds: Bounds = field(default_factory=Bounds)  # of whatever is fetched
    format_rules: Rules = DEFAULT_RULES  # of what an image's bytes may be
    tell: Tell = silence
    exposure: Exposure = field(default_factory=Exposure)
    weights: Mapping[str, int] = field(default_factory=dict)  # of stores: from which an image is read first
    descriptions: Mapping[str, str] = field(default_factory=dict)  # of stores, for people
    schema: ImageSchema = field(default_factory=ImageSchema)
    property_rules: PropertyRules | None = None  # None: nothing is protected
    certificates: certificate.Certificates = certificate.nowhere  # of those who sign images
    quota_of: QuotaOf = without_limit
    caching: Caching | None = None  # copies on this host of what the stores keep
    is_delete_delayed: bool = False
    importing: Importing | None = None
    seen: Seen = field(init=False, repr=False)  # images, by id and by the project that looks

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", Seen(self.database, SEEN))

    def threads_of(self, place: str) -> Threads:
        """Return the threads that handle the bytes of a store: one that hangs keeps nobody waiting but its own."""
        return self.threads.part(place) if place in self.places else self.threads

    @property
    def places(self) -> Mapping[str, Store]:
        """Wherever bytes may lie: in the stores, or in the staging area."""
        return self.stores if self.importing is None else {**self.stores, STAGING: self.importing.staging}
