"""How far an import is, for whoever looks at its task: so many MiB at each place that it writes to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from pileus.image.operations import task as operation
from pileus.image.workflows.means import Means
from pileus.kit import log
from pileus.kit.workflow import Run

logger = log.get_logger("pileus.image.import")

PERIOD_S = 1.0
MIB = 2**20


class Progress:
    """What one step has written so far. `size` is how many bytes each place gets, if that is known."""

    def __init__(self, run: Run, means: Means, size: int | None = None) -> None:
        self._run = run
        self._means = means
        self._of = "" if size is None else f" of {size // MIB}"
        self._written: dict[str, int] = {}
        self._guard = threading.Lock()
        self._told_at = means.clock.monotonic()

    def follow(self, place: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, and have the task say from time to time how much of them is written."""
        for piece in pieces:
            yield piece
            sentence = self._add(place, len(piece))
            if sentence is not None:
                self._tell(sentence)

    def _add(self, place: str, count: int) -> str | None:
        """Count bytes; return what to tell, if it is time to."""
        with self._guard:
            self._written[place] = self._written.get(place, 0) + count
            now = self._means.clock.monotonic()
            if now - self._told_at < PERIOD_S:
                return None
            self._told_at = now
            return "; ".join(f"{each}: {size // MIB}{self._of} MiB" for each, size in sorted(self._written.items()))

    def _tell(self, sentence: str) -> None:
        try:
            self._means.database.write(operation.show_progress, self._run.id, sentence, self._means.clock.now())
        except Exception:  # nobody shall lose an import because he cannot see how far it is
            logger.exception("the progress of an import could not be shown", task_id=self._run.id)
