"""What request bodies look like."""

from __future__ import annotations

from typing import Any

from pileus.kit.schema import DatedSchema, Schema, obj
from pileus.placement.api import versions
from pileus.placement.model.inventory import MAX_INT

UUID = {"type": "string", "format": "uuid"}
UUID_PATTERN = "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"
CLASS_PATTERN = "^[A-Z0-9_]+$"
CUSTOM_NAME = {"type": "string", "pattern": "^CUSTOM_[A-Z0-9_]+$", "maxLength": 255}
GENERATION = {"type": "integer"}
STORABLE = "^[^\0]*$"  # PostgreSQL stores no NUL
OWNER_ID = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": STORABLE}

# --- resource providers -------------------------------------------------------------------------------

_NAME = {"type": "string", "maxLength": 200, "pattern": STORABLE}
_PARENT = {"anyOf": [UUID, {"type": "null"}]}

POST_PROVIDER = DatedSchema(
    (None, Schema(obj({"name": _NAME, "uuid": UUID}, ["name"]))),
    (versions.TREES, Schema(obj({"name": _NAME, "uuid": UUID, "parent_provider_uuid": _PARENT}, ["name"]))),
)
PUT_PROVIDER = DatedSchema(
    (None, Schema(obj({"name": _NAME}, ["name"]))),
    (versions.TREES, Schema(obj({"name": _NAME, "parent_provider_uuid": _PARENT}, ["name"]))),
)

# --- resource classes ---------------------------------------------------------------------------------

RESOURCE_CLASS = Schema(obj({"name": CUSTOM_NAME}, ["name"]))
NEW_NAME = Schema(CUSTOM_NAME)  # of a class whose name comes in the URL

# --- inventories --------------------------------------------------------------------------------------

_UNIT = {"type": "integer", "minimum": 1, "maximum": MAX_INT}
INVENTORY_FIELDS: dict[str, Any] = {
    "total": _UNIT,
    "reserved": {"type": "integer", "minimum": 0, "maximum": MAX_INT},
    "min_unit": _UNIT,
    "max_unit": _UNIT,
    "step_size": _UNIT,
    "allocation_ratio": {"type": "number", "maximum": 3.40282e38},
}
INVENTORIES = {
    "type": "object",
    "patternProperties": {CLASS_PATTERN: obj(INVENTORY_FIELDS, ["total"])},
    "additionalProperties": False,
}
_GUARDED_FIELDS = {"resource_provider_generation": GENERATION, **INVENTORY_FIELDS}

POST_INVENTORY = Schema(
    obj(
        {**_GUARDED_FIELDS, "resource_class": {"type": "string", "pattern": CLASS_PATTERN}},
        ["resource_class", "total"],
    )
)
PUT_INVENTORY = Schema(obj(_GUARDED_FIELDS, ["resource_provider_generation", "total"]))
PUT_INVENTORIES = Schema(
    obj(
        {"resource_provider_generation": GENERATION, "inventories": INVENTORIES},
        ["resource_provider_generation", "inventories"],
    )
)

# --- aggregates and traits ----------------------------------------------------------------------------

_AGGREGATES = {"type": "array", "items": UUID, "uniqueItems": True}
PUT_AGGREGATES = DatedSchema(
    (None, Schema(_AGGREGATES)),
    (
        versions.AGGREGATE_GENERATION,
        Schema(
            obj(
                {"aggregates": _AGGREGATES, "resource_provider_generation": GENERATION},
                ["aggregates", "resource_provider_generation"],
            )
        ),
    ),
)
PUT_TRAITS = Schema(
    obj(
        {
            "traits": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[A-Z0-9_]+$", "minLength": 1, "maxLength": 255},
                "uniqueItems": True,
            },
            "resource_provider_generation": GENERATION,
        },
        ["traits", "resource_provider_generation"],
    )
)

# --- allocations --------------------------------------------------------------------------------------

_RESOURCES = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {CLASS_PATTERN: {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_LISTED = {
    "type": "array",
    "minItems": 1,
    "items": obj(
        {"resource_provider": obj({"uuid": UUID}, ["uuid"]), "resources": _RESOURCES},
        ["resource_provider", "resources"],
    ),
}
_OWNER = {"project_id": OWNER_ID, "user_id": OWNER_ID}
_CONSUMER_GENERATION = {"type": ["integer", "null"]}


def _keyed(least: int) -> dict[str, Any]:
    """Return the schema of allocations by their providers' uuids."""
    one = obj({"generation": GENERATION, "resources": _RESOURCES}, ["resources"])
    return {
        "type": "object",
        "minProperties": least,
        "patternProperties": {UUID_PATTERN: one},
        "additionalProperties": False,
    }


_GUARDED = {**_OWNER, "consumer_generation": _CONSUMER_GENERATION}
_TYPED = {**_GUARDED, "consumer_type": {"type": "string", "pattern": CLASS_PATTERN, "minLength": 1, "maxLength": 255}}
_MAPPINGS = {
    "mappings": {
        "type": "object",
        "minProperties": 1,
        "patternProperties": {"^([a-zA-Z0-9_-]{1,64})?$": {"type": "array", "minItems": 1, "items": UUID}},
        "additionalProperties": False,
    }
}


def _of_consumer(least: int, fields: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of all that one consumer shall hold."""
    required = {"allocations": _keyed(least), **fields}
    return obj({**required, **(optional or {})}, list(required))


def _of_consumers(least: int, fields: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": least,
        "patternProperties": {UUID_PATTERN: _of_consumer(0, fields, optional)},
        "additionalProperties": False,
    }


def _reshape(guarded: dict[str, Any], optional: dict[str, Any] | None = None) -> Schema:
    stock = obj(
        {"resource_provider_generation": GENERATION, "inventories": INVENTORIES},
        ["resource_provider_generation", "inventories"],
    )
    inventories = {"type": "object", "patternProperties": {UUID_PATTERN: stock}, "additionalProperties": False}
    fields = {"inventories": inventories, "allocations": _of_consumers(0, guarded, optional)}
    return Schema(obj(fields, list(fields)))


PUT_ALLOCATIONS = DatedSchema(
    (None, Schema(obj({"allocations": _LISTED}, ["allocations"]))),
    (
        versions.ALLOCATION_OWNER,
        Schema(obj({"allocations": _LISTED, **_OWNER}, ["allocations", "project_id", "user_id"])),
    ),
    (versions.ALLOCATION_DICT, Schema(_of_consumer(1, _OWNER))),
    (versions.CONSUMER_GENERATION, Schema(_of_consumer(0, _GUARDED))),
    (versions.MAPPINGS, Schema(_of_consumer(0, _GUARDED, _MAPPINGS))),
    (versions.CONSUMER_TYPES, Schema(_of_consumer(0, _TYPED, _MAPPINGS))),
)
POST_ALLOCATIONS = DatedSchema(
    (None, Schema(_of_consumers(1, _OWNER))),
    (versions.CONSUMER_GENERATION, Schema(_of_consumers(1, _GUARDED))),
    (versions.MAPPINGS, Schema(_of_consumers(1, _GUARDED, _MAPPINGS))),
    (versions.CONSUMER_TYPES, Schema(_of_consumers(1, _TYPED, _MAPPINGS))),
)
RESHAPE = DatedSchema(
    (None, _reshape(_GUARDED)),
    (versions.MAPPINGS, _reshape(_GUARDED, _MAPPINGS)),
    (versions.CONSUMER_TYPES, _reshape(_TYPED, _MAPPINGS)),
)
