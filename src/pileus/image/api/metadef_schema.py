"""The schemas of metadata definitions: shown to clients, and held against bodies."""

from __future__ import annotations

from typing import Any

from pileus.image.backend import Backend
from pileus.image.model.errors import AttributeReadOnly
from pileus.image.model.metadef_schema import DOCUMENTS, TAGS
from pileus.image.schema import SchemaMismatch
from pileus.kit.errors import NotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import Schema

_MOMENTS = ("created_at", "updated_at")
_READ_ONLY = {"namespace": ("self", "schema", *_MOMENTS), "object": ("self", "schema", *_MOMENTS)}
_SCHEMAS = {
    name: Schema({**document, "type": "object"})
    for name, document in {
        **{name: DOCUMENTS[name] for name in ("namespace", "object", "property", "tag", "resource_type")},
        "tags": TAGS,
    }.items()
}


def body(request: Request, name: str) -> dict[str, Any]:
    """Return a request's body, which must fit a schema. Raises AttributeReadOnly, SchemaMismatch."""
    document = request.json()
    if isinstance(document, dict):
        for attribute in _READ_ONLY.get(name, _MOMENTS):
            if attribute in document:
                raise AttributeReadOnly(name=attribute)
    require(name, document)
    return dict(document)


def require(name: str, document: Any) -> None:
    """Raise SchemaMismatch unless a document fits a schema."""
    mismatch = _SCHEMAS[name].mismatch(document)
    if mismatch is not None:
        where = "".join(f" (in '{part}')" for part in mismatch.path[:1])
        raise SchemaMismatch(schema=name, sentence=mismatch.sentence, where=where)


def show(request: Request, _backend: Backend) -> Reply:
    """Show one schema."""
    document = DOCUMENTS.get(request.params["name"])
    if document is None:
        raise NotFound("The resource could not be found.")
    return Reply.json(document)
