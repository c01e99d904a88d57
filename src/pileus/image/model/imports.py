"""Imports: how an image's bytes come, and to which stores they go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pileus.image.model import status
from pileus.image.model.digest import PROPERTY as EXPECTED
from pileus.image.model.digest import SIGNED
from pileus.image.model.image import Image, Location
from pileus.image.model.import_errors import (
    FormatUnset,
    ImportRunning,
    NotActive,
    NotQueued,
    NotStaged,
    StoreHasImage,
    WasImported,
)

GLANCE_DIRECT = "glance-direct"  # from the staging area
WEB_DOWNLOAD = "web-download"  # from a URL
GLANCE_DOWNLOAD = "glance-download"  # from an image in another region
COPY_IMAGE = "copy-image"  # from the stores that have it to others
METHODS = (GLANCE_DIRECT, WEB_DOWNLOAD, COPY_IMAGE, GLANCE_DOWNLOAD)

DECOMPRESSION = "image_decompression"
EXTRACTION = "ovf_process"
CONVERSION = "image_conversion"
INJECTION = "inject_image_metadata"
PLUGINS = (DECOMPRESSION, EXTRACTION, CONVERSION, INJECTION)

OVF_PROPERTIES = ("ProcessorArchitecture", "InstructionSet", "InstructionSetExtensionName")
"""What a package says of its processors that is taken over if the operator says nothing else."""

# Properties of an image that only imports set.
TASK = "os_glance_import_task"  # the task that is at it
PENDING_STORES = "os_glance_importing_to_stores"
FAILED_STORES = "os_glance_failed_import"

RECEIVED, UNPACKED, EXTRACTED, CONVERTED = range(4)
"""How far staged bytes are on the way to what is stored."""

_OF_BYTES_AS_THEY_CAME = frozenset({EXPECTED, *SIGNED})
"""Properties that speak of the bytes that came, and of no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Bytes that wait to be imported, or are just being."""

    image_id: str
    location: Location
    size: int  # in bytes
    form: int = RECEIVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an operator has done to whatever is imported."""

    plugins: Collection[str] = ()
    output_format: str = "raw"
    ovf_properties: Collection[str] = OVF_PROPERTIES
    parallel_stores: int = 8  # that one import writes to at the same time
    ignored_roles: Collection[str] = ("admin",)  # nothing is injected for their holders
    injected: Mapping[str, str]
    extra_properties: Sequence[str]  # beginnings of names that are taken over from another region

    def injected_for(self, roles: Iterable[str]) -> Mapping[str, str]:
        """Return the properties that an image gets whose import is begun by a holder of these roles."""
        if INJECTION not in self.plugins or not set(self.ignored_roles).isdisjoint(roles):
            return {}
        return {name: value for name, value in self.injected.items() if not name.startswith("os_glance")}


def require_importable(image: Image, method: str) -> None:
    """Raise a Conflict unless bytes may come in this way now."""
    if method == COPY_IMAGE:
        if image.status != status.ACTIVE:
            raise NotActive
    elif image.status == status.ACTIVE:
        raise WasImported
    elif method == GLANCE_DIRECT and image.status != status.UPLOADING:
        raise NotStaged
    elif method != GLANCE_DIRECT and image.status != status.QUEUED:
        raise NotQueued(method=method)
    for name in ("container_format", "disk_format"):
        if getattr(image, name) is None:
            raise FormatUnset(name=name)
    if TASK in image.properties:
        raise ImportRunning(image_id=image.id)


def stores_lacking(image: Image, stores: Sequence[str], *, is_all: bool) -> tuple[str, ...]:
    """Return to which stores an image shall be copied. Raises StoreHasImage if one was named that has it already."""
    present = {location.store for location in image.locations}
    for store in stores:
        if store in present and not is_all:
            raise StoreHasImage(store=store)
    return tuple(store for store in stores if store not in present)


def unclaimed(image: Image) -> Image:
    """Return an image that no task is at any more."""
    properties = {name: value for name, value in image.properties.items() if name not in (TASK, PENDING_STORES)}
    return replace(image, properties=properties)


def unsigned(properties: Mapping[str, str]) -> dict[str, str]:
    """Return properties without those that say what the bytes were before a plugin changed them."""
    return {name: value for name, value in properties.items() if name not in _OF_BYTES_AS_THEY_CAME}


def listed(stores: Iterable[str]) -> str:
    """Return stores as a property says them."""
    return ",".join(sorted(set(stores)))


def unlisted(text: str) -> set[str]:
    """Return the stores that a property says."""
    return set(filter(None, text.split(",")))


def import_location(store: str, image_id: str, task_id: str, upload_id: str) -> Location:
    """Return where a try to import puts its bytes: the name tells of which task they are."""
    return Location(store, f"{_stem(image_id, task_id)}{upload_id[:8]}")


def locations_of(image: Image, task_id: str) -> list[Location]:
    """Return where a task has put an image's bytes."""
    return [location for location in image.locations if location.key.startswith(_stem(image.id, task_id))]


def _stem(image_id: str, task_id: str) -> str:
    return f"{image_id}-{task_id[:8]}-"
