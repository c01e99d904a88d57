"""What fills the places of compute's paths: things that there are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pileus.compute.api import versions as v
from pileus.compute.db import action as actions
from pileus.compute.db import held_topology, server_migration
from pileus.compute.db import server as servers
from pileus.compute.db import service as services
from pileus.compute.db import tag as tags
from pileus.compute.model.action import Action
from pileus.compute.model.guest_topology import GuestCell, GuestTopology
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.model.server_migration import Migration, MigrationStatus, MigrationType
from pileus.kit import ids
from tests.compute.cloud import ADMIN, IMAGE_ID, MEMBER
from tests.golden.compute_body import PUBLIC_KEY, SOMETHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pileus.kit.db import Transaction
    from pileus.kit.http.routes import Route
    from pileus.kit.versions import Version
    from tests.compute.cloud import Cloud

REQUEST_ID = "req-1b0c7a52-8a3f-4a43-8e7f-6b6f3a1d2c11"
_STILL = {
    "network": "private", "port_id": SOMETHING, "volume_id": SOMETHING, "share_id": SOMETHING, "alias": "os-keypairs",
    "snapshot_id": SOMETHING, "project_id": "p-own", "class_name": "default", "host_name": "h1", "name": "k",
    "before": "2026-01-01 00:00:00", "token": SOMETHING, "image_id": IMAGE_ID, "id": SOMETHING, "tag": "blue",
    "version_id": "v2.1", "domain_id": SOMETHING, "console_id": SOMETHING, "request_id": REQUEST_ID,
}  # fmt: skip


_HELD = GuestTopology(
    cells=(GuestCell(host_cell=1, cpus=(0, 1), pins={0: 6, 1: 14}, siblings=((0, 1),), memory_mb=512, page_kib=4),)
)
_STATES = {
    "os-start": VmState.STOPPED, "unpause": VmState.PAUSED, "resume": VmState.SUSPENDED, "unrescue": VmState.RESCUED,
    "restore": VmState.SOFT_DELETED, "confirmResize": VmState.RESIZED, "revertResize": VmState.RESIZED,
    "shelveOffload": VmState.SHELVED, "unshelve": VmState.SHELVED_OFFLOADED,
    "unshelve to a host": VmState.SHELVED_OFFLOADED,
}  # fmt: skip
"""What a server must be that an action is for."""


class Places:
    """Makes what a path names, for each row or, of what a row may remove, for each request (`is_always_new`: of all).

    A server is of the project p-own, has a tag and metadata, and something was done to it.
    """

    def __init__(self, cloud: Cloud, users: Sequence[str], *, is_always_new: bool = False) -> None:
        self._is_always_new, self._users = is_always_new, users
        self._cloud = cloud
        self._image = {**cloud.images.documents[IMAGE_ID], "role": "web"}
        cloud.new_host()
        now = cloud.clock.now()
        cloud.database.write(services.touch, "h1", "nova-compute", now)
        cloud.database.write(services.touch, "h2", "nova-compute", now - timedelta(days=1))  # which is down
        self._kept: dict[str, str] = {}
        self._made: dict[str, Callable[[], str]] = {
            "flavor_id": self._flavor,
            "group_id": self._group,
            "aggregate_id": self._aggregate,
            "service_id": self._service,
            "hypervisor_id": self._hypervisor,
        }
        self._add_keypairs()

    def of(self, row: Route[Any], version: Version) -> dict[str, str]:
        """Return the values of a path's places, as they are written at a version."""
        params = {place: self._fill(place, row) for place in re.findall(r"{(\w+)}", row.path)}
        self._cloud.images.documents[IMAGE_ID] = dict(self._image)
        if "name" in params and self._is_always_new:
            self._add_keypairs()
        if "migration_id" in params:
            params["migration_id"] = self._migration(params["server_id"])
        if row.path.endswith(("/search", "/servers")):
            params["hypervisor_id"] = "h1"
        elif version < v.SERVICE_UUIDS.version:
            params |= self._numbers(params)
        if "key" in params:
            params["key"] = "hw:cpu_policy" if "flavor_id" in params else "role"
        return params

    def kept(self, place: str) -> str:
        """Return what fills a place for those that only look."""
        return self._kept[place]

    def _numbers(self, params: dict[str, str]) -> dict[str, str]:
        """Return the numbers of what is named by uuid since."""
        if "hypervisor_id" in params:
            found = self._cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"]
            return {"hypervisor_id": str(found[0]["id"])}
        if "service_id" not in params:
            return {}
        with self._cloud.database.read() as tx:
            return {"service_id": str(services.get_by_uuid(tx, params["service_id"]).number)}

    def _fill(self, place: str, row: Route[Any]) -> str:
        if place not in self._made and place != "server_id":
            return _STILL.get(place, "")
        what = getattr(row, "what", row.method)
        which = place if row.method == "GET" else f"{place} {row.path} {what}"
        is_new = self._is_always_new or what in ("DELETE", "forceDelete", "remove_host")
        if which not in self._kept or (is_new and row.method != "GET"):
            self._kept[which] = self._server(what, row) if place == "server_id" else self._made[place]()
            if place == "aggregate_id" and what not in ("DELETE", "add_host"):
                self._add_host(self._kept[which])
        return self._kept[which]

    def _new(self, path: str, kind: str, body: dict[str, Any], who: str = ADMIN) -> Any:
        reply = self._cloud.ask("POST", path, {kind: body}, who=who)
        assert reply.status in (200, 201), reply.body
        return reply.decoded()[kind]

    def _add_keypairs(self) -> None:
        for who in self._users:
            body = {"keypair": {"name": "k", "public_key": PUBLIC_KEY}}
            assert self._cloud.ask("POST", "/os-keypairs", body, who=who).status in (200, 409)

    def _server(self, what: str, row: Route[Any]) -> str:
        made = self._cloud.active_server(host="h2" if what == "evacuate" else "h1")
        now = self._cloud.clock.now()
        self._cloud.bus.consoles[made] = "booting\nlogin:"

        def enrich(tx: Transaction) -> None:
            servers.set_metadata(tx, made, {"role": "web"})
            tags.replace(tx, made, ["blue"])
            actions.start(tx, Action(
                server_id=made, action="reboot", request_id=REQUEST_ID, user_id="member", project_id="p-own",
                started_at=now,
            ))  # fmt: skip
            actions.finish(tx, made, "reboot", now, host="h1")
            held_topology.hold(tx, made, "h1", _HELD)
            if what in _STATES:
                servers.update(tx, made, now, vm_state=_STATES[what])
            if "migration" in row.path:
                servers.update(tx, made, now, task_state=TaskState.MIGRATING)
            if _STATES.get(what) == VmState.RESIZED:
                server = servers.get(tx, made)
                servers.set_flavor(tx, made, server.flavor, server.flavor, now)
                server_migration.add(tx, self._move(made, MigrationType.RESIZE, MigrationStatus.FINISHED))

        self._cloud.database.write(enrich)
        return made

    def _migration(self, server_id: str) -> str:
        migration = self._move(server_id, MigrationType.LIVE, MigrationStatus.RUNNING)
        self._cloud.database.write(server_migration.add, migration)
        with self._cloud.database.read() as tx:
            return str(server_migration.get(tx, migration.uuid).number)

    def _move(self, server_id: str, kind: str, status: str) -> Migration:
        return Migration(
            uuid=ids.new_uuid(), server_id=server_id, user_id="member", project_id="p-own", type=kind, status=status,
            source_host="h1", source_node="h1", dest_host="h2", dest_node="h2", created_at=self._cloud.clock.now(),
        )  # fmt: skip

    def _flavor(self) -> str:
        body = {"name": ids.new_uuid(), "ram": 512, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": False}
        made = str(self._new("/flavors", "flavor", body)["id"])
        specs = self._cloud.ask("POST", f"/flavors/{made}/os-extra_specs", {"extra_specs": {"hw:cpu_policy": "shared"}},
                                who=ADMIN)  # fmt: skip
        assert specs.status == 200
        for project_id in ("p-own", "p-other"):
            access = {"addTenantAccess": {"tenant": project_id}}
            assert self._cloud.ask("POST", f"/flavors/{made}/action", access, who=ADMIN).status == 200
        return made

    def _group(self) -> str:
        body = {"name": "g", "policies": ["affinity"]}
        return str(self._new("/os-server-groups", "server_group", body, MEMBER)["id"])

    def _aggregate(self) -> str:
        return str(self._new("/os-aggregates", "aggregate", {"name": ids.new_uuid()})["id"])

    def _add_host(self, aggregate: str) -> None:
        body = {"add_host": {"host": "h1"}}
        assert self._cloud.ask("POST", f"/os-aggregates/{aggregate}/action", body, who=ADMIN).status == 200

    def _service(self) -> str:
        name = f"h-{ids.new_uuid()}"
        self._cloud.database.write(services.touch, name, "nova-compute", self._cloud.clock.now())
        with self._cloud.database.read() as tx:
            return services.get_on(tx, name, "nova-compute").uuid

    def _hypervisor(self) -> str:
        found = self._cloud.get("/os-hypervisors", who=ADMIN, version="2.53")
        return str(found["hypervisors"][0]["id"])
