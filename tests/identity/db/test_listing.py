from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.identity.db import domain, group, user
from pileus.identity.db.listing import Asked, Filter
from pileus.identity.model.errors import MarkerNotFound
from pileus.identity.model.resource import Domain, Group, User

if TYPE_CHECKING:
    from pileus.kit.db import Database, Transaction

NAMES = ("Anna", "anna", "ANNÄ", "annä", "a%b", "a_b", "axb", "a!b")


@pytest.fixture
def filled(database: Database) -> Database:
    def fill(tx: Transaction) -> None:
        for each in ("d", "e"):
            domain.add(tx, Domain(id=each, name=each))
        for number, name in enumerate(NAMES):
            user.add(tx, User(id=str(number), name=name, domain_id="d", is_enabled=number % 2 == 0))
        user.add(tx, User(id="x", name="Anna", domain_id="e"))
        group.add(tx, Group(id="g", name="g", domain_id="d"))
        group.add_member(tx, "g", "0")
        group.add_member(tx, "g", "0")
        group.add_member(tx, "g", "x")

    database.write(fill)
    return database


def ids(database: Database, *filters: Filter, **more: object) -> str:
    domain_id, group_id = more.pop("domain_id", None), more.pop("group_id", None)
    asked = Asked(filters=filters, **more)  # type: ignore[arg-type]
    with database.read() as tx:
        found = user.list_users(tx, domain_id=domain_id, group_id=group_id, asked=asked)  # type: ignore[arg-type]
    return "".join(row.id for row in found)


def test_upper_and_lower_case_differ_everywhere_until_somebody_says_otherwise(filled: Database) -> None:
    assert ids(filled, Filter("name", "anna")) == "1"
    assert ids(filled, Filter("name", "nn", "contains")) == "013x"
    assert ids(filled, Filter("name", "ann", "startswith")) == "13"
    assert ids(filled, Filter("name", "nna", "endswith")) == "01x"
    assert ids(filled, Filter("name", "ann", "startswith", is_case_blind=True)) == "0123x"
    assert ids(filled, Filter("name", "NNA", "endswith", is_case_blind=True)) == "01x"
    assert ids(filled, Filter("name", "NN", "contains", is_case_blind=True)) == "0123x"


def test_case_is_not_only_of_latin_letters(filled: Database) -> None:
    assert ids(filled, Filter("name", "NÄ", "endswith", is_case_blind=True)) == "23"
    assert ids(filled, Filter("name", "nä", "endswith")) == "3"


@pytest.mark.parametrize(("part", "expected"), [("a%b", "4"), ("a_b", "5"), ("a!b", "7"), ("%", "4"), ("_", "5")])
def test_no_sign_in_a_part_has_a_meaning_of_its_own(filled: Database, part: str, expected: str) -> None:
    assert ids(filled, Filter("name", part, "contains")) == expected
    assert ids(filled, Filter("name", part, "contains", is_case_blind=True)) == expected


def test_filters_narrow_together(filled: Database) -> None:
    assert ids(filled, Filter("enabled", value=True)) == "0246x"
    assert ids(filled, Filter("enabled", value=True), Filter("domain_id", "e")) == "x"
    assert ids(filled, Filter("name", "Anna"), group_id="g") == "0x"
    assert ids(filled, domain_id="d", group_id="g") == "0"
    assert ids(filled, Filter("domain_id", "e"), domain_id="d") == ""
    assert ids(filled, Filter("enabled", "True", "contains")) == ""


def test_pages_follow_each_other_in_the_order_of_ids(filled: Database) -> None:
    assert ids(filled, limit=4) == "0123"
    assert ids(filled, limit=4, marker="3") == "4567"
    assert ids(filled, limit=4, marker="7") == "x"
    assert ids(filled, limit=4, marker="x") == ""


def test_a_marker_that_fits_no_filter_any_more_still_leads_on(filled: Database) -> None:
    assert ids(filled, Filter("enabled", value=True), marker="1") == "246x"


def test_a_marker_must_be_one_of_those_who_could_be_listed(filled: Database) -> None:
    with pytest.raises(MarkerNotFound, match=r"Marker nobody could not be found\."):
        ids(filled, marker="nobody")
    with pytest.raises(MarkerNotFound):
        ids(filled, domain_id="d", marker="x")
