"""A compute service with small stand-ins for what is remote: image service, workflows, agents, identity."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pileus.clients.placement import ProviderInUse
from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.messages import (
    AbortMigration,
    Accepted,
    CacheImage,
    ChangePassword,
    CompleteMigration,
    ConsoleAddress,
    ConsoleConnection,
    ConsoleOutput,
    ConsoleText,
    CrashGuest,
    Diagnostics,
    DiskUse,
    GuestDiagnostics,
    Refused,
    Resources,
)
from pileus.compute.model.server import VmState
from pileus.compute.operations.bootstrap import bootstrap
from pileus.compute.service import MIGRATIONS, new_service
from pileus.compute.settings import QuotaSettings, Settings
from pileus.kit import ids
from pileus.kit.bus.bus import NoAnswer
from pileus.kit.context import Context
from pileus.kit.db import Database, Transaction
from pileus.kit.errors import NotFound, Unauthenticated
from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pileus.clients.placement import Placement

IMAGE_ID = "8a1b0c5e-6f0b-4a43-8e7f-6b6f3a1d2c11"
ADMIN, MEMBER, READER, OTHER = "admin", "member", "reader", "other"

CALLERS = {
    ADMIN: Context(user_id="u-admin", project_id="p-admin", roles=frozenset(("admin", "member", "reader"))),
    MEMBER: Context(user_id="u-member", project_id="p-one", roles=frozenset(("member", "reader"))),
    READER: Context(user_id="u-reader", project_id="p-one", roles=frozenset(("reader",))),
    OTHER: Context(user_id="u-other", project_id="p-two", roles=frozenset(("member", "reader"))),
}


class Callers:
    """Knows four people by their token."""

    def authenticate(self, request: Request) -> Context:
        caller = CALLERS.get(request.headers.get("x-auth-token", ""))
        if caller is None:
            raise Unauthenticated
        return caller


@dataclass
class MemoryImages:
    """An image service in a dictionary."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get(self, image_id: str, token: str) -> dict[str, Any]:
        if image_id not in self.documents:
            raise NotFound("No image found")
        return self.documents[image_id]

    def create(self, attributes: dict[str, Any], token: str) -> dict[str, Any]:
        document = {"id": ids.new_uuid(), **attributes, "status": "queued"}
        self.documents[document["id"]] = document
        return document

    def list_seen(self, query: dict[str, str], token: str) -> list[dict[str, Any]]:
        wanted = {name: value for name, value in query.items() if name not in ("limit", "marker", "updated_at")}
        return [
            document for document in self.documents.values()
            if all(str(document.get(name)) == value for name, value in wanted.items())
        ]  # fmt: skip

    def update(self, image_id: str, changes: dict[str, Any], removed: tuple[str, ...], token: str) -> dict[str, Any]:
        document = self.documents[image_id]
        document.update(changes)
        for name in removed:
            del document[name]
        return document

    def delete(self, image_id: str, token: str) -> None:
        self.documents.pop(image_id, None)

    def endpoint(self) -> str:
        return "http://image.example"

    def token(self) -> str:
        return "own-token"


@dataclass
class Rooms:
    """A placement service that forgets what it is told to, unless somebody is in there."""

    forgotten: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    aggregates: dict[str, list[str]] = field(default_factory=dict)  # of each provider

    def set_aggregates(self, provider: str, aggregates: list[str], known: list[str]) -> None:
        assert set(aggregates) <= set(known)
        self.aggregates[provider] = list(aggregates)

    def delete_provider(self, provider: str) -> None:
        if provider in self.used:
            raise ProviderInUse(provider=provider, reason="it has allocations")
        self.forgotten.append(provider)


class KnownProjects:
    """An identity service that has the projects of those who call."""

    def exists(self, project_id: str, token: str) -> bool:
        return project_id.startswith("p-")


@dataclass
class NotedWork:
    """Notes the work that was begun, and does none of it."""

    begun: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def begin(self, tx: Transaction, kind: str, subject: str, arguments: dict[str, Any]) -> str:
        self.begun.append((kind, subject, arguments))
        return ids.new_uuid()

    def cancel(self, tx: Transaction, subject: str) -> None:
        self.cancelled.append(subject)


@dataclass
class OneAgent:
    """A bus with one agent on host `h1`, whose guests have written something."""

    consoles: dict[str, str] = field(default_factory=dict)
    wishes: list[tuple[str, CacheImage]] = field(default_factory=list)

    def tell(self, address: str, message: object) -> None:
        assert isinstance(message, CacheImage), "the API tells agents wishes, and no orders"
        self.wishes.append((address, message))

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        if address != "agent.h1":
            raise NoAnswer(address=address, timeout_s=timeout_s)
        if isinstance(question, Diagnostics):
            return DIAGNOSTICS
        if isinstance(question, ConsoleConnection):
            return ConsoleAddress(host="10.0.0.1", port=5900)
        if isinstance(question, AbortMigration | ChangePassword | CompleteMigration | CrashGuest):
            return Accepted()
        assert isinstance(question, ConsoleOutput)
        if question.server_id not in self.consoles:
            return Refused(reason="no such guest")
        return ConsoleText(text="\n".join(self.consoles[question.server_id].split("\n")[-(question.lines or 0) :]))

    def listen(self, address: str, handler: Any) -> None:
        raise AssertionError("the API listens to nobody")

    def close(self) -> None:
        pass


DIAGNOSTICS = GuestDiagnostics(
    driver="libvirt", hypervisor="qemu", uptime_s=None, cpu_times_ns=(10**9,), memory_maximum_mb=512,
    memory_used_mb=400,
    disks=(DiskUse(device="vda", read_bytes=1, read_requests=2, write_bytes=3, write_requests=4, errors=0),),
)  # fmt: skip


class Cloud:
    """The service, and shorthand for asking it things."""

    def __init__(
        self,
        url: str,
        settings: Settings | None = None,
        *,
        policy_file: Path | None = None,
        quota_of: Callable[[str], QuotaSettings] | None = None,
    ) -> None:
        self.database = Database(url)
        MIGRATIONS.sync(self.database)
        self.clock, self.images, self.work, self.bus = HeldClock(), MemoryImages(), NotedWork(), OneAgent()
        self.rooms = Rooms()
        self.images.documents[IMAGE_ID] = {
            "id": IMAGE_ID, "name": "cirros", "status": "active", "disk_format": "qcow2", "container_format": "bare",
            "size": 2**20, "min_ram": 0, "min_disk": 0, "os_distro": "cirros",
        }  # fmt: skip
        self.backend = Backend(
            database=self.database,
            clock=self.clock,
            settings=settings or Settings(),
            bus=self.bus,
            images=self.images,
            work=self.work,
            placement=cast("Placement", self.rooms),
            projects=KnownProjects(),
            quota_of=quota_of or (lambda _project_id: (settings or Settings()).quota),
        )
        self.app = App(new_service(self.backend, Callers(), policy_file=policy_file))
        self.database.write(bootstrap, self.clock.now())

    def ask(
        self, method: str, path: str, body: Any = None, *, who: str = MEMBER, version: str = "",
        headers: dict[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        asked = {"openstack-api-version": f"compute {version}"} if version else {}
        where, _, query = path.partition("?")
        request = Request(
            method=method,
            path=where if where.startswith("/v2") or where == "/" else f"/v2.1{where}",
            query=Query(query),
            headers={"x-auth-token": who, "content-type": "application/json", **asked, **(headers or {})},
            body=b"" if body is None else json.dumps(body).encode(),
            base_url="http://compute.example",
        )
        return self.app.handle(request)

    def get(self, path: str, *, who: str = MEMBER, version: str = "") -> Any:
        reply = self.ask("GET", path, who=who, version=version)
        assert reply.status == 200, reply.body
        return reply.decoded()

    def new_server(self, name: str = "vm", *, who: str = MEMBER, **more: Any) -> str:
        reply = self.ask("POST", "/servers", server_body(name, **more), who=who)
        assert reply.status == 202, reply.body
        return str(reply.decoded()["server"]["id"])

    def active_server(self, name: str = "vm", *, who: str = MEMBER, host: str = "h1") -> str:
        """A server as its boot leaves it."""
        server_id = self.new_server(name, who=who)
        now = self.clock.now()

        def boot(tx: Transaction) -> None:
            servers.set_state(
                tx, server_id, vm_state=VmState.ACTIVE, task_state=None, power_state=1, host=host, node=host,
                launched_at=now, now=now,
            )  # fmt: skip

        self.database.write(boot)
        return server_id

    def act(self, server_id: str, action: str, value: Any = None, *, who: str = MEMBER) -> Reply:
        return self.ask("POST", f"/servers/{server_id}/action", {action: value}, who=who)

    def new_host(self, name: str = "h1") -> None:
        self.database.write(hosts.upsert, name, RESOURCES, self.clock.now(), uptime="up 3 days")


RESOURCES = Resources(
    vcpus=8, memory_mb=16384, disk_gb=200, hypervisor_type="QEMU", hypervisor_version=7002022,
    hypervisor_hostname="h1.example", cpu_info={"model": "host"}, traits=("HW_CPU_X86_AVX",), disk_available_gb=150,
    address="192.0.2.11",
)  # fmt: skip


def server_body(name: str = "vm", **more: Any) -> dict[str, Any]:
    return {"server": {"name": name, "imageRef": IMAGE_ID, "flavorRef": "1", **more}}


def message_of(reply: Reply) -> str:
    return str(next(iter(reply.decoded().values()))["message"])
