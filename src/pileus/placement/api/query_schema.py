"""What query strings look like."""

from __future__ import annotations

from collections.abc import Sequence
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
_OWNER = {"project_id": OWNER_ID, "user_id": OWNER_ID}
_TYPE = {"type": "string", "pattern": "^[A-Z0-9_]+$|^all$|^unknown$", "minLength": 1, "maxLength": 255}
LIST_USAGES = DatedSchema(
    (None, Schema(obj(_OWNER, ["project_id"]))),
    (versions.CONSUMER_TYPES, Schema(obj({**_OWNER, "consumer_type": _TYPE}, ["project_id"]))),
)

_LIMIT = {"type": "string", "pattern": "^[1-9][0-9]*$", "minLength": 1}
_LIMITED = {"resources": _TEXT, "limit": _LIMIT}
_BY_TRAITS = {**_LIMITED, "required": _TEXT}
_BY_AGGREGATE = {**_BY_TRAITS, "member_of": _TEXT}


_NUMBER, _NAME = "[1-9][0-9]*", "[a-zA-Z0-9_-]{1,64}"
_GROUPED = ("resources", "required", "member_of")


def _of_groups(suffix: str, grouped: Sequence[str], *more: str) -> Schema:
    """Return the schema of a query in which some names may carry a suffix, and more names may not."""
    fixed: dict[str, Any] = {"limit": _LIMIT, "group_policy": {"type": "string", "enum": ["none", "isolate"]}}
    document = obj({**fixed, **dict.fromkeys(more, _TEXT)})
    return Schema({**document, "patternProperties": {f"^{name}({suffix})?$": _TEXT for name in grouped}})


CANDIDATES = DatedSchema(
    (None, Schema(obj({"resources": _TEXT}, ["resources"]))),
    (versions.LIMIT, Schema(obj(_LIMITED, ["resources"]))),
    (versions.CANDIDATES_BY_TRAITS, Schema(obj(_BY_TRAITS, ["resources"]))),
    (versions.CANDIDATES_BY_AGGREGATE, Schema(obj(_BY_AGGREGATE, ["resources"]))),
    (versions.GROUPS, _of_groups(_NUMBER, _GROUPED)),
    (versions.IN_TREE, _of_groups(_NUMBER, (*_GROUPED, "in_tree"))),
    (versions.NAMED_GROUPS, _of_groups(_NAME, (*_GROUPED, "in_tree"))),
    (versions.ROOT_REQUIRED, _of_groups(_NAME, (*_GROUPED, "in_tree"), "root_required")),
    (versions.SAME_SUBTREE, _of_groups(_NAME, (*_GROUPED, "in_tree"), "root_required", "same_subtree")),
)
