"""What workflows work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pileus.image.backend import QuotaOf, Timing, without_limit
from pileus.image.db import image as images
from pileus.image.formats.certificate import Certificates
from pileus.image.formats.conversion import ConversionLimits
from pileus.image.formats.inspection import Rules
from pileus.image.model.image import Image, Limits
from pileus.image.model.imports import Plan
from pileus.image.model.location import Exposure
from pileus.image.notification import Tell, silence
from pileus.image.stores.store import Store
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.web.fetch import Bounds
from pileus.kit.web.gate import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The second argument of every step."""

    database: Database
    clock: Clock
    stores: Mapping[str, Store]
    staging: Store  # of files
    owner: str
    limits: Limits
    timing: Timing
    gate: Gate
    bounds: Bounds
    rules: Rules
    certificates: Certificates
    conversion: ConversionLimits
    plan: Plan
    task_time_to_live: timedelta
    exposure: Exposure = field(default_factory=Exposure)
    quota_of: QuotaOf = without_limit
    tokens: dict[str, str] = field(default_factory=dict)
    """Task → the token of whoever began it, while it runs: good for other regions. No token is ever written down."""
    tell: Tell = silence

    def image(self, image_id: str) -> Image:
        """Return an image. Raises ImageNotFound."""
        with self.database.read() as tx:
            return images.get(tx, image_id)
