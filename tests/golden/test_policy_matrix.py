from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pileus.compute.settings import QuotaSettings, Settings
from pileus.image.service import MIGRATIONS as IMAGE_MIGRATIONS
from pileus.kit.http.threads import Threads
from pileus.placement.service import MIGRATIONS as PLACEMENT_MIGRATIONS
from tests.compute.cloud import Cloud
from tests.golden import compute, identity, image, image_cache, image_metadef, placement
from tests.golden.matrix import require_unchanged, table
from tests.migrated import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.db import Database
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def image_database(database_url: str) -> Iterator[Database]:
    with migrated(database_url, IMAGE_MIGRATIONS) as made:
        yield made


@pytest.fixture
def placement_database(database_url: str) -> Iterator[Database]:
    with migrated(database_url, PLACEMENT_MIGRATIONS) as made:
        yield made


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(2)
    yield made
    made.close()


def test_identity_lets_each_persona_do_what_it_did(world: World) -> None:
    require_unchanged("identity", table(identity.subject(world, is_own_domain=True)))


def test_identity_lets_each_persona_do_in_another_domain_what_it_did(world: World) -> None:
    require_unchanged("identity_elsewhere", table(identity.subject(world, is_own_domain=False)))


@pytest.mark.parametrize(
    ("name", "owner", "visibility"), [("own", "p", "private"), ("hidden", "q", "private"), ("public", "q", "public")]
)
def test_image_lets_each_persona_do_to_metadata_definitions_what_it_did(
    image_database: Database, threads: Threads, name: str, owner: str, visibility: str
) -> None:
    subject = image_metadef.subject(image_database, threads, owner=owner, visibility=visibility)
    require_unchanged(f"image_metadef_{name}", table(subject))


def test_image_lets_each_persona_do_to_the_cache_what_it_did(
    image_database: Database, threads: Threads, tmp_path: Path
) -> None:
    require_unchanged("image_cache", table(image_cache.subject(image_database, threads, tmp_path)))


@pytest.mark.parametrize("visibility", ["private", "shared", "community", "public"])
def test_image_lets_each_persona_do_what_it_did(image_database: Database, threads: Threads, visibility: str) -> None:
    require_unchanged(f"image_{visibility}", table(image.subject(image_database, threads, visibility)))


def test_placement_lets_each_persona_do_what_it_did(placement_database: Database) -> None:
    require_unchanged("placement", table(placement.subject(placement_database)))


def test_the_old_defaults_of_placement_let_an_administrator_reshape_and_that_is_all(
    placement_database: Database,
) -> None:
    new = table(placement.subject(placement_database)).splitlines()
    old = table(placement.subject(placement_database, enforce_new_defaults=False)).splitlines()
    columns = new[0].split()
    cells = [
        (line.split("  ")[0], who)
        for line, other in zip(new[1:], old[1:], strict=True)
        for who, cell, changed in zip(columns, line.split()[2:], other.split()[2:], strict=True)
        if cell != changed
    ]
    assert cells == [("POST /reshaper", "admin")]


def test_compute_lets_each_persona_do_what_it_did(database_url: str) -> None:
    unlimited = QuotaSettings(instances=-1, cores=-1, ram_mb=-1, server_groups=-1)
    cloud = Cloud(database_url, Settings(quota=unlimited))
    require_unchanged("compute", table(compute.subject(cloud)))
    cloud.database.close()
