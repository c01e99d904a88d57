"""Where images' bytes lie, for those who may know and say so."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pileus.image.api import access
from pileus.image.api.imports import new_task, tell_begun
from pileus.image.api.view import view
from pileus.image.backend import Backend
from pileus.image.model.change import LOCATIONS, Change
from pileus.image.model.errors import DataMissing
from pileus.image.model.image import Image, Location
from pileus.image.model.imports import TASK
from pileus.image.model.location import (
    DIGEST_LENGTHS,
    LOCATION_LOOK,
    Placed,
    by_weight,
    ordered,
    require_addable,
    require_changeable,
    require_digest,
)
from pileus.image.model.location_errors import (
    LocationInvalid,
    LocationsEmpty,
    LocationsHidden,
    OutsideRefused,
    StoreHangs,
)
from pileus.image.model.task import LOCATION_IMPORT
from pileus.image.operations import location as operation
from pileus.image.schema import SchemaMismatch
from pileus.kit.db import Transaction
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import Mismatch, Schema

STORE = "store"  # what we say ourselves in a location's metadata
_RULES = {"add": "set_image_location", "replace": "set_image_location", "remove": "delete_image_location"}
_VERBS = {"add": "add", "replace": "update", "remove": "remove"}
SERVICE_ROLE = "service"
_ADDED = Schema(
    {
        "type": "object",
        "properties": {
            "url": {"type": "string", "minLength": 1, "maxLength": 255},
            "validation_data": {
                "type": ["null", "object"],
                "additionalProperties": False,
                "properties": {
                    "os_hash_algo": {"type": "string", "enum": sorted(DIGEST_LENGTHS)},
                    "os_hash_value": {"type": "string", "maxLength": 128},
                },
                "dependencies": {"os_hash_value": ["os_hash_algo"], "os_hash_algo": ["os_hash_value"]},
            },
        },
        "required": ["url"],
    }
)
_PROBES = threading.BoundedSemaphore(8)  # of handlers that wait for somebody else's server: others have work to do


def add(request: Request, backend: Backend) -> Reply:
    """Say where an image's bytes lie; they are looked at when the caller is gone."""
    body = request.json()
    mismatch = _ADDED.mismatch(body)
    if mismatch is not None:
        raise SchemaMismatch(schema="location", sentence=_without_url(mismatch), where="")
    image = access.get(request, backend)
    require_addable(image, is_claimed=TASK in image.properties)
    _require_outside(request, body["url"], backend)
    said = body.get("validation_data") or {}
    require_digest(said)
    location = find(body["url"], backend)
    arguments = {"store": location.store, "key": location.key, "said": said}
    given = {"image_id": image.id, "loc_url": location.key, "validation_data": said}
    task, now = new_task(request, backend, LOCATION_IMPORT, image.id, given), backend.clock.now()

    assert backend.importing is not None
    work = backend.importing.work

    def begin(tx: Transaction) -> None:
        work.begin(tx, LOCATION_IMPORT, image.id, arguments, task.id)
        operation.begin(tx, task, now)

    backend.database.write(begin)
    tell_begun(task, backend)
    return Reply.empty(202)


def index(request: Request, backend: Backend) -> Reply:
    """List where an image's bytes lie."""
    image = access.readable(request, access.get(request, backend))
    return Reply.json(locations(_ordered(image, backend), backend))


def document(image: Image, backend: Backend) -> dict[str, Any]:
    """Return an image as callers see it, with where its bytes lie if that is shown: first where they are read first."""
    image = _ordered(image, backend)
    shown = view(image)
    places = image.locations or image.unproven
    if places:
        shown["stores"] = ",".join(by_weight([place.store for place in places], backend.weights))
    if backend.exposure.show_multiple_locations:
        shown["locations"] = locations(image, backend)
    if backend.exposure.show_image_direct_url and image.locations:
        shown["direct_url"] = _url(image.locations[0], backend)
    return shown


def locations(image: Image, backend: Backend) -> list[dict[str, Any]]:
    """Return where an image's bytes lie."""
    return [
        {"url": _url(location, backend), "metadata": {**location.metadata, STORE: location.store}}
        for location in image.locations
    ]


def read(request: Request, image: Image, changes: Sequence[Change], backend: Backend) -> list[Change]:
    """Return changes with the places that they name looked up; what is at a new one is asked of its server.

    Raises LocationsEmpty, LocationsHidden, StatusRefused, LocationInvalid, UrlRefused, StoreHangs, Forbidden.
    """
    return [_looked_up(request, image, each, backend) if each.name == LOCATIONS else each for each in changes]


def begin_look(tx: Transaction, old: Image, new: Image, backend: Backend) -> None:
    """Have somebody look at the bytes of the places that an image has got.

    It is its owner's work, one after the other: of a project's slow places no more than one keeps a thread.
    """
    for location in new.locations:
        if location not in old.locations and backend.importing is not None:
            arguments = {"image_id": new.id, "store": location.store, "key": location.key}
            backend.importing.work.begin(tx, LOCATION_LOOK, new.owner or new.id, arguments)


def find(url: str, backend: Backend) -> Location:
    """Return what a URL that a caller names is to us. Raises LocationInvalid, UrlRefused."""
    scheme = url.partition(":")[0].lower() if url.isprintable() else ""
    for name, store in backend.stores.items():
        if scheme in store.schemes:
            backend.gate.require(url)
            return Location(name, url)
    raise LocationInvalid


def _require_outside(request: Request, url: str, backend: Backend) -> None:
    """Raise OutsideRefused if the caller is no service, and the bytes are not on the web."""
    if SERVICE_ROLE in request.context.roles | request.context.service_roles:
        return
    if not url.startswith("http") or not any(store.kind == "http" for store in backend.stores.values()):
        raise OutsideRefused


def _without_url(mismatch: Mismatch) -> str:
    """Return what is wrong with a body; the sentence about a URL would repeat it."""
    return "the url is not understood" if "url" in mismatch.path else mismatch.sentence


def _looked_up(request: Request, image: Image, change: Change, backend: Backend) -> Change:
    if change.verb == "replace" and not change.value:
        raise LocationsEmpty
    request.require(access.target(image), _RULES[change.verb])
    if not backend.exposure.show_multiple_locations:
        raise LocationsHidden(verb=_VERBS[change.verb])
    require_changeable(image, change.verb)
    given = {"remove": [], "add": [change.value], "replace": change.value}[change.verb]
    placed = [_placed(image, each, backend) for each in given]
    return replace(change, value=placed, place=_known_place(change.place, image, backend))


def _ordered(image: Image, backend: Backend) -> Image:
    if len(image.locations) < 2:
        return image
    return replace(image, locations=tuple(ordered(image.locations, backend.weights)))


def _known_place(place: str, image: Image, backend: Backend) -> str:
    """Return the number of a location among those that are known, for the one that callers see."""
    shown = _ordered(image, backend).locations
    if not (place.isascii() and place.isdigit() and len(place) < 10 and int(place) < len(shown)):
        return place
    return str(image.locations.index(shown[int(place)]))


def _placed(image: Image, given: Mapping[str, Any], backend: Backend) -> Placed:
    metadata = {name: value for name, value in given["metadata"].items() if name != STORE}
    said = given.get("validation_data", {})
    for location in image.locations:
        if _url(location, backend) == given["url"]:
            return Placed(replace(location, metadata=metadata), image.size, said)
    location = find(given["url"], backend)
    return Placed(replace(location, metadata=metadata), _size(location, backend), said)


def _size(location: Location, backend: Backend) -> int:
    """Return how many bytes there are. Raises LocationInvalid, UrlRefused, StoreHangs."""
    if not _PROBES.acquire(blocking=False):
        raise StoreHangs(store=location.store)
    try:
        size = backend.stores[location.store].size(location.key)
    except StoreHangs:
        raise
    except (DataMissing, Unavailable):
        raise LocationInvalid from None
    finally:
        _PROBES.release()
    if size <= 0:
        raise LocationInvalid
    return size


def _url(location: Location, backend: Backend) -> str:
    store = backend.stores.get(location.store)
    return f"{location.store}:{location.key}" if store is None else store.url(location.key)
