"""What query strings look like."""

from __future__ import annotations

from typing import Any

from pileus.kit.schema import DatedSchema, Schema, obj
from pileus.kit.versions import Change
from pileus.placement.api import versions
from pileus.placement.api.schema import OWNER_ID, UUID

_TEXT = {"type": "string"}


def _grown(first: dict[str, Any], *later: tuple[Change, dict[str, Any]]) -> DatedSchema:
    """Return the schemas of a query to which each of some versions added names."""
    names = dict(first)
    dated: list[tuple[Change | None, Schema]] = [(None, Schema(obj(names)))]
    for change, more in later:
        names = {**names, **more}
        dated.append((change, Schema(obj(names))))
    return DatedSchema(*dated)


LIST_PROVIDERS = _grown(
    {"name": _TEXT, "uuid": UUID},
    (versions.LIST_BY_AGGREGATE, {"member_of": _TEXT}),
    (versions.LIST_BY_RESOURCES, {"resources": _TEXT}),
    (versions.TREES, {"in_tree": UUID}),
    (versions.LIST_BY_TRAITS, {"required": _TEXT}),
)
LIST_TRAITS = Schema(obj({"name": {"type": "string", "minLength": 1}, "associated": _TEXT}))
LIST_USAGES = Schema(obj({"project_id": OWNER_ID, "user_id": OWNER_ID}, ["project_id"]))

_LIMIT = {"type": "string", "pattern": "^[1-9][0-9]*$", "minLength": 1}
_LIMITED = {"resources": _TEXT, "limit": _LIMIT}
_BY_TRAITS = {**_LIMITED, "required": _TEXT}
_BY_AGGREGATE = {**_BY_TRAITS, "member_of": _TEXT}


def _of_groups(*names: str) -> Schema:
    grouped = {f"^{name}([1-9][0-9]*)?$": _TEXT for name in names}
    document = obj({"limit": _LIMIT, "group_policy": {"type": "string", "enum": ["none", "isolate"]}})
    return Schema({**document, "patternProperties": grouped})


CANDIDATES = DatedSchema(
    (None, Schema(obj({"resources": _TEXT}, ["resources"]))),
    (versions.LIMIT, Schema(obj(_LIMITED, ["resources"]))),
    (versions.CANDIDATES_BY_TRAITS, Schema(obj(_BY_TRAITS, ["resources"]))),
    (versions.CANDIDATES_BY_AGGREGATE, Schema(obj(_BY_AGGREGATE, ["resources"]))),
    (versions.GROUPS, _of_groups("resources", "required", "member_of")),
    (versions.IN_TREE, _of_groups("resources", "required", "member_of", "in_tree")),
)
