from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pileus.image.db import image as images
from pileus.image.db import quota as quotas
from pileus.image.db import staged as stagings
from pileus.image.db import task as tasks
from pileus.image.model.image import Image, Location
from pileus.image.model.import_errors import TaskNotFound
from pileus.image.model.imports import Staged
from pileus.image.model.quota import STAGE_TOTAL
from pileus.image.model.task import IMPORT, SUCCESS, Task, TaskQuery
from pileus.image.model.upload import STAGING
from pileus.kit import ids
from pileus.kit.db import Database

NOW = datetime(2026, 1, 1, 12)


def add(database: Database, minute: int, owner: str = "p", **more: object) -> Task:
    moment = NOW + timedelta(minutes=minute)
    task = Task(id=ids.new_uuid(), type=IMPORT, owner=owner, created_at=moment, updated_at=moment)
    database.write(tasks.insert, task)
    if more:
        database.write(tasks.update, task.id, moment, **more)
    return task


def test_a_task_comes_back_as_it_was_written(database: Database) -> None:
    task = Task(
        id=ids.new_uuid(),
        type=IMPORT,
        owner="p",
        input={"import_from": "http://é", "deep": {"a": [1, None]}},
        result={"image_id": "x"},
        message="ü" * 70_000,
        image_id=ids.new_uuid(),
        user_id="u",
        request_id="req-1",
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW,
    )
    database.write(tasks.insert, task)
    with database.read() as tx:
        assert tasks.get(tx, task.id, None) == tasks.get(tx, task.id, "p") == task
        assert task.image_id is not None
        assert tasks.list_of_image(tx, task.image_id) == [task]
        with pytest.raises(TaskNotFound):
            tasks.get(tx, task.id, "other")


def test_pages_go_on_after_a_marker_whichever_way(database: Database) -> None:
    made = [add(database, minute // 2) for minute in range(6)]  # two of each minute
    by_moment = sorted(made, key=lambda task: (task.created_at, task.id))
    for is_descending in (False, True):
        found: list[Task] = []
        marker = None
        while True:
            query = TaskQuery(limit=2, is_descending=is_descending, marker=marker)
            with database.read() as tx:
                page = tasks.list_page(tx, query)
            if not page:
                break
            found += page
            marker = page[-1]
        assert found == (by_moment[::-1] if is_descending else by_moment)


def test_tasks_are_found_by_what_they_are(database: Database) -> None:
    mine, theirs = add(database, 0, status=SUCCESS), add(database, 1, owner="other")
    with database.read() as tx:
        assert [task.id for task in tasks.list_page(tx, TaskQuery(limit=9, owner="p"))] == [mine.id]
        assert [task.id for task in tasks.list_page(tx, TaskQuery(limit=9, status="pending"))] == [theirs.id]
        assert tasks.list_page(tx, TaskQuery(limit=9, type="api_image_import")) == []


def test_only_tasks_whose_time_is_up_are_removed(database: Database) -> None:
    old, kept = add(database, 0, expires_at=NOW), add(database, 0)
    assert database.write(tasks.expire, NOW) == 0
    assert database.write(tasks.expire, NOW + timedelta(seconds=1)) == 1
    with database.read() as tx:
        assert [task.id for task in tasks.list_page(tx, TaskQuery(limit=9))] == [kept.id]
        with pytest.raises(TaskNotFound):
            tasks.get(tx, old.id, None)


def test_staged_bytes_count_until_they_are_taken(database: Database) -> None:
    image = Image(id=ids.new_uuid(), owner="p", created_at=NOW, updated_at=NOW)
    database.write(images.insert, image)
    staged = Staged(image_id=image.id, location=Location(STAGING, "key"), size=5 * 2**40, form=2)
    database.write(stagings.insert, staged)
    with database.read() as tx:
        assert stagings.find(tx, image.id) == staged
        assert quotas.usage(tx, "p")[STAGE_TOTAL] == staged.size
    assert database.write(stagings.take, image.id) == staged
    assert database.write(stagings.take, image.id) is None
    with database.read() as tx:
        assert quotas.usage(tx, "p")[STAGE_TOTAL] == 0
