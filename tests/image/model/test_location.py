from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from pileus.image.model import location
from pileus.image.model import location_errors as errors
from pileus.image.model.image import Image, Limits, Location
from pileus.image.model.location import Placed

NOON = datetime(2026, 1, 1, 12)
A, B, C = Location("web", "http://a"), Location("web", "http://b"), Location("local", "c")
SAID = {"os_hash_algo": "sha512", "os_hash_value": "ab" * 64}


def image(*locations: Location, status: str = "active", **attributes: Any) -> Image:
    return Image(id="i", created_at=NOON, updated_at=NOON, status=status, locations=locations, **attributes)


def test_the_first_place_makes_an_image_active_and_gives_it_its_size() -> None:
    new = location.add(image(status="queued"), "-", Placed(A, 7, {**SAID, "checksum": "c" * 32}))
    assert (new.status, new.locations, new.size, new.checksum) == ("active", (A,), 7, "c" * 32)
    assert (new.os_hash_algo, new.os_hash_value) == ("sha512", SAID["os_hash_value"])


@pytest.mark.parametrize(("place", "order"), [("0", (C, A, B)), ("1", (A, C, B)), ("-", (A, B, C)), ("9", (A, B, C))])
def test_a_place_is_added_where_it_is_wanted(place: str, order: tuple[Location, ...]) -> None:
    assert location.add(image(A, B, size=7), place, Placed(C, 8)) == image(*order, size=7)


def test_places_are_replaced_by_themselves_in_another_order_and_with_other_metadata() -> None:
    described = replace(A, metadata={"speed": "88mph"})
    new = location.replace_all(image(A, B), [Placed(B), Placed(described)])
    assert new.locations == (B, A)
    assert new.locations[1].metadata == {"speed": "88mph"}


def test_a_place_is_removed_by_its_number() -> None:
    assert location.remove(image(A, B), "0").locations == (B,)
    assert location.remove(image(A, B), "-").locations == (A,)


REFUSED: list[tuple[Callable[[], Image], type[Exception]]] = [
    (lambda: location.add(image(A), "-", Placed(A)), errors.LocationExists),
    (lambda: location.add(image(A), "x", Placed(B)), errors.PositionInvalid),
    (lambda: location.add(image(A), "²", Placed(B)), errors.PositionInvalid),
    (lambda: location.add(image(A, status="deactivated"), "-", Placed(B)), errors.StatusRefused),
    (lambda: location.add(image(A, status="saving"), "-", Placed(B)), errors.StatusRefused),
    (lambda: location.add(image(A), "-", Placed(B, 7, SAID)), errors.ValidationConflict),
    (lambda: location.add(image(A, os_hash_algo="sha256"), "-", Placed(B, 7, SAID)), errors.ValidationConflict),
    (
        lambda: location.add(image(status="queued"), "-", Placed(B, 7, {**SAID, "os_hash_algo": "sha256"})),
        errors.ValidationConflict,
    ),
    (
        lambda: location.add(image(status="queued"), "-", Placed(B, 7, {**SAID, "os_hash_value": "xy" * 64})),
        errors.ValidationConflict,
    ),
    (
        lambda: location.add(image(status="queued"), "-", Placed(B, 7, {**SAID, "checksum": "z" * 32})),
        errors.ValidationConflict,
    ),
    (lambda: location.replace_all(image(A, B), [Placed(A)]), errors.LocationsFixed),
    (lambda: location.replace_all(image(A, B), [Placed(A), Placed(C)]), errors.LocationsFixed),
    (lambda: location.replace_all(image(A), [Placed(A), Placed(A)]), errors.LocationExists),
    (
        lambda: location.replace_all(
            image(status="queued"), [Placed(A, 1, SAID), Placed(B, 1, {**SAID, "os_hash_value": "cd" * 64})]
        ),
        errors.ValidationConflict,
    ),
    (lambda: location.remove(image(A), "0"), errors.LastLocation),
    (lambda: location.remove(image(A, B), "2"), errors.PositionInvalid),
    (lambda: location.remove(image(A, B, status="queued"), "0"), errors.StatusRefused),
]


@pytest.mark.parametrize(("change", "fact"), REFUSED)
def test_a_change_that_may_not_be_is_refused(change: Callable[[], Image], fact: type[Exception]) -> None:
    with pytest.raises(fact):
        change()


def test_locations_are_counted() -> None:
    few = Limits(locations=2)
    location.require_few(image(A), [Placed(B)], few, is_added=True)
    location.require_few(image(A, B), [Placed(B), Placed(A)], few, is_added=False)
    location.require_few(image(A, B), [Placed(C)], Limits(locations=-1), is_added=True)
    with pytest.raises(errors.TooManyLocations, match="Attempted: 3, Maximum: 2"):
        location.require_few(image(A, B), [Placed(C)], few, is_added=True)


def test_what_is_known_of_the_bytes_may_be_said_again() -> None:
    known = image(A, **SAID)
    assert location.add(known, "-", Placed(B, 7, SAID)).locations == (A, B)


def test_an_image_leaves_a_store_only_if_another_has_it() -> None:
    assert location.in_store(image(A, C), "local") == C
    with pytest.raises(errors.LastStore):
        location.in_store(image(C), "local")
    with pytest.raises(errors.NotInStore):
        location.in_store(image(A, B), "local")
    with pytest.raises(errors.StoreRemovalRefused):
        location.in_store(image(A, C, status="deactivated"), "local")


def test_places_are_tried_by_wish_then_by_weight_then_as_they_are_known() -> None:
    assert location.ordered([A, C, B], {}) == [A, C, B]
    assert location.ordered([A, C, B], {"local": 5}) == [C, A, B]
    assert location.ordered([A, C, B], {"local": -5}) == [A, B, C]
    assert location.ordered([A, C], {"web": 5}, ["local"]) == [C, A]


@pytest.mark.parametrize(("algorithm", "length"), [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha512", 128)])
def test_a_hash_has_the_size_of_its_algorithm(algorithm: str, length: int) -> None:
    location.require_digest({"os_hash_algo": algorithm, "os_hash_value": "f" * length})
    location.require_digest({})
    with pytest.raises(errors.ValidationInvalid):
        location.require_digest({"os_hash_algo": algorithm, "os_hash_value": "f" * (length - 1)})
    with pytest.raises(errors.ValidationInvalid):
        location.require_digest({"os_hash_algo": algorithm, "os_hash_value": "g" * length})
