"""Stores that know their places again.

A folder whose disk is not mounted looks as if nobody had ever put anything there. So a store marks its folder when it
is used for the first time, which the database remembers, and from then on takes no folder without the mark for its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from pileus.image.db import claim as claims
from pileus.image.stores.store import Store
from pileus.kit import log
from pileus.kit.db import Database
from pileus.kit.errors import PileusError

logger = log.get_logger("pileus.image")


def claim(database: Database, stores: Mapping[str, Store]) -> None:
    """Have stores that are used for the first time mark their places, and the others look for their marks."""
    for name, store in stores.items():
        with database.read() as tx:
            is_new = not claims.is_there(tx, name)
        try:
            store.claim(is_new=is_new)
        except (PileusError, OSError) as error:  # it is refused until the next start; the others do their work
            logger.warning("a store could not mark its place", store=name, why=str(error))
        else:
            database.write(claims.insert, name)


def heed(database: Database, stores: Mapping[str, Store]) -> None:
    """Have stores that were used before look for their marks, and leave alone those that were not."""
    for name, store in stores.items():
        with database.read() as tx:
            is_used = claims.is_there(tx, name)
        if is_used:
            store.claim(is_new=False)
