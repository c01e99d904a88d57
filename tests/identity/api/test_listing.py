from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.db import user
from pileus.identity.model.resource import User
from pileus.identity.service import new_service
from pileus.kit.http.app import App

if TYPE_CHECKING:
    from pileus.kit.db import Transaction
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def crowd(world: World) -> World:
    def fill(tx: Transaction) -> None:
        for number in range(25):
            user.add(tx, User(id=f"{number:032}", name=f"crowd {number}", domain_id="default"))

    world.backend.database.write(fill)
    return world


def limited(world: World, **limits: int) -> None:
    world.backend = replace(world.backend, **limits)
    world.app = App(new_service(world.backend))


def ask(world: World, question: str) -> dict[str, Any]:
    reply = world("GET", f"/v3/users?{question}")
    assert reply.status == 200, reply.decoded()
    document: dict[str, Any] = reply.decoded()
    return document


def test_the_links_lead_through_the_whole_list_once(crowd: World) -> None:
    seen, question = [], "name__startswith=crowd&limit=10"
    while question:
        page = ask(crowd, question)
        seen += [row["name"] for row in page["users"]]
        assert page.get("truncated", False) is (page["links"]["next"] is not None)
        question = (page["links"]["next"] or "?").split("?", 1)[1]
    assert seen == [f"crowd {number}" for number in range(25)]


def test_a_page_that_is_just_full_is_the_last(crowd: World) -> None:
    page = ask(crowd, "name__startswith=crowd&limit=25")
    assert (len(page["users"]), page["links"]["next"], "truncated" in page) == (25, None, False)


def test_an_operator_bounds_what_is_shown(crowd: World) -> None:
    limited(crowd, list_limit=5, max_db_limit=7)
    for question, expected in (("", 5), ("limit=6", 6), ("limit=99", 7), ("limit=0", 0)):
        page = ask(crowd, question)
        assert (len(page["users"]), page["truncated"]) == (expected, True)


@pytest.mark.parametrize("question", ["limit=-1", "limit=x", "limit=1.5"])
def test_a_limit_that_is_no_number_is_refused(world: World, question: str) -> None:
    assert world("GET", f"/v3/users?{question}").status == 400


def test_an_unknown_marker_is_not_found(world: World) -> None:
    assert world("GET", "/v3/users?marker=nobody").status == 404


def test_what_is_no_filter_is_left_out(crowd: World) -> None:
    plain = [row["id"] for row in ask(crowd, "")["users"]]
    for question in ("colour=red", "name__near=x", "colour__contains=r", "sort_key=name", "sort_dir=desc"):
        assert [row["id"] for row in ask(crowd, question)["users"]] == plain
