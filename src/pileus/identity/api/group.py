"""Groups, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.body import authorized_home, changes, extra
from pileus.identity.api.listing import asked, page
from pileus.identity.api.user import target_of
from pileus.identity.backend import Backend
from pileus.identity.db import group, user
from pileus.identity.model.errors import MembershipNotFound, ResourceNotFound
from pileus.identity.model.resource import Group
from pileus.identity.operations import group as operations
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "domain_id"}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/groups; who is scoped to a domain sees those in it."""
    mine = request.context.domain_id
    request.require({"target": {"group": {"domain_id": mine}}})
    wanted = asked(request, backend, group.FILTERS)
    with backend.database.read() as tx:
        rows = group.list_groups(tx, domain_id=mine, asked=wanted)
    return page(request, "groups", map(view.group, rows), wanted)


def index_of_user(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/groups: in which the user is."""
    user_id = request.params["user_id"]
    with backend.database.read() as tx:
        row = user.find(tx, user_id)
    request.require(target_of(row))
    if row is None:
        raise ResourceNotFound(kind="user", id=user_id)
    wanted = asked(request, backend, group.FILTERS)
    with backend.database.read() as tx:
        rows = group.list_groups(tx, domain_id=request.context.domain_id, user_id=user_id, asked=wanted)
    shown = [{**view.group(each), "membership_expires_at": None} for each in rows]
    return page(request, "groups", shown, wanted)


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/groups/{group_id}."""
    return view.one(request, "group", "groups", view.group(_authorized(request, backend)))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/groups."""
    body = request.json()["group"]
    home = authorized_home(request, backend, "group", body)
    new = Group(
        id=ids.new_hex_id(),
        name=body["name"].strip(),
        domain_id=home,
        description=body.get("description", ""),
        extra=extra(body, _FIELDS),
    )
    row = backend.database.write(operations.create, new)
    return view.one(request, "group", "groups", view.group(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/groups/{group_id}."""
    _authorized(request, backend)
    wanted = changes(request.json()["group"], _FIELDS, texts=())
    row = backend.database.write(operations.update, request.params["group_id"], wanted)
    return view.one(request, "group", "groups", view.group(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/groups/{group_id}; that there is none, unlike elsewhere, everybody is told."""
    with backend.database.read() as tx:
        row = group.get(tx, request.params["group_id"])
    request.require({"target": _group_target(row)})
    backend.database.write(operations.delete, request.params["group_id"])
    return Reply.empty()


def check_member(request: Request, backend: Backend) -> Reply:
    """GET /v3/groups/{group_id}/users/{user_id}: 204 if the user is in it."""
    group_id, user_id = _authorized_pair(request, backend)
    with backend.database.read() as tx:
        group.get(tx, group_id)
        user.get(tx, user_id)
        if not group.has_member(tx, group_id, user_id):
            raise MembershipNotFound(user_id=user_id, group_id=group_id)
    return Reply.empty()


def add_member(request: Request, backend: Backend) -> Reply:
    """PUT /v3/groups/{group_id}/users/{user_id}."""
    backend.database.write(operations.add_member, *_authorized_pair(request, backend))
    return Reply.empty()


def remove_member(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/groups/{group_id}/users/{user_id}."""
    backend.database.write(operations.remove_member, *_authorized_pair(request, backend))
    return Reply.empty()


def _authorized(request: Request, backend: Backend) -> Group:
    """Return the group of the path, if the caller may. Who may not does not learn whether it exists."""
    with backend.database.read() as tx:
        row = group.find(tx, request.params["group_id"])
    request.require({"target": _group_target(row)})
    if row is None:
        raise ResourceNotFound(kind="group", id=request.params["group_id"])
    return row


def _authorized_pair(request: Request, backend: Backend) -> tuple[str, str]:
    """Return the group and the user of the path, which need not exist, if the caller may."""
    group_id, user_id = request.params["group_id"], request.params["user_id"]
    with backend.database.read() as tx:
        inside, member = group.find(tx, group_id), user.find(tx, user_id)
    request.require({"target": {**_group_target(inside), **target_of(member).get("target", {})}})
    return group_id, user_id


def _group_target(row: Group | None) -> Mapping[str, Any]:
    return {} if row is None else {"group": {"id": row.id, "domain_id": row.domain_id}}
