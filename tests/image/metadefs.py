"""Metadata definitions to test with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.image.model.metadef import Definition
from pileus.image.model.metadef_document import read

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456)

WORDS = {"title": "Größe 🐧", "type": "string", "enum": ["a", "b"]}
NUMBER = {"title": "Number", "type": "integer", "minimum": 0}

FULL: dict[str, Any] = {
    "namespace": "OS::Test",
    "display_name": "Test",
    "description": "For tests",
    "visibility": "public",
    "protected": False,
    "owner": "p-own",
    "resource_type_associations": [
        {"name": "OS::Glance::Image", "prefix": "hw_"},
        {"name": "OS::Nova::Server", "properties_target": "metadata"},
    ],
    "properties": {"number": NUMBER, "words": WORDS},
    "objects": [{"name": "both", "description": "Two", "required": ["n"], "properties": {"n": NUMBER, "w": WORDS}}],
    "tags": [{"name": "one"}, {"name": "two"}],
}


def definition(now: datetime = NOON, **document: Any) -> Definition:
    """Return what a document defines: FULL with these changes."""
    return read({**FULL, **document}, "nobody", now)


def empty(name: str, now: datetime = NOON, **document: Any) -> Definition:
    """Return a namespace that holds nothing but what is given."""
    return read({"namespace": name, **document}, "p-own", now)


def without_moments(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reply says of a definition, without its times and links."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(each) for key, each in value.items() if key not in _SERVED}
        return [bare(each) for each in value] if isinstance(value, list) else value

    return dict(bare(dict(document)))


_SERVED = ("created_at", "updated_at", "self", "schema")
