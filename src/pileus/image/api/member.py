"""The projects that an image is shared with."""

from __future__ import annotations

from typing import Any

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.db import member as members
from pileus.image.model.errors import MemberInvalid, MemberNotFound
from pileus.image.model.image import NAME_LENGTH, SHARED, Image
from pileus.image.model.member import Member, is_seen_by, require_shared
from pileus.image.notification import of_deleted, of_member
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
    backend.tell("image.member.create", of_member(member))
    return Reply.json(_view(member))


def index(request: Request, backend: Backend) -> Reply:
    """List the members; whom the image is shared with sees only himself."""
    image = access.get(request, backend)
    require_shared(image)
    with backend.database.read() as tx:
        found = members.list_members(tx, image.id)
    seen = [_view(member) for member in found if _may_see(request, image, member)]
    return Reply.json({"members": seen, "schema": "/v2/schemas/members"})


def show(request: Request, backend: Backend) -> Reply:
    """Show one membership."""
    image = access.get(request, backend)
    if image.visibility != SHARED:
        raise MemberNotFound(image_id=image.id, member_id=request.params["member_id"])
    return Reply.json(_view(_get(request, backend, image)))


def update(request: Request, backend: Backend) -> Reply:
    """Accept or reject a shared image."""
    status = _read(request, "status", 'Expected a status in the form: {"status": "status"}')
    image = access.get(request, backend)
    require_shared(image)
    member, now = _get(request, backend, image), backend.clock.now()
    member = backend.database.write(operation.answer, image.id, member.member_id, status, now)
    backend.tell("image.member.update", of_member(member))
    return Reply.json(_view(member))


def delete(request: Request, backend: Backend) -> Reply:
    """Share an image with a project no longer."""
    image = access.get(request, backend)
    now = backend.clock.now()
    member = backend.database.write(operation.remove, image.id, request.params["member_id"], now)
    backend.tell("image.member.delete", of_deleted(of_member(member), now))
    return Reply.empty()


def _get(request: Request, backend: Backend, image: Image) -> Member:
    """Return the membership that the path names. Raises MemberNotFound also for one that is not the caller's business.

    The policy judges the caller's own membership of the image: nobody may answer for another.
    """
    member_id = request.params["member_id"]
    with backend.database.read() as tx:
        member = members.find(tx, image.id, member_id)
    if member is None or not _may_see(request, image, member):
        raise MemberNotFound(image_id=image.id, member_id=member_id)
    return member


def _may_see(request: Request, image: Image, member: Member) -> bool:
    viewer = access.viewer(request)
    return is_seen_by(member, image, viewer.project_id, is_admin=viewer.is_admin)


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
