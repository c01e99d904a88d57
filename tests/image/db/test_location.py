from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Barrier, Thread

import pytest

from pileus.image.db import image as images
from pileus.image.db import task as tasks
from pileus.image.db import upload as uploads
from pileus.image.model.image import UNPROVEN, Image, Location
from pileus.image.model.location_errors import LastStore, OperationRunning
from pileus.image.model.task import LOCATION_IMPORT, Task
from pileus.image.operations import location as operation
from pileus.kit.db import Database, Transaction

NOON = datetime(2026, 1, 1, 12)
IMAGE = Image(id="00000000-0000-4000-8000-000000000001", owner="me", created_at=NOON, updated_at=NOON)
A, B, C = Location("web", "http://a/#Ä"), Location("web", "http://a/#ä"), Location("local", "c", {"speed": [1, "²"]})


def read(database: Database) -> Image:
    with database.read() as tx:
        return images.get(tx, IMAGE.id)


def shown(database: Database) -> list[tuple[Location, object]]:
    return [(location, location.metadata) for location in read(database).locations]


def insert(tx: Transaction, image: Image, *locations: Location) -> None:
    images.insert(tx, image)
    for location in locations:
        images.insert_location(tx, image.id, location)


def test_locations_keep_the_order_in_which_they_came_and_their_metadata(database: Database) -> None:
    database.write(insert, IMAGE, C, B, A)
    assert shown(database) == [(C, C.metadata), (B, {}), (A, {})]
    assert database.write(images.delete_location, IMAGE.id, B)
    assert not database.write(images.delete_location, IMAGE.id, B)
    database.write(images.insert_location, IMAGE.id, B)
    database.write(images.update_location, IMAGE.id, replace(A, metadata={"new": 1}))
    assert shown(database) == [(C, C.metadata), (A, {"new": 1}), (B, {})]
    database.write(images.replace_locations, IMAGE.id, [A, C])
    assert read(database).locations == (A, C)


def test_an_image_may_lie_at_several_places_of_one_store(database: Database) -> None:
    database.write(insert, IMAGE, A, B)
    assert read(database).locations == (A, B)


def test_a_place_that_is_not_proven_is_kept_apart(database: Database) -> None:
    database.write(insert, IMAGE, B, replace(A, status=UNPROVEN))
    assert (read(database).locations, read(database).unproven) == ((B,), (A,))
    database.write(images.update_location, IMAGE.id, A)
    assert (read(database).locations, read(database).unproven) == ((B, A), ())


def test_a_place_that_was_refused_is_forgotten_once_the_image_has_its_bytes(database: Database) -> None:
    database.write(insert, IMAGE, replace(A, status=UNPROVEN))
    database.write(images.insert_location, IMAGE.id, C)
    assert (read(database).locations, read(database).unproven) == ((C,), ())


def test_the_locations_of_a_deleted_image_are_gone(database: Database) -> None:
    database.write(insert, IMAGE, replace(A, status=UNPROVEN), B)
    database.write(images.delete, IMAGE, NOON)
    with database.read() as tx:
        assert images.find(tx, IMAGE.id) is None


def test_only_one_of_two_stores_is_left_at_the_same_time(database: Database) -> None:
    database.write(insert, replace(IMAGE, status="active"), A, C)
    together, outcomes = Barrier(2), list[str]()

    def leave(store: str) -> None:
        together.wait()
        try:
            database.write(operation.leave_store, IMAGE.id, store, NOON)
            outcomes.append("left")
        except LastStore:
            outcomes.append("last")

    threads = [Thread(target=leave, args=(store,)) for store in ("web", "local")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["last", "left"]
    assert len(read(database).locations) == 1
    with database.read() as tx:
        assert len(uploads.list_discarded(tx)) == 1


def test_only_one_of_many_location_tasks_claims_an_image(database: Database) -> None:
    database.write(images.insert, IMAGE)
    together, outcomes = Barrier(6), list[str]()

    def claim(number: int) -> None:
        task = Task(id=f"t{number}", type=LOCATION_IMPORT, image_id=IMAGE.id, created_at=NOON, updated_at=NOON)
        together.wait()
        try:
            database.write(operation.begin, task, NOON)
            outcomes.append("claimed")
        except OperationRunning:
            outcomes.append("refused")

    threads = [Thread(target=claim, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["claimed"] + ["refused"] * 5
    with database.read() as tx:
        assert len(tasks.list_of_image(tx, IMAGE.id)) == 1


@pytest.mark.parametrize("is_proof_wanted", [True, False])
def test_each_step_of_a_location_task_may_be_done_twice(database: Database, is_proof_wanted: bool) -> None:
    database.write(images.insert, IMAGE)
    task = Task(id="t", type=LOCATION_IMPORT, image_id=IMAGE.id, created_at=NOON, updated_at=NOON)
    database.write(operation.begin, task, NOON)
    for _ in range(2):
        database.write(operation.place, IMAGE.id, "t", A, 7, {}, NOON, is_proof_wanted=is_proof_wanted)
    assert read(database).status == ("importing" if is_proof_wanted else "active")
    for _ in range(2):
        database.write(operation.prove, IMAGE.id, "t", A, {"checksum": "c", "virtual_size": 9}, NOON)
    kept = NOON - NOON
    first = database.write(operation.finish, IMAGE.id, "t", NOON, kept)
    assert first is not None
    assert first.status == "active"
    assert database.write(operation.finish, IMAGE.id, "t", NOON, kept) is None
    image = read(database)
    assert (image.status, image.size, image.checksum, image.locations) == ("active", 7, "c", (A,))
    assert image.min_disk == 1


def test_a_failed_location_task_leaves_the_image_in_the_queue(database: Database) -> None:
    database.write(images.insert, IMAGE)
    task = Task(id="t", type=LOCATION_IMPORT, image_id=IMAGE.id, created_at=NOON, updated_at=NOON)
    database.write(operation.begin, task, NOON)
    database.write(operation.place, IMAGE.id, "t", A, 7, {}, NOON, is_proof_wanted=True)
    for _ in range(2):
        database.write(operation.fail, IMAGE.id, "t", "why", NOON, NOON - NOON)
    image = read(database)
    assert (image.status, image.size, image.locations, image.properties) == ("queued", None, (), {})
    with database.read() as tx:
        (told,) = tasks.list_of_image(tx, IMAGE.id)
    assert (told.status, told.message) == ("failure", "why")
