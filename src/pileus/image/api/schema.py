"""Schemas, as clients may read them."""

from __future__ import annotations

from pileus.image.api.task_schema import TASK, TASK_STUB
from pileus.image.backend import Backend
from pileus.image.schema import UUID_PATTERN, Document, read_only, text
from pileus.kit.errors import NotFound
from pileus.kit.http.message import Reply, Request

MEMBER: Document = {
    "name": "member",
    "properties": {
        "member_id": text("The project that the image is shared with"),
        "image_id": text("The image", pattern=UUID_PATTERN),
        "created_at": text("When the image was shared"),
        "updated_at": text("When the membership last changed"),
        "status": text("What the project thinks of it", enum=["pending", "accepted", "rejected"]),
        "schema": read_only({"type": "string"}),
    },
}

_LINK: Document = {"type": "string"}


def _pages(name: str, item: Document) -> Document:
    return {
        "name": name,
        "properties": {name: {"type": "array", "items": item}, "first": _LINK, "next": _LINK, "schema": _LINK},
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


def _collection(name: str, item: Document) -> Document:
    return {
        "name": name,
        "properties": {name: {"type": "array", "items": item}, "schema": _LINK},
        "links": [{"rel": "describedby", "href": "{schema}"}],
    }


_DOCUMENTS: dict[str, Document] = {
    "member": MEMBER,
    "members": _collection("members", MEMBER),
    "task": TASK,
    "tasks": _pages("tasks", TASK_STUB),
}


def show(request: Request, backend: Backend) -> Reply:
    """Show one schema."""
    image, name = backend.schema.document, request.params["name"]
    documents = {**_DOCUMENTS, "image": image, "images": _pages("images", image)}
    if name not in documents:
        raise NotFound("The resource could not be found.")
    return Reply.json(documents[name])
