"""Writing an image's bytes to several stores at the same time, each through an intake of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pileus.image.model.errors import DataMissing
from pileus.image.model.image import Image, Location
from pileus.image.model.imports import COPY_IMAGE, locations_of
from pileus.image.notification import tell_failed_upload
from pileus.image.operations import imports as operation
from pileus.image.operations.intake import Intake
from pileus.image.operations.quota import reserving
from pileus.image.workflows.means import Means
from pileus.image.workflows.progress import Progress
from pileus.image.workflows.telling import tell_data
from pileus.image.workflows.writing import announced, places, pump, staged_bytes
from pileus.kit import log
from pileus.kit.errors import PileusError
from pileus.kit.workflow import Run, StepFailed

logger = log.get_logger("pileus.image.import")

READ_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class _Source:
    """Bytes that lie somewhere, as many as they must be."""

    location: Location
    size: int

    def pieces(self, means: Means) -> Iterator[bytes]:
        with places(means)[self.location.store].open(self.location.key) as reader:
            offset = 0
            while offset < self.size and (piece := reader.read(offset, min(READ_BYTES, self.size - offset))):
                offset += len(piece)
                yield piece


def store_bytes(run: Run, means: Means) -> None:
    """Write the bytes to each store that does not have them yet. Raises StepFailed if too many fail."""
    image, must_all = means.image(run.subject), run.arguments["must_all_succeed"]
    source = _find_source(run, means, image)
    stored = {location.store for location in locations_of(image, run.id)}
    lacking = [store for store in run.arguments["stores"] if store not in stored]
    if not lacking:
        return
    progress = Progress(run, means, source.size)
    with ThreadPoolExecutor(min(len(lacking), means.plan.parallel_stores), "import-store") as pool:
        tries = pool.map(lambda store: _store(run, means, image, source, store, progress), lacking)
        failures = {store: reason for store, reason in zip(lacking, tries, strict=True) if reason is not None}
    if failures and (must_all or not (stored or len(failures) < len(lacking))):
        raise StepFailed("; ".join(f"{store}: {reason}" for store, reason in failures.items()))


def _find_source(run: Run, means: Means, image: Image) -> _Source:
    if run.arguments["method"] != COPY_IMAGE:
        staged = staged_bytes(run, means)
        return _Source(staged.location, staged.size)
    for location in image.locations:
        store = means.stores.get(location.store)
        try:
            if store is not None and store.size(location.key) == image.size:
                return _Source(location, image.size)
        except DataMissing:
            logger.warning("a store lacks an image's bytes", image_id=image.id, store=location.store)
    raise StepFailed("No store has the bytes of the image.")


def _store(run: Run, means: Means, image: Image, source: _Source, store: str, progress: Progress) -> str | None:
    """Write the bytes to one store, or say why that could not be."""
    try:
        _write(run, means, image, source, store, progress)
    except Exception as error:  # whatever it is, the other stores go on
        if not isinstance(error, PileusError):
            logger.exception("an import to a store failed", image_id=image.id, store=store)
        tell_failed_upload(means.tell, image, error)
        means.database.write(operation.fail_write, image.id, store, run.id, means.clock.now())
        return error.reason if isinstance(error, PileusError) else "an unexpected error"
    return None


def _write(run: Run, means: Means, image: Image, source: _Source, store: str, progress: Progress) -> None:
    is_enough = not run.arguments["must_all_succeed"]
    with announced(run, means, image, store) as upload:
        tell_data(run, means, "prepare", backend=store)
        intake = Intake(
            image,
            means.stores[store].create(upload.location.key, source.size),
            expected_bytes=source.size,
            limit_bytes=means.limits.size_bytes,
            rules=means.rules,
            reserve=reserving(means.database, image, upload, means.quota_of(image.owner)),
        )
        received = pump(intake, progress.follow(store, source.pieces(means)))
        now = means.clock.now()
        means.database.write(operation.finish_write, upload, received, run.id, now, is_enough=is_enough)
    tell_data(run, means, "upload")
