"""Tags of a project."""

from __future__ import annotations

import re

from pileus.identity.api.project import authorized
from pileus.identity.backend import Backend
from pileus.identity.model.errors import TagNotFound
from pileus.identity.model.resource import Project
from pileus.identity.operations import project as operations
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

_TAG = re.compile(r"[^,/]{1,255}")


class TagInvalid(Invalid):
    """A tag is neither empty nor long, and has no comma or slash."""

    message = "Invalid input for field 'name': '{tag}' is no tag."


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects/{project_id}/tags."""
    return _shown(request, authorized(request, backend))


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /v3/projects/{project_id}/tags."""
    project_id = authorized(request, backend).id
    return _shown(request, backend.database.write(operations.tag, project_id, request.json()["tags"]))


def clear(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/projects/{project_id}/tags."""
    backend.database.write(operations.tag, authorized(request, backend).id, ())
    return Reply.empty()


def check(request: Request, backend: Backend) -> Reply:
    """GET and HEAD /v3/projects/{project_id}/tags/{tag}."""
    tag = request.params["tag"]
    if tag not in authorized(request, backend).tags:
        raise TagNotFound(tag=tag)
    return Reply.empty()


def add(request: Request, backend: Backend) -> Reply:
    """PUT /v3/projects/{project_id}/tags/{tag}."""
    project_id, tag = authorized(request, backend).id, request.params["tag"]
    if not _TAG.fullmatch(tag):
        raise TagInvalid(tag=tag)
    backend.database.write(operations.add_tag, project_id, tag)
    return Reply(status=201, headers={"location": f"{request.base_url}{request.path}"})


def remove(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/projects/{project_id}/tags/{tag}."""
    backend.database.write(operations.remove_tag, authorized(request, backend).id, request.params["tag"])
    return Reply.empty()


def _shown(request: Request, row: Project) -> Reply:
    links = {"self": f"{request.base_url}/v3/projects/{row.id}/tags"}
    return Reply.json({"tags": list(row.tags), "links": links})
