from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Subquery, event

from pileus.image.db import image as images
from pileus.image.db import lead, query, shape
from pileus.image.db import member as members
from pileus.image.model.image import Image
from pileus.image.model.member import Member
from pileus.image.model.query import Filter, ImageQuery, Sort, Viewer
from pileus.kit.db import Database, Transaction

NOON = datetime(2026, 1, 1, 12)
ME, ADMIN = Viewer("me"), Viewer("admin", is_admin=True)
LONG = "x" * 100


@pytest.fixture
def database(database: Database) -> Database:
    """One that is full."""
    database.write(fill)
    return database


def fill(tx: Transaction) -> None:
    """Make images of all visibilities, owners and memberships, which differ in everything that one can ask for."""
    for number in range(48):
        at = NOON + timedelta(seconds=number)
        image = Image(
            id=f"00000000-0000-4000-8000-{number:012}",
            owner=("me", "them", None)[number % 3],
            visibility=("public", "community", "shared", "private")[number % 4],
            name=f"n{number % 5}" if number % 7 else None,
            size=number % 6 if number % 2 else None,
            disk_format="raw" if number % 5 else None,
            tags=frozenset({"t"} if number % 2 else {"t", "u"}),
            properties={"os": f"o{number % 3}", "long": LONG + str(number % 2)},
            os_hidden=number % 11 == 0,
            created_at=at,
            updated_at=at,
        )
        images.insert(tx, image)
        if number % 4 == 2 and number % 8 == 2:
            status = "accepted" if number % 16 == 2 else "pending"
            members.insert(tx, Member(image_id=image.id, member_id="me", status=status, created_at=at, updated_at=at))


QUERIES: list[dict[str, Any]] = [
    {},
    *({"visibility": visibility} for visibility in ("all", "public", "community", "shared", "private")),
    {"member_status": "all"},
    {"visibility": "shared", "member_status": "pending"},
    {"tags": ("t", "u")},
    {"properties": {"os": "o1"}},
    {"properties": {"long": LONG + "1"}},
    {"properties": {"long": LONG}},
    {"filters": (Filter("name", "in", ["n1", "n2"]), Filter("status", "eq", "queued"))},
    {"filters": (Filter("owner", "eq", "them"), Filter("os_hidden", "eq", False))},
    {"filters": (Filter("name", "eq", ""),)},
    {"sort": (Sort("size", False), Sort("created_at", False), Sort("id", False))},
    {"sort": (Sort("name", False), Sort("size", True), Sort("created_at", True), Sort("id", True))},
    {"sort": (Sort("disk_format", True), Sort("created_at", True), Sort("id", True)), "tags": ("u",)},
]


def pages(database: Database, viewer: Viewer, **asked: Any) -> list[str]:
    seen: list[str] = []
    with database.read() as tx:
        marker = None
        while page := query.list_images(tx, viewer, ImageQuery(limit=5, marker=marker, **asked)):
            seen += [image.id for image in page]
            marker = page[-1]
    return seen


@pytest.mark.parametrize("viewer", [ME, ADMIN, Viewer(None)], ids=["me", "admin", "nobody"])
def test_both_ways_to_a_page_show_the_same(database: Database, monkeypatch: pytest.MonkeyPatch, viewer: Viewer) -> None:
    led = [pages(database, viewer, **asked) for asked in QUERIES]
    assert all(len(set(ids)) == len(ids) for ids in led)
    assert sum(map(len, led)) > 50
    monkeypatch.setattr(lead, "SUPPOSED", 0)  # so few images that a walk is always shorter
    assert [pages(database, viewer, **asked) for asked in QUERIES] == led


@pytest.mark.parametrize("viewer", [ME, Viewer(None)], ids=["me", "nobody"])
def test_the_reasons_to_see_images_lead_to_just_those_that_may_be_seen(
    database: Database, monkeypatch: pytest.MonkeyPatch, viewer: Viewer
) -> None:
    monkeypatch.setattr(lead, "SUPPOSED", 0)  # with this order each image is asked whether it may be seen
    by_size = (Sort("size"), Sort("created_at"), Sort("id"))
    for visibility in (None, "all", "public", "community", "shared", "private"):
        for member_status in ("accepted", "pending", "rejected", "all"):
            asked = {"visibility": visibility, "member_status": member_status}
            by_reasons, asked_each = pages(database, viewer, **asked), pages(database, viewer, **asked, sort=by_size)
            assert sorted(by_reasons) == sorted(asked_each), asked


def test_few_images_are_fetched_and_many_are_walked_through() -> None:
    assert lead.way(100, [lead.MANY, lead.MANY]) == 0
    assert lead.way(100, [1000]) == 10_000
    assert lead.way(100, [1000, 5000, lead.MANY]) == 200_000
    assert lead.way(100, [0]) > lead.MANY


def test_a_condition_that_leaves_few_leads(database: Database) -> None:
    said: list[str] = []
    event.listen(database._reader, "before_cursor_execute", lambda *args: said.append(args[2]))
    with database.read() as tx:
        asked = ImageQuery(limit=5)
        assert lead.find(tx, shape.of(ADMIN, asked), shape.values(ADMIN, asked)) is None
        assert said == []
        asked = ImageQuery(limit=5, tags=("t", "u"), properties={"os": "o1"})
        values = shape.values(ADMIN, asked)
        number = lead.find(tx, shape.of(ADMIN, asked), values)
        assert len(said) == 1
        assert number is not None
        few = lead.follow(shape.of(ADMIN, asked), number)
        assert isinstance(few, Subquery)
        assert len(tx.all(few.select(), values)) == 16
