"""Metadata definitions of the image service: one namespace, made anew for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pileus.image.api.metadef_routes import METADEF_ROWS
from pileus.image.db import metadef_namespace as namespaces
from pileus.image.operations import metadef_namespace as operation
from pileus.image.service import new_backend, new_service
from pileus.image.settings import Settings
from pileus.image.stores.memory import MemoryStore
from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from tests.golden.matrix import Sample, Subject
from tests.golden.placement import Callers
from tests.image.metadefs import WORDS, definition

if TYPE_CHECKING:
    from pileus.kit.db import Database, Transaction
    from pileus.kit.http.routes import Route
    from pileus.kit.http.threads import Threads

_PLACES = {
    "namespace": "OS::Test",
    "property_name": "words",
    "object_name": "both",
    "tag_name": "one",
    "resource_type": "OS::Glance::Image",
    "name": "namespace",
}
_BODIES: dict[str, Any] = {
    "namespaces": {"namespace": "new"},
    "{namespace}": {"namespace": "OS::Test"},
    "properties": {"name": "new", **WORDS},
    "{property_name}": {"name": "words", **WORDS},
    "objects": {"name": "new"},
    "{object_name}": {"name": "both"},
    "tags": {"tags": [{"name": "new"}]},
    "{tag_name}": {"name": "one"},
    "resource_types": {"name": "new"},
}


def subject(database: Database, threads: Threads, *, owner: str, visibility: str) -> Subject:
    """Return the image service with a namespace of some project."""
    callers = Callers()
    backend = new_backend(Settings(), database, SystemClock(), threads, {"memory": MemoryStore("memory")})
    personas = {"anonymous": {}, **{name: {"x-auth-token": name} for name in callers.contexts}}

    def sample(row: Route[Any]) -> Sample:
        database.write(_renew, owner, visibility)
        body = _BODIES.get(row.path.rsplit("/", 1)[-1]) if row.method in ("POST", "PUT") else None
        return Sample(params={**_PLACES, "tag_name": "three"} if row.method == "POST" else _PLACES, body=body)

    return Subject(app=App(new_service(backend, callers)), rows=METADEF_ROWS, personas=personas, sample=sample)


def _renew(tx: Transaction, owner: str, visibility: str) -> None:
    namespaces.delete_all(tx)
    operation.create(tx, definition(owner=owner, visibility=visibility))
