"""Image's personas: those of the project that owns the image, one that it is shared with, another, and a service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pileus.image.api.routes import ROUTES
from pileus.image.backend import Importing
from pileus.image.db import image as images
from pileus.image.db import import_tables
from pileus.image.db import member as members
from pileus.image.db import task as tasks
from pileus.image.model import status
from pileus.image.model.image import Image, Location
from pileus.image.model.imports import METHODS
from pileus.image.model.member import Member
from pileus.image.model.task import IMPORT, Task
from pileus.image.service import new_backend, new_service, new_stores
from pileus.image.settings import Settings, StoreSettings
from pileus.image.stores.memory import MemoryStore
from pileus.image.workflows import WORKFLOWS
from pileus.kit import ids
from pileus.kit.clock import SystemClock
from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated
from pileus.kit.workflow import Runner, WorkflowStore
from tests.golden.matrix import Sample, StreamingApp, Subject

if TYPE_CHECKING:
    from pileus.image.backend import Backend
    from pileus.kit.db import Database
    from pileus.kit.http.message import Request
    from pileus.kit.http.routes import Route
    from pileus.kit.http.threads import Threads

_LADDER = ("reader", "member", "manager", "admin")
PATCH = "application/openstack-images-v2.1-json-patch"
IMAGE = "/v2/images/{image_id}"
SAMPLED = {
    "/v2/images",
    IMAGE,
    *(f"{IMAGE}/{part}" for part in ("file", "tags/{tag}", "members", "members/{member_id}")),
    *(f"{IMAGE}/actions/{action}" for action in ("deactivate", "reactivate")),
    *(f"{IMAGE}/{part}" for part in ("stage", "import", "tasks")),
    f"{IMAGE}/locations",
    "/v2/stores/{store_id}/{image_id}",
    "/v2/info/stores",
    "/v2/info/stores/detail",
    "/v2/tasks",
    "/v2/tasks/{task_id}",
    "/v2/schemas/{name}",
}


class Callers:
    """A token is the name of a persona."""

    def __init__(self) -> None:
        roles = {role: frozenset(_LADDER[: number + 1]) for number, role in enumerate(_LADDER)}
        self.contexts = {role: Context(user_id=role, project_id="own", roles=held) for role, held in roles.items()}
        for place in ("shared-with", "other"):
            for role in ("reader", "member", "manager"):
                name = f"{place}-{role}"
                self.contexts[name] = Context(user_id=name, project_id=place, roles=roles[role])
        self.contexts["other-admin"] = Context(user_id="a", project_id="other", roles=roles["admin"])
        self.contexts["domain-admin"] = Context(user_id="d", domain_id="d", roles=roles["admin"])
        self.contexts["system-admin"] = Context(user_id="s", is_system=True, roles=roles["admin"])
        self.contexts["service"] = Context(user_id="service", project_id="service", roles=frozenset({"service"}))

    def authenticate(self, request: Request) -> Context:
        """Return the persona. Raises Unauthenticated."""
        found = self.contexts.get(request.headers.get("x-auth-token", ""))
        if found is None:
            raise Unauthenticated
        return found


class Samples:
    """Makes an image of one visibility for each request, with a member and a tag."""

    def __init__(self, backend: Backend, visibility: str) -> None:
        self._backend = backend
        self._visibility = visibility

    def __call__(self, row: Route[Any]) -> Sample:
        """Return a request for a route."""
        body, headers = self._content(row)
        is_upload = row.method == "PUT" and row.path.endswith(("/file", "/stage"))
        params = {"name": "image", "tag": "t", "member_id": "shared-with", "store_id": "local"}
        if "{task_id}" in row.path:
            params["task_id"] = self._new_task()
        if "{image_id}" in row.path:
            params["image_id"] = self._new_image(status.QUEUED if is_upload else status.ACTIVE)
        if "{store_id}" in row.path:  # one store must be left
            self._backend.database.write(images.insert_location, params["image_id"], Location("other", "x"))
        return Sample(params=params, body=body, headers=headers)

    def _content(self, row: Route[Any]) -> tuple[Any, dict[str, str]]:
        match row.method, row.path.rsplit("/", 1)[-1]:
            case "POST", "images":
                return {"visibility": self._visibility}, {}
            case "PATCH", _:
                return [{"op": "add", "path": "/x", "value": "y"}], {"content-type": PATCH}
            case "POST", "members":
                return {"member": "new"}, {}
            case "PUT", "{member_id}":
                return {"status": "accepted"}, {}
            case "POST", "locations":
                return {"url": "http://192.0.80.1/x"}, {}
            case "POST", "tasks":
                source = {"import_from": "http://192.0.80.1/x", "import_from_format": "raw", "image_properties": {}}
                return {"type": "import", "input": source}, {}
            case "POST", "import":
                return {"method": {"name": "glance-direct"}}, {}
            case "PUT", "file" | "stage":
                return None, {"content-type": "application/octet-stream"}
            case _:
                return None, {}

    def _new_task(self) -> str:
        now = self._backend.clock.now()
        task = Task(id=ids.new_uuid(), type=IMPORT, owner="own", created_at=now, updated_at=now)
        self._backend.database.write(tasks.insert, task)
        return task.id

    def _new_image(self, state: str) -> str:
        now, image_id = self._backend.clock.now(), ids.new_uuid()
        image = Image(
            id=image_id,
            status=state,
            visibility=self._visibility,
            owner="own",
            disk_format="raw",
            container_format="bare",
            size=1 if state == status.ACTIVE else None,
            tags=frozenset({"t"}),
            created_at=now,
            updated_at=now,
        )
        member = Member(image_id=image_id, member_id="shared-with", created_at=now, updated_at=now)
        self._backend.database.write(images.insert, image)
        self._backend.database.write(members.insert, member)
        if state == status.ACTIVE:
            writer = self._backend.stores["local"].create(image_id, 1)
            writer.write([b"x"])
            writer.commit()
            self._backend.database.write(images.insert_location, image_id, Location("local", image_id))
        return image_id


def _importing(backend: Backend) -> Importing:
    """Return what takes imports in; nobody does their work."""
    store = WorkflowStore(import_tables.WORKFLOW, import_tables.WORKFLOW_STEP)
    work: Runner[Any] = Runner(backend.database, store, WORKFLOWS, None, owner="", clock=backend.clock)
    return Importing(staging=MemoryStore("staging"), work=work, methods=METHODS, tokens={})


def subject(database: Database, threads: Threads, visibility: str) -> Subject:
    """Return image, with images of one visibility."""
    callers = Callers()
    settings = Settings(stores={"local": StoreSettings(kind="memory")})
    backend = new_backend(settings, database, SystemClock(), threads, new_stores(settings, Path()))
    backend = replace(backend, importing=_importing(backend))
    app = StreamingApp(new_service(backend, callers))
    personas = {"anonymous": {}, **{name: {"x-auth-token": name} for name in callers.contexts}}
    rows = [row for row in ROUTES.rows if row.path in SAMPLED]
    return Subject(app=app, rows=rows, personas=personas, sample=Samples(backend, visibility))
