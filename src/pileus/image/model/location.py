"""Which places an image's bytes may be said to lie at, and in which order they are tried."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pileus.image.model import status
from pileus.image.model.image import HASH_ALGORITHM, Image, Limits, Location
from pileus.image.model.location_errors import (
    LastLocation,
    LastStore,
    LocationExists,
    LocationsFixed,
    NotInStore,
    OperationRunning,
    PositionInvalid,
    StatusRefused,
    StoreRemovalRefused,
    TooManyLocations,
    ValidationConflict,
    ValidationInvalid,
)

LAST = "-"
LOCATION_LOOK = "location_look"  # the kind of work that looks at bytes which a PATCH has named
DIGEST_LENGTHS = {name: hashlib.new(name, usedforsecurity=False).digest_size * 2 for name in ("sha256", "sha512")} | {
    "sha1": 40,
    "md5": 32,
}
"""How many hexadecimal digits a hash has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What callers learn of the places where bytes lie."""

    show_multiple_locations: bool = False
    show_image_direct_url: bool = False
    do_secure_hash: bool = True
    http_retries: int = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """A place that a caller names, how many bytes are there, and what they are said to be."""

    location: Location
    size: int | None = None
    said: Mapping[str, str] = field(default_factory=dict)


def ordered(locations: Sequence[Location], weights: Mapping[str, int], preferred: Sequence[str] = ()) -> list[Location]:
    """Return the places in the order of trying them: preferred stores, then by weight, else as they are known."""
    return sorted(locations, key=lambda each: (each.store not in preferred, -weights.get(each.store, 0)))


def by_weight(stores: Sequence[str], weights: Mapping[str, int]) -> list[str]:
    """Return stores as callers see them: in the order of their weights, and of their names where these are equal."""
    return sorted(stores, key=lambda store: (-weights.get(store, 0), store))


def require_changeable(image: Image, verb: str) -> None:
    """Raise StatusRefused unless places may be added (`add`), replaced or removed now."""
    if image.status != status.ACTIVE and (verb == "remove" or image.status != status.QUEUED):
        raise StatusRefused(verb=verb, status=image.status)


def require_addable(image: Image, *, is_claimed: bool) -> None:
    """Raise StatusRefused or OperationRunning unless an image may get its first place by the location API."""
    if image.status != status.QUEUED:
        raise StatusRefused(verb="add", status=image.status)
    if is_claimed:
        raise OperationRunning(image_id=image.id)


def require_few(image: Image, news: Sequence[Placed], limits: Limits, *, is_added: bool) -> None:
    """Raise TooManyLocations."""
    count = len(news) + (len(image.locations) if is_added else 0)
    if 0 <= limits.locations < count:
        raise TooManyLocations(attempted=count, maximum=limits.locations)


def add(image: Image, place: str, new: Placed) -> Image:
    """Return the image with one more place. Raises StatusRefused, ValidationConflict, PositionInvalid, LocationExists.

    An image that had no bytes is active then.
    """
    require_changeable(image, "add")
    said = _newly_said(image, [new])
    position = _position(place, len(image.locations))
    if position is None:
        raise PositionInvalid(gerund="adding")
    if new.location in image.locations:
        raise LocationExists
    locations = list(image.locations)
    locations.insert(position, new.location)
    return _activated(image, locations, [new], said)


def replace_all(image: Image, news: Sequence[Placed]) -> Image:
    """Return the image with other places: its first ones, or those that it has, in another order or described anew.

    Raises StatusRefused, ValidationConflict, LocationsFixed, LocationExists.
    """
    require_changeable(image, "replace")
    said = _newly_said(image, news)
    locations = [new.location for new in news]
    if len(set(map(_name, locations))) < len(locations):
        raise LocationExists
    if image.locations and set(map(_name, locations)) != set(map(_name, image.locations)):
        raise LocationsFixed
    return _activated(image, locations, news, said)


def remove(image: Image, place: str) -> Image:
    """Return the image without one of its places. Raises StatusRefused, LastLocation, PositionInvalid."""
    require_changeable(image, "remove")
    if len(image.locations) == 1:
        raise LastLocation
    position = len(image.locations) - 1 if place == LAST else _number(place)
    if position is None or position >= len(image.locations):
        raise PositionInvalid(gerund="removing")
    return replace(image, locations=image.locations[:position] + image.locations[position + 1 :])


def in_store(image: Image, store: str) -> Location:
    """Return the place in a store that an image can do without.

    Raises StoreRemovalRefused, LastStore, NotInStore.
    """
    if image.status != status.ACTIVE:
        raise StoreRemovalRefused
    if len(image.locations) == 1:
        raise LastStore
    for location in image.locations:
        if location.store == store:
            return location
    raise NotInStore(image_id=image.id, store=store)


def require_digest(said: Mapping[str, str]) -> None:
    """Raise ValidationInvalid unless the hash is one that the algorithm can yield."""
    if said and not _is_digest(said["os_hash_value"], DIGEST_LENGTHS[said["os_hash_algo"]]):
        raise ValidationInvalid(f"os_hash_value is not a hexadecimal value of the size of {said['os_hash_algo']}")


def _activated(image: Image, locations: Sequence[Location], news: Sequence[Placed], said: Mapping[str, str]) -> Image:
    size = image.size or next((new.size for new in news if new.size), image.size)
    facts: dict[str, Any] = dict(said)
    if image.status == status.QUEUED:
        facts["status"] = status.ACTIVE
    return replace(image, locations=tuple(locations), size=size, **facts)


def _newly_said(image: Image, news: Sequence[Placed]) -> Mapping[str, str]:
    """Return what is said of the bytes and was not known. Raises ValidationConflict."""
    said: dict[str, str] = {}
    for new in news:
        for name, value in new.said.items():
            if said.setdefault(name, value) != value:
                raise ValidationConflict(f"Conflicting values for {name}")
    new_said = {name: value for name, value in said.items() if value != getattr(image, name)}
    for name in new_said:
        if getattr(image, name):
            raise ValidationConflict(f"{name} is already set with a different value")
    if new_said:
        _require_sayable(image, new_said)
    return new_said


def _require_sayable(image: Image, said: Mapping[str, str]) -> None:
    if image.status != status.QUEUED:
        names = ", ".join(said)
        raise ValidationConflict(f"New value(s) for {names} may only be provided when image status is 'queued'")
    if "checksum" in said and not _is_digest(said["checksum"], DIGEST_LENGTHS["md5"]):
        raise ValidationConflict("checksum is not a hexadecimal value of the size of md5")
    algorithm = said.get("os_hash_algo")
    if algorithm != HASH_ALGORITHM:
        raise ValidationConflict(f"os_hash_algo must be {HASH_ALGORITHM}, not {algorithm}")
    if not _is_digest(said["os_hash_value"], DIGEST_LENGTHS[HASH_ALGORITHM]):
        raise ValidationConflict(f"os_hash_value is not a hexadecimal value of the size of {HASH_ALGORITHM}")


def _is_digest(text: str, length: int) -> bool:
    return len(text) == length and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _name(location: Location) -> tuple[str, str]:
    return location.store, location.key


def _position(place: str, count: int) -> int | None:
    return count if place == LAST else _number(place)


def _number(place: str) -> int | None:
    return int(place) if place.isascii() and place.isdigit() and len(place) < 10 else None
