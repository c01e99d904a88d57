"""The projects that an image is shared with."""

from __future__ import annotations

from typing import Any

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.db import member as members
from pileus.image.model.errors import MemberInvalid, MemberNotFound
from pileus.image.model.image import NAME_LENGTH
from pileus.image.model.member import Member, require_shared
from pileus.image.operations import member as operation
from pileus.kit.clock import isoformat
from pileus.kit.http.message import Reply, Request


def create(request: Request, backend: Backend) -> Reply:
    """Share an image with a project."""
    member_id = _read(request, "member", 'Expected a member in the form: {"member": "image_id"}')
    if not 0 < len(member_id) <= NAME_LENGTH:
        raise MemberInvalid("Member can't be empty" if not member_id else "Member is too long")
    image = access.get(request, backend)
    member = backend.database.write(operation.add, image.id, member_id, backend.limits, backend.clock.now())
    return Reply.json(_view(member))


def index(request: Request, backend: Backend) -> Reply:
    """List the members; whom the image is shared with sees only himself."""
    image = access.get(request, backend)
    require_shared(image)
    with backend.database.read() as tx:
        found = members.list_members(tx, image.id)
    return Reply.json({"members": [_view(member) for member in found], "schema": "/v2/schemas/members"})


def show(request: Request, backend: Backend) -> Reply:
    """Show one membership."""
    image = access.get(request, backend)
    member_id = request.params["member_id"]
    with backend.database.read() as tx:
        member = members.find(tx, image.id, member_id)
    if member is None:
        raise MemberNotFound(image_id=image.id, member_id=member_id)
    return Reply.json(_view(member))


def update(request: Request, backend: Backend) -> Reply:
    """Accept or reject a shared image."""
    status = _read(request, "status", 'Expected a status in the form: {"status": "status"}')
    image = access.get(request, backend)
    member_id, now = request.params["member_id"], backend.clock.now()
    return Reply.json(_view(backend.database.write(operation.answer, image.id, member_id, status, now)))


def delete(request: Request, backend: Backend) -> Reply:
    """Share an image with a project no longer."""
    image = access.get(request, backend)
    backend.database.write(operation.remove, image.id, request.params["member_id"], backend.clock.now())
    return Reply.empty()


def _read(request: Request, name: str, form: str) -> str:
    body = request.json()
    if not isinstance(body, dict) or not isinstance(body.get(name, ""), str):
        raise MemberInvalid(form)
    if name not in body:
        raise MemberInvalid("Member to be added not specified" if name == "member" else "Status not specified")
    return str(body[name])


def _view(member: Member) -> dict[str, Any]:
    return {
        "member_id": member.member_id,
        "image_id": member.image_id,
        "status": member.status,
        "created_at": isoformat(member.created_at),
        "updated_at": isoformat(member.updated_at),
        "schema": "/v2/schemas/member",
    }
