from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.kit.db import Database
from pileus.placement.service import MIGRATIONS
from tests.golden import identity, placement
from tests.golden.matrix import require_unchanged, table

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def test_identity_lets_each_persona_do_what_it_did(world: World) -> None:
    require_unchanged("identity", table(identity.subject(world, is_own_domain=True)))


def test_identity_lets_each_persona_do_in_another_domain_what_it_did(world: World) -> None:
    require_unchanged("identity_elsewhere", table(identity.subject(world, is_own_domain=False)))


def test_placement_lets_each_persona_do_what_it_did(database_url: str) -> None:
    database = Database(database_url)
    MIGRATIONS.sync(database)
    require_unchanged("placement", table(placement.subject(database)))
    database.close()
