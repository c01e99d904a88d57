"""Tags of a namespace."""

from __future__ import annotations

from pileus.image.api import metadef_access as access
from pileus.image.api import metadef_query as query
from pileus.image.api import metadef_view as view
from pileus.image.api.metadef_notification import tell_added, tell_changed, tell_removed
from pileus.image.api.metadef_schema import body, require
from pileus.image.backend import Backend
from pileus.image.db import metadef_part as parts
from pileus.image.db.metadef_part import TAG
from pileus.image.model.metadef_document import read_tag
from pileus.image.operations import metadef_part as operation
from pileus.kit.http.message import Reply, Request

_YES = ("1", "t", "true", "on", "y", "yes")


def create(request: Request, backend: Backend) -> Reply:
    """Add the tag that the path names."""
    namespace = access.require(request, backend).namespace
    document = {"name": request.params["tag_name"]}
    require("tag", document)
    new = read_tag(document, backend.clock.now())
    backend.database.write(operation.add, TAG, namespace, new)
    tell_added(backend, namespace, [new])
    return Reply.json(view.tag(new), 201)


def create_many(request: Request, backend: Backend) -> Reply:
    """Give a namespace several tags, in place of those that it has unless the header says to append."""
    document, now = body(request, "tags"), backend.clock.now()
    new = [read_tag(each, now) for each in document.get("tags", ())]
    namespace = access.require(request, backend).namespace
    keeps_others = request.headers.get("x-openstack-append", "").strip().lower() in _YES
    backend.database.write(operation.add_tags, namespace, new, keeps_others=keeps_others)
    tell_added(backend, namespace, new)
    return Reply.json({"tags": [view.word(each) for each in new]}, 201)


def index(request: Request, backend: Backend) -> Reply:
    """List tags; `limit`, `marker` (a name), `sort_key` and `sort_dir` as for namespaces."""
    page = query.part_page(request)
    with backend.database.read() as tx:
        found = parts.list_parts(tx, TAG, access.get(request, tx), page)
    return Reply.json({"tags": [view.word(each) for each in found]})


def show(request: Request, backend: Backend) -> Reply:
    """Show one tag."""
    with backend.database.read() as tx:
        found = parts.get(tx, TAG, access.get(request, tx), request.params["tag_name"])
    return Reply.json(view.tag(found))


def update(request: Request, backend: Backend) -> Reply:
    """Give a tag another name."""
    new = read_tag(body(request, "tag"), backend.clock.now())
    namespace = access.require(request, backend).namespace
    name = request.params["tag_name"]
    changed = backend.database.write(operation.change, TAG, namespace, name, new)
    tell_changed(backend, namespace, changed, name)
    return Reply.json(view.tag(changed))


def delete(request: Request, backend: Backend) -> Reply:
    """Remove a tag."""
    namespace = access.require(request, backend).namespace
    gone = backend.database.write(operation.remove, TAG, namespace, request.params["tag_name"])
    tell_removed(backend, namespace, gone)
    return Reply.empty()
