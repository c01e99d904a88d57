"""A stand-in for somebody's Nova, with the Keystone that leads there: servers, migrations and aggregates of hosts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pileus.clients.session import Credentials, Session
from pileus.clients.transport import Transport
from pileus.kit.http import dialects
from pileus.kit.http.app import App, Service
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC, RouteTable, route
from pileus.kit.policy import Policy
from tests.clients.keystone import NobodyAsks
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[Request, Any], Reply]

KEYSTONE_URL = "http://keystone.example:5000"
URL = "http://nova.example:8774"
PAGE = 2


@dataclass
class Nova:
    servers: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # found by id alone, as those are that wait for their deletion
    migrations: dict[str, str] = field(default_factory=dict)  # uuid → status
    hosts: tuple[str, ...] = ("host",)
    aggregates: dict[str, str] = field(default_factory=dict)  # uuid → name
    newest: int = 96  # of the microversions 2.x
    answer: Reply | None = None  # to everything, if it shall be another
    deleted_between_pages: list[str] = field(default_factory=list)  # one goes whenever a page was shown
    when_listed: Callable[[], object] = lambda: None
    asked: list[str] = field(default_factory=list)  # the paths, with their queries

    def list_servers(self, request: Request, _state: Any) -> Reply:
        if request.query.get("all_tenants") != "1":
            return Reply.json({"servers": []})
        reply = self._page(request, "servers", [{"id": uuid} for uuid in self.servers], "id")
        for gone in self.deleted_between_pages[:1]:
            self.servers.remove(gone)
            self.deleted_between_pages.remove(gone)
        self.when_listed()
        return reply

    def show_server(self, request: Request, _state: Any) -> Reply:
        uuid = request.params["server_id"]
        if uuid not in (*self.servers, *self.unlisted):
            return Reply.json({"itemNotFound": {"code": 404, "message": "Instance could not be found."}}, 404)
        return Reply.json({"server": {"id": uuid, "status": "ACTIVE"}})

    def list_migrations(self, request: Request, _state: Any) -> Reply:
        rows = [{"uuid": uuid, "status": status} for uuid, status in self.migrations.items()]
        return self._page(request, "migrations", rows, "uuid")

    def list_hypervisors(self, _request: Request, _state: Any) -> Reply:
        return Reply.json({"hypervisors": [{"hypervisor_hostname": name} for name in self.hosts]})

    def list_aggregates(self, _request: Request, _state: Any) -> Reply:
        return Reply.json({"aggregates": [{"uuid": uuid, "name": name} for uuid, name in self.aggregates.items()]})

    def session(self) -> Session:
        """Return the session of an administrator."""
        transport = Transport()
        transport.add_local(KEYSTONE_URL, _app([route("POST", "/v3/auth/tokens", self._log_in, PUBLIC)]))
        rows = {
            "/servers": self.list_servers,
            "/servers/{server_id}": self.show_server,
            "/os-migrations": self.list_migrations,
            "/os-hypervisors": self.list_hypervisors,
            "/os-aggregates": self.list_aggregates,
        }
        routes = [route("GET", f"/v2.1{path}", self._asked(handler), PUBLIC) for path, handler in rows.items()]
        transport.add_local(URL, _app(routes))
        credentials = Credentials(auth_url=f"{KEYSTONE_URL}/v3", username="placement", password="right")
        return Session(transport, credentials, HeldClock())

    def _asked(self, handler: Handler) -> Handler:
        def run(request: Request, state: Any) -> Reply:
            self.asked.append(f"{request.path}?{request.query.text}".rstrip("?"))
            if self.answer is not None:
                return self.answer
            version = request.headers.get("openstack-api-version", "compute 2.1")
            if int(version.removeprefix("compute 2.")) > self.newest:
                return Reply.json({"computeFault": {"code": 406}}, 406)
            return handler(request, state)

        return run

    def _page(self, request: Request, member: str, rows: list[dict[str, str]], key: str) -> Reply:
        marker = request.query.get("marker")
        known = [row[key] for row in rows]
        if marker is not None and marker not in known:
            return Reply.json({"badRequest": {"code": 400, "message": f"marker [{marker}] not found"}}, 400)
        start = 0 if marker is None else known.index(marker) + 1
        page = rows[start : start + PAGE]
        links = [{"rel": "next", "href": f"http://inside.example{request.path}"}] if len(page) == PAGE else []
        return Reply.json({member: page, **({f"{member}_links": links} if links else {})})

    def _log_in(self, _request: Request, _state: Any) -> Reply:
        endpoint = {"interface": "internal", "region_id": "one", "url": f"{URL}/v2.1"}
        catalog = [{"type": "compute", "endpoints": [endpoint]}]
        token = {"expires_at": "2027-01-01T00:00:00Z", "catalog": catalog}
        return Reply.json({"token": token}, 201, {"x-subject-token": "own"})


def _app(rows: list[Any]) -> App[None]:
    return App(
        Service(
            name="test", state=None, routes=RouteTable(rows), dialect=dialects.compute,
            authenticator=NobodyAsks(), policy=Policy({}),
        )
    )  # fmt: skip
