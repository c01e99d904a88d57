from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import Select

from pileus.image.db import image as images
from pileus.image.db import lead, query, shape
from pileus.image.db import member as members
from pileus.image.model.image import Image
from pileus.image.model.member import Member
from pileus.image.model.query import Filter, ImageQuery, Sort, Viewer
from pileus.kit.db import Database, Transaction

NOON = datetime(2026, 1, 1, 12)
ME, YOU, ADMIN = Viewer("me"), Viewer("you"), Viewer("admin", is_admin=True)
LONG = "x" * 100
BY_NAME = (Sort("name", False), Sort("created_at"), Sort("id"))


def image(number: int) -> Image:
    """Return one that differs from that of the next number in everything that one can ask for."""
    letter, at = "ab"[number % 2], NOON + timedelta(seconds=number)
    return Image(
        id=f"00000000-0000-4000-8000-{number:012}",
        owner=("me", "you")[number % 2],
        visibility=("private", "private", "public", "public", "shared", "shared")[number % 6],
        name=letter,
        size=number % 2,
        protected=bool(number % 2),
        tags=frozenset({letter}),
        properties={"os": letter, "long": LONG + letter, f"only_{letter}": "1"},
        created_at=at,
        updated_at=at,
    )


def membership(number: int) -> Member:
    """Return that of the project that does not own the image."""
    member_id, at = ("you", "me")[number % 2], NOON
    return Member(image_id=image(number).id, member_id=member_id, status="accepted", created_at=at, updated_at=at)


@pytest.fixture
def database(database: Database) -> Database:
    """One that holds a few images."""

    def fill(tx: Transaction) -> None:
        for number in range(12):
            images.insert(tx, image(number))
            if image(number).visibility == "shared":
                members.insert(tx, membership(number))

    database.write(fill)
    return database


def listed(database: Database, viewer: Viewer, asked: ImageQuery) -> list[str]:
    with database.read() as tx:
        return [each.id for each in query.list_images(tx, viewer, asked)]


def filtered(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {"filters": (Filter(name, operator, value),)}


ALIKE: list[Sequence[dict[str, Any]]] = [
    [{"limit": 3}, {"limit": 4}],
    [filtered("name", "eq", "a"), filtered("name", "eq", "b")],
    [filtered("name", "in", ["a"]), filtered("name", "in", ["b"]), filtered("name", "in", ["a", "b"])],
    [filtered("owner", "eq", "me"), filtered("owner", "eq", "you"), filtered("owner", "eq", "nobody")],
    [filtered("protected", "eq", True), filtered("protected", "eq", False)],
    [filtered("size", "gte", 0), filtered("size", "gte", 1)],
    [filtered("created_at", "lt", NOON + timedelta(seconds=n)) for n in (2, 5)],
    [{"tags": ("a",)}, {"tags": ("b",)}],
    [{"properties": {"os": "a"}}, {"properties": {"os": "b"}}],
    [{"properties": {"only_a": "1"}}, {"properties": {"only_b": "1"}}],
    [{"properties": {"long": LONG + "a"}}, {"properties": {"long": LONG + "b"}}],
    [{"marker": image(3)}, {"marker": image(8)}],
    [{"marker": image(3), "sort": BY_NAME}, {"marker": image(4), "sort": BY_NAME}],
    [{"sort": BY_NAME, "tags": ("a",)}, {"sort": BY_NAME, "tags": ("b",)}],
]


@pytest.mark.parametrize("supposed", [0, lead.SUPPOSED], ids=["walked", "led"])
def test_lists_of_one_shape_share_a_statement_and_no_values(
    database: Database, monkeypatch: pytest.MonkeyPatch, supposed: int
) -> None:
    monkeypatch.setattr(lead, "SUPPOSED", supposed)
    for alike in ALIKE:
        for viewer in (ME, ADMIN):
            asked = [ImageQuery(**{"limit": 9, **each}) for each in alike]
            assert len({shape.of(viewer, each) for each in asked}) == 1
            alone = []
            for each in asked:
                query._statement.cache_clear()
                alone.append(listed(database, viewer, each))
            assert [listed(database, viewer, each) for each in asked] == alone
            assert len({tuple(each) for each in alone}) > 1, (viewer, asked)


def test_lists_of_two_projects_share_a_statement_and_no_images(database: Database) -> None:
    private = {image(number).id for number in (0, 1, 6, 7)}
    for asked in (ImageQuery(limit=12), ImageQuery(limit=12, sort=BY_NAME), ImageQuery(limit=12, visibility="private")):
        query._statement.cache_clear()
        mine, yours = listed(database, ME, asked), listed(database, YOU, asked)
        assert query._statement.cache_info().hits == 1
        assert {each for each in mine if each in private} == {image(0).id, image(6).id}
        assert {each for each in yours if each in private} == {image(1).id, image(7).id}


def test_lists_that_differ_in_more_than_values_share_nothing() -> None:
    whole = ImageQuery(
        limit=9,
        filters=(Filter("name", "eq", "a"),),
        properties={"os": "a"},
        tags=("a",),
        visibility="shared",
        marker=image(3),
    )
    others: list[dict[str, Any]] = [
        {},
        filtered("status", "eq", "a"),
        filtered("name", "in", ["a"]),
        {"filters": ()},
        {"filters": whole.filters * 2},
        {"properties": {}},
        {"properties": {"os": LONG}},
        {"properties": {"os": "a", "arch": "a"}},
        {"tags": ()},
        {"tags": ("a", "a")},
        *({"visibility": visibility} for visibility in (None, "all", "public", "community", "private")),
        *({"member_status": status} for status in ("pending", "rejected", "all")),
        {"marker": None},
        {"sort": BY_NAME},
        {"sort": (Sort("name"), *BY_NAME[1:])},
    ]
    shapes = [shape.of(ME, replace(whole, **other)) for other in others]
    shapes += [shape.of(ADMIN, whole), shape.of(Viewer(None), whole)]
    for one, other in combinations(shapes, 2):
        assert one != other
    statements = [*map(_written, shapes), _written(shapes[0], "postgresql")]
    assert len(set(statements)) == len(statements)


def test_no_value_is_in_a_statement_that_is_kept() -> None:
    secret = ImageQuery(
        limit=4711,
        filters=(Filter("name", "eq", "secret"), Filter("status", "in", ["secret"]), Filter("size", "gte", 4711)),
        properties={"secret": "secret", "secret too": "secret" * 20},
        tags=("secret",),
        marker=replace(image(3), id="secret", name="secret"),
    )
    for viewer in (Viewer("secret"), Viewer("secret", is_admin=True)):
        for sort in (secret.sort, BY_NAME):
            written = _written(shape.of(viewer, replace(secret, sort=sort)))
            assert "limit" in written
            assert "secret" not in written
            assert "4711" not in written


def _written(of: shape.Shape, dialect: str = "sqlite") -> str:
    """Return every statement of a shape, with what is in it for good."""
    leads = range(len(lead._leads(of)))
    compiled = [query._statement(of, number, dialect).compile() for number in (None, *leads)]
    counting = lead._counting(of)
    compiled += [counting.compile()] if isinstance(counting, Select) else []
    return "\n".join(f"{each} {each.params}" for each in compiled)
