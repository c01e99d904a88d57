from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from pileus.image.db import image as images
from pileus.image.db import member as members
from pileus.image.db import query as queries
from pileus.image.db import upload as uploads
from pileus.image.model.change import Change
from pileus.image.model.errors import ImageChanged, ImageExists, ImageNotFound, MemberExists
from pileus.image.model.image import Image, Limits, Location
from pileus.image.model.member import Member
from pileus.image.model.query import Filter, ImageQuery, Sort, Viewer
from pileus.image.model.upload import Upload
from pileus.image.operations import image as operation
from pileus.image.operations import upload as upload_operation
from pileus.image.service import MIGRATIONS
from pileus.kit.db import Database

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456)
ME = Viewer("me")


def image(number: int = 1, **attributes: Any) -> Image:
    at = NOON + timedelta(seconds=number)
    fixed = {"id": f"00000000-0000-4000-8000-{number:012}", "owner": "me", "created_at": at, "updated_at": at}
    return Image(**{**fixed, **attributes})


def names(database: Database, viewer: Viewer = ME, **query: Any) -> list[str | None]:
    with database.read() as tx:
        return [each.name for each in queries.list_images(tx, viewer, ImageQuery(**{"limit": 100, **query}))]


def test_the_migration_makes_what_the_code_expects(database: Database) -> None:
    assert MIGRATIONS.differences(database) == []
    assert not MIGRATIONS.sync(database)


def test_an_image_is_read_as_it_was_written(database: Database) -> None:
    whole = image(
        name="Größe 🐧",
        properties={"a": "1", "b": "x" * 70_000},
        tags=frozenset({"t", "T"}),
        size=2**50,
        virtual_size=2**51,
        protected=True,
        disk_format="raw",
        min_disk=3,
    )
    database.write(images.insert, whole)
    database.write(images.insert_location, whole.id, Location("local", "key"))
    with database.read() as tx:
        assert images.get(tx, whole.id) == replace(whole, locations=(Location("local", "key"),))
        assert images.find(tx, "nope") is None


def test_an_id_is_used_once(database: Database) -> None:
    database.write(images.insert, image())
    with pytest.raises(ImageExists):
        database.write(images.insert, image())
    database.write(images.delete, image(), NOON)
    with pytest.raises(ImageExists):
        database.write(images.insert, image())
    with database.read() as tx, pytest.raises(ImageNotFound):
        images.get(tx, image().id)


def test_an_update_writes_the_difference(database: Database) -> None:
    old = image(name="old", properties={"keep": "1", "drop": "2", "set": "3"}, tags=frozenset({"a", "b"}))
    new = replace(old, name="new", properties={"keep": "1", "set": "4", "add": "5"}, tags=frozenset({"b", "c"}))
    database.write(images.insert, old)
    database.write(images.update, old, new)
    with database.read() as tx:
        assert images.get(tx, old.id) == new


def test_an_update_is_refused_if_the_status_has_changed(database: Database) -> None:
    database.write(images.insert, image())
    with pytest.raises(ImageChanged):
        database.write(images.update, image(status="active"), image(status="active", name="x"))


def test_changes_at_the_same_time_do_not_get_lost(database: Database) -> None:
    database.write(images.insert, image(properties={"start": "0"}))
    together = Barrier(6)
    failures: list[Exception] = []

    def change(number: int) -> None:
        together.wait()
        try:
            steps = [Change("add", f"p{number}", "x"), Change("replace", "start", str(number))]
            database.write(operation.update, image().id, steps, Limits(), NOON)
        except Exception as error:  # noqa: BLE001 (told by the test's own thread)
            failures.append(error)

    threads = [Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with database.read() as tx:
        assert len(images.get(tx, image().id).properties) == 7


def test_only_one_of_many_uploads_claims_an_image(database: Database) -> None:
    database.write(images.insert, image(disk_format="raw", container_format="bare"))
    together = Barrier(6)
    outcomes: list[str] = []

    def claim(number: int) -> None:
        upload = Upload(id=f"u{number}", image_id=image().id, location=Location("s", f"k{number}"), expires_at=NOON)
        together.wait()
        try:
            database.write(upload_operation.begin, upload, NOON)
            outcomes.append("claimed")
        except Exception as error:  # noqa: BLE001 (told by the test's own thread)
            outcomes.append(type(error).__name__)

    threads = [Thread(target=claim, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["TransitionRefused"] * 5 + ["claimed"]


def test_a_list_shows_what_the_viewer_may_see(database: Database) -> None:
    for number, visibility in enumerate(("public", "community", "shared", "private"), start=1):
        database.write(images.insert, image(number, name=f"my-{visibility}", visibility=visibility))
        theirs = image(number + 10, name=f"their-{visibility}", visibility=visibility, owner="them")
        database.write(images.insert, theirs)
    mine = ["my-private", "my-shared", "my-community", "my-public"]
    assert names(database) == ["their-public", *mine]
    assert names(database, visibility="all") == ["their-community", "their-public", *mine]
    assert names(database, visibility="community") == ["their-community", "my-community"]
    assert names(database, Viewer(None)) == ["their-public", "my-public"]
    shared = Member(image_id=image(13).id, member_id="me", created_at=NOON, updated_at=NOON)
    database.write(members.insert, shared)
    assert names(database) == ["their-public", *mine]
    assert names(database, member_status="pending")[0] == "their-shared"
    database.write(members.update, image(13).id, "me", "accepted", NOON)
    assert names(database)[0] == "their-shared"
    with pytest.raises(MemberExists):
        database.write(members.insert, shared)
    everything = names(database, Viewer("admin", is_admin=True), visibility="all")
    assert len(everything) == 8


def test_a_list_is_filtered(database: Database) -> None:
    database.write(images.insert, image(1, name="a", size=5, tags=frozenset({"x", "y"}), properties={"os": "linux"}))
    database.write(images.insert, image(2, name="A", size=7, tags=frozenset({"x"}), properties={"os": "Linux"}))
    database.write(images.insert, image(3, name=None))
    assert names(database, filters=(Filter("name", "eq", "a"),)) == ["a"]
    assert names(database, filters=(Filter("name", "in", ["a", "A"]),)) == ["A", "a"]
    assert names(database, filters=(Filter("size", "gte", 6),)) == ["A"]
    assert names(database, filters=(Filter("created_at", "lt", NOON + timedelta(seconds=2)),)) == ["a"]
    assert names(database, tags=("x", "y")) == ["a"]
    assert names(database, properties={"os": "linux"}) == ["a"]
    assert names(database, filters=(Filter("protected", "eq", True),)) == []


@pytest.mark.parametrize("key", ["name", "size", "disk_format", "status", "created_at", "id"])
@pytest.mark.parametrize("is_descending", [True, False])
def test_pages_hold_every_image_once(database: Database, key: str, is_descending: bool) -> None:
    for number in range(1, 8):
        some = {"name": f"n{number % 3}", "size": number % 2 * 10, "disk_format": "raw"} if number > 2 else {}
        database.write(images.insert, image(number, **some))
    sort = (Sort(key, is_descending), Sort("id", not is_descending))
    seen: list[str] = []
    marker = None
    with database.read() as tx:
        while page := queries.list_images(tx, ME, ImageQuery(limit=2, sort=sort, marker=marker)):
            seen += [each.id for each in page]
            marker = page[-1]
        assert seen == [each.id for each in queries.list_images(tx, ME, ImageQuery(limit=100, sort=sort))]
    assert len(set(seen)) == len(seen) == 7


def test_discarded_bytes_are_remembered_until_they_are_gone(database: Database) -> None:
    place = Location("local", "key")
    database.write(uploads.discard, place)
    database.write(uploads.discard, place)
    with database.read() as tx:
        assert uploads.list_discarded(tx) == [place]
    database.write(uploads.forget, place)
    with database.read() as tx:
        assert uploads.list_discarded(tx) == []
