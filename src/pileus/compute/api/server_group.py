"""Server groups."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.backend import Backend
from pileus.compute.db import server_group as rows
from pileus.compute.model.error.server_group import ServerGroupNotFound
from pileus.compute.model.server_group import ServerGroup
from pileus.compute.operations import server_group as operations
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

_ALL_PROJECTS = "os_compute_api:os-server-groups:index:all_projects"


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-server-groups."""
    own = request.context.project_id
    is_all = "all_projects" in request.query and request.may(_ALL_PROJECTS, {"project_id": own})
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
    offset = parse.whole("offset", request.query.get("offset") or "0")
    with backend.database.read() as tx:
        found = rows.list_page(tx, project_id=None if is_all else own, limit=limit, offset=offset)
    return Reply.json({"server_groups": [_view(request, group) for group in found]})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-server-groups/{group_id}."""
    with backend.database.read() as tx:
        return Reply.json({"server_group": _view(request, _visible(request, tx))})


def create(request: Request, backend: Backend) -> Reply:
    """POST /os-server-groups."""
    asked = request.json()["server_group"]
    most = asked.get("rules", {}).get("max_server_per_host")
    group = ServerGroup(
        id=ids.new_uuid(),
        project_id=request.context.project_id or "",
        user_id=request.context.user_id,
        name=asked["name"],
        policy=asked["policy"] if "policy" in asked else asked["policies"][0],
        max_server_per_host=None if most is None else int(most),
        created_at=backend.clock.now(),
    )
    backend.database.write(operations.create, backend.quota_of(group.project_id), group)
    return Reply.json({"server_group": _view(request, group)})


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /os-server-groups/{group_id}."""

    def remove(tx: Transaction) -> None:
        operations.delete(tx, _visible(request, tx))

    backend.database.write(remove)
    return Reply.empty(204)


def _visible(request: Request, tx: Transaction) -> ServerGroup:
    """Return the group that the path names. Raises Forbidden, and ServerGroupNotFound for another project's."""
    group = rows.get(tx, request.params["group_id"])
    is_own = group.project_id == request.context.project_id
    if not is_own and not request.may(request.rule or "", group.policy_target):
        raise ServerGroupNotFound(group_id=group.id)
    request.require(group.policy_target)
    return group


def _view(request: Request, group: ServerGroup) -> dict[str, Any]:
    document: dict[str, Any] = {"id": group.id, "name": group.name, "members": group.members}
    if request.since(v.SERVER_GROUP_RULES):
        most = group.max_server_per_host
        document |= {"policy": group.policy, "rules": {} if most is None else {"max_server_per_host": most}}
    else:
        document |= {"policies": [group.policy], "metadata": {}}
    if request.since(v.SERVER_GROUP_OWNER):
        document |= {"project_id": group.project_id, "user_id": group.user_id}
    return document
