"""Compute beside a real identity, image and placement service, in one process, where nothing happens by itself.

Messages arrive when `deliver` is called, workflows go on when `run` is, and time passes when the clock is told. So a
test can stop the world between any two effects, and let a part of it die there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from pileus.clients.identity import TokenAuthenticator
from pileus.clients.image import ImageNotFound, ImageRefused, Images
from pileus.clients.placement import Placement
from pileus.clients.project import Projects
from pileus.clients.session import Credentials, Session
from pileus.compute import service as compute
from pileus.compute.backend import Backend
from pileus.compute.db import server as servers
from pileus.compute.db import server_migration, tables
from pileus.compute.loops import allocation, fact, guest, heard, heartbeat, inventory, stuck
from pileus.compute.messages import CONTROL
from pileus.compute.scheduler.catalog import Scheduler, new_scheduler
from pileus.compute.scheduler.fleet import Fleet
from pileus.compute.settings import Settings as ComputeSettings
from pileus.compute.workflows import WORKFLOWS
from pileus.compute.workflows.means import Means
from pileus.identity import service as identity
from pileus.identity.settings import Settings as IdentitySettings
from pileus.identity.tokens.keys import Keys
from pileus.image import service as image
from pileus.image.model.errors import ImageNotFound as NoImage
from pileus.image.model.errors import TransitionRefused, UploadLost
from pileus.image.model.image import Location
from pileus.image.model.upload import Received, Upload
from pileus.image.operations import upload as upload_operations
from pileus.image.settings import Settings as ImageSettings
from pileus.image.stores.memory import MemoryStore
from pileus.kit import ids
from pileus.kit.http.app import App
from pileus.kit.http.message import Reply
from pileus.kit.http.threads import Threads
from pileus.kit.workflow import Runner, WorkflowStore
from pileus.placement import service as placement
from tests.compute.effects import Effects, FragileBus, FragileDatabase, FragileTransport
from tests.compute.host import Host
from tests.compute.parts import check_parts
from tests.compute.still_bus import StillBus
from tests.compute.template import PASSWORDS, PATHS, URLS, open_database, template
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from pileus.compute.model.server import Server
    from pileus.compute.model.server_migration import Migration

IMAGE = b"an image of a disk, as far as a fake hypervisor can tell" + bytes(456)
OWNER = "control-plane"
SILENT_S = ComputeSettings().service_down_time_s + 1  # for so long nobody heard of a host that counts as down


def be_quiet() -> None:
    """Write plainly, and only what went wrong: that is many times as fast."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        cache_logger_on_first_use=False,  # or what is used here first would be like this for ever
    )


class World:
    """One cloud. Its control plane may die and be born again; everything else stays.

    With a `bus` it is one more process, in a cloud that is there already.
    """

    def __init__(self, path: Path, settings: ComputeSettings | None = None, bus: StillBus | None = None) -> None:
        self._logging = structlog.get_config()
        be_quiet()
        self.path = path
        if bus is None:
            shutil.copytree(template(), path, dirs_exist_ok=True)
        self.clock, self.bus, self.effects = HeldClock(), bus or StillBus(), Effects()
        self.settings = settings or ComputeSettings()
        self.hosts: dict[str, Host] = {}
        self.machine: dict[str, Any] = {}  # what every host has
        self.images: dict[str, bytes] = {}
        self._threads = Threads()
        self._store = MemoryStore("local")
        self.databases: dict[str, FragileDatabase] = {}
        for name in URLS:
            self.databases[name] = open_database(FragileDatabase, path, name)
            self.databases[name].effects = Effects()
        self.database = self.databases["compute"]
        self.database.effects = self.effects
        self._transport = FragileTransport()
        self._transport.effects = self.effects
        self._found = (self.settings, new_scheduler(self.settings))
        self._start_others()
        self.start_placement()
        self.start()
        if bus is None:
            self._token = self._log_in("demo")
            self.image_id = self.new_image()

    def _start_others(self) -> None:
        keys = Keys.at(self.path / "keys")
        backend = identity.new_backend(IdentitySettings(), self.databases["identity"], self.clock, keys)
        self._add("identity", App(identity.new_service(backend)))
        self.image_backend = image.new_backend(
            ImageSettings(), self.databases["image"], self.clock, self._threads, {"local": self._store}
        )
        authenticator = self._authenticator("glance")
        self._add("image", App(image.new_service(self.image_backend, authenticator)))

    def start_placement(self) -> None:
        """A new process of placement's, with an index of what is in its database."""
        rooms = placement.new_backend(self.databases["placement"], self.clock)
        self._add("placement", App(placement.new_service(rooms, self._authenticator("placement"))))

    def _add(self, name: str, app: App[Any]) -> None:
        self._transport.add_local(URLS[name], app)

    def _session(self, user: str) -> Session:
        url = URLS["identity"] + PATHS["identity"]
        return Session(self._transport, Credentials(auth_url=url, username=user, password=PASSWORDS[user]), self.clock)

    def _authenticator(self, user: str) -> TokenAuthenticator:
        return TokenAuthenticator(self._session(user), cache_s=60)

    def start(self) -> None:
        """Start a control plane: the first one, or the next after one that died."""
        self.effects.deadly = None
        session = self._session("nova")
        self.placement, images = Placement(session), Images(session)
        self.store = WorkflowStore(tables.WORKFLOW, tables.WORKFLOW_STEP)
        self.means = Means(
            database=self.database, clock=self.clock, settings=self.settings, bus=FragileBus(self.bus, self.effects),
            images=images, placement=self.placement, scheduler=self._scheduler(),
        )  # fmt: skip
        self.runner = Runner(self.database, self.store, WORKFLOWS, self.means, owner=OWNER, clock=self.clock)
        self.runner.resume()
        self.nudged: list[str] = []
        self.heard = heard.Heard()
        self.guest_loop = guest.GuestLoop(self.database, self.store, self.clock, self.means.bus, self.heard)
        self.receiver = fact.FactReceiver(
            self.database, self.clock, self.heard, self.runner.answer,
            new_resources=lambda: self.nudged.append("inventory"), new_guests=lambda: self.nudged.append("guest"),
        )  # fmt: skip
        self.inventory_loop = inventory.InventoryLoop(self.database, self.clock, self.settings, self.placement)
        self.allocation_loop = allocation.AllocationLoop(self.database, self.store, self.placement)
        self.bus.listen(CONTROL, self._receive)
        self.backend = Backend(
            database=self.database, clock=self.clock, settings=self.settings, bus=self.bus, images=images,
            work=self.runner, placement=self.placement, projects=Projects(session),
            quota_of=lambda _project_id: self.settings.quota,
        )  # fmt: skip
        self.app = App(compute.new_service(self.backend, self._authenticator("nova")))
        self._add("compute", self.app)

    def _scheduler(self) -> Scheduler:
        """Return a new one, that knows no host yet; to find the same filters again would take a while."""
        if self._found[0] != self.settings:
            self._found = (self.settings, new_scheduler(self.settings))
        return replace(self._found[1], fleet=Fleet())

    def file_of(self, name: str) -> str:
        """Return the path of a service's database."""
        return str(self.databases[name].engine.url.database)

    def close(self) -> None:
        self._threads.close()
        self._transport.close()
        for database in self.databases.values():
            database.close()
        structlog.configure(**self._logging)

    # --- what a user does ---

    @cached_property
    def _admin_token(self) -> str:
        return self._log_in("admin")

    def _log_in(self, name: str) -> str:
        user = {"name": name, "domain": {"name": "Default"}, "password": PASSWORDS[name]}
        scope = {"project": {"name": name, "domain": {"name": "Default"}}}
        auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        headers = {"content-type": "application/json"}
        reply = self._transport.send("POST", f"{URLS['identity']}/v3/auth/tokens", headers, json.dumps(auth).encode())
        assert reply.status == 201, reply.body
        return reply.headers["x-subject-token"]

    def call(
        self, service: str, method: str, path: str, body: Any = None, *, is_admin: bool = False, version: str = ""
    ) -> Reply:
        """A request of the user, or of the administrator."""
        token = self._admin_token if is_admin else self._token
        headers = {"x-auth-token": token, "content-type": "application/json", "accept": "application/json"}
        if version:
            headers["openstack-api-version"] = f"compute {version}"
        data = b"" if body is None else json.dumps(body).encode()
        return self._transport.send(method, URLS[service] + path, headers, data)

    def new_image(self, **properties: str) -> str:
        """An active image of the user's."""
        body = {"name": "cirros", "disk_format": "raw", "container_format": "bare", **properties}
        reply = self.call("image", "POST", "/v2/images", body)
        assert reply.status == 201, reply.body
        image_id = str(reply.decoded()["id"])
        self.put_bytes(image_id, IMAGE)
        return image_id

    def boot(self, name: str = "vm", **more: Any) -> str:
        """Ask for a server; nothing is done yet."""
        body = {"server": {"name": name, "imageRef": self.image_id, "flavorRef": "1", **more}}
        reply = self.call("compute", "POST", "/v2.1/servers", body)
        assert reply.status == 202, reply.body
        return str(reply.decoded()["server"]["id"])

    def active(self, name: str = "vm", **more: Any) -> str:
        """A server that runs."""
        server_id = self.boot(name, **more)
        self.settle()
        assert self.server(server_id).vm_state == "active", self.server(server_id)
        return server_id

    def act(self, server_id: str, action: str, value: Any = None, **options: Any) -> Reply:
        return self.call("compute", "POST", f"/v2.1/servers/{server_id}/action", {action: value}, **options)

    def done(self, server_id: str, action: str, value: Any = None, **options: Any) -> None:
        """Have an action done that is taken."""
        reply = self.act(server_id, action, value, **options)
        assert reply.status in (200, 202, 204), reply.body
        self.settle()

    def deleting_softly(self, server_id: str) -> str:
        """From now on deleted servers may be restored."""
        self._set(reclaim_deleted_after_s=3600.0)
        return server_id

    def softly_deleted(self, server_id: str) -> str:
        assert self.delete(self.deleting_softly(server_id)) == 204
        self.settle()
        return server_id

    def shelved_here(self, server_id: str) -> str:
        """A shelved server that stays on its host."""
        self.done(self.keeping_shelved(server_id), "shelve")
        return server_id

    def keeping_shelved(self, server_id: str) -> str:
        """From now on shelved servers stay on their hosts."""
        self._set(shelved_offload_after_s=-1.0)
        return server_id

    def _set(self, **settings: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **settings)
        self.start()

    def resized(self, **more: Any) -> str:
        """A server that waits for its owner's word."""
        server_id = self.active(**more)
        self.done(server_id, "resize", {"flavorRef": "2"})
        assert self.server(server_id).vm_state == "resized", self.last_action(server_id)
        return server_id

    def snapshot(self, server_id: str, name: str = "snap") -> str:
        """Ask for a snapshot; return the image's id."""
        reply = self.act(server_id, "createImage", {"name": name})
        assert reply.status == 202, reply.body
        return str(reply.headers["location"].rsplit("/", 1)[1])

    def protect(self, image_id: str) -> None:
        """Let nobody delete an image of the user's."""
        self.means.images.update(image_id, {"protected": True}, (), self._token)

    def delete(self, server_id: str) -> int:
        return self.call("compute", "DELETE", f"/v2.1/servers/{server_id}").status

    def last_action(self, server_id: str) -> dict[str, Any]:
        """The last thing that was asked for a server."""
        path = f"/v2.1/servers/{server_id}/os-instance-actions"
        actions = self.call("compute", "GET", path).decoded()["instanceActions"]
        return dict(actions[0])

    # --- what an operator does ---

    def new_host(self, name: str = "h1", **resources: Any) -> Host:
        """A host that placement knows."""
        host = self.hosts[name] = Host(self, name, **{**self.machine, **resources})
        self.beat()
        return host

    def beat(self) -> None:
        """Every host that is there says so, and what is new is written down."""
        for host in self.hosts.values():
            if host.is_there:
                host.beat()
        self.bus.deliver()
        self.sync_inventory()

    def sync_inventory(self) -> None:
        self.inventory_loop.run()

    # --- time ---

    def run(self) -> int:
        """Let workflows go on as far as they can without anybody else."""
        return self.runner.run_due()

    def work(self) -> None:
        """Let workflows and agents do all that can be done now."""
        while self.run() + self.bus.deliver():
            pass

    def settle(self, rounds: int = 40, pause_s: float = 5.0) -> None:
        """Let time pass until no workflow is under way."""
        for _ in range(rounds):
            self.work()
            if not self.unfinished():
                return
            self.clock.sleep(pause_s)
            for host in self.hosts.values():
                if host.is_there:
                    host.beat()
        raise AssertionError(f"still under way: {self.unfinished()}")

    def _receive(self, fact: Any) -> None:
        """Take a fact, and write down at once what the loop of heartbeats would a little later."""
        self.receiver.receive(fact)
        heartbeat.write_beats(self.database, self.heard)

    def repair(self) -> None:
        """A round of every loop, and what comes of it."""
        for host in self.hosts.values():
            if host.is_there:
                host.beat()
        self.bus.deliver()
        self.sync_inventory()
        self.guest_loop.run()
        self.allocation_loop.run()
        stuck.end_stuck(self.database, self.store, self.clock)
        self.settle()

    # --- what there is ---

    def server(self, server_id: str) -> Server:
        with self.database.read() as tx:
            return servers.get(tx, server_id, may_be_deleted=True)

    def unfinished(self) -> list[tuple[str, str, int]]:
        with self.database.read() as tx:
            return [(row.kind, row.state, row.position) for row in self.store.unfinished(tx)]

    def ended(self) -> list[str]:
        """How the workflows so far have ended."""
        with self.database.read() as tx:
            return [row.state for row in tx.all(tables.WORKFLOW.select().order_by(tables.WORKFLOW.c.number))]

    def allocations(self) -> dict[str, str]:
        """Which consumer holds something on which provider."""
        held = {}
        reply = self.means.placement._send("GET", "/resource_providers")
        for provider in reply.decoded()["resource_providers"]:
            for consumer in self.placement.consumers_of(provider["uuid"]):
                assert consumer not in held, "a server is allocated twice"
                held[consumer] = str(provider["name"])
        return held

    def traits(self, name: str) -> set[str]:
        uuid = self.provider(name)
        return set(self.means.placement._send("GET", f"/resource_providers/{uuid}/traits").decoded()["traits"])

    def provider(self, name: str) -> str:
        reply = self.means.placement._send("GET", f"/resource_providers?name={name}")
        return str(reply.decoded()["resource_providers"][0]["uuid"])

    def image(self, image_id: str) -> str | None:
        """An image's status, or None."""
        reply = self.call("image", "GET", f"/v2/images/{image_id}")
        return None if reply.status == 404 else str(reply.decoded()["status"])

    def check(self) -> None:
        """Nothing is under way, and everybody agrees who is where."""
        assert self.unfinished() == []
        with self.database.read() as tx:
            rows = servers.list_in_states(tx)
        assert [row.id for row in rows if row.task_state] == []
        placed = {row.id: row.host for row in rows if row.host}
        guests = {server_id: host.name for host in self.hosts.values() for server_id in host.guests}
        broken = {row.id for row in rows if row.vm_state == "error"}  # may have lost its guest
        found = {**{one: placed[one] for one in broken & set(placed)}, **guests}
        assert found == placed, set(found.items()) ^ set(placed.items())
        waiting = [self.waiting_migration(row) for row in rows if row.vm_state == "resized"]
        aside = {(server_id, host.name) for host in self.hosts.values() for server_id in host.driver.list_aside()}
        assert aside == {(one.server_id, one.source_host) for one in waiting}
        held, wanted = self.allocations(), {**placed, **{one.uuid: one.source_host for one in waiting}}
        assert held == wanted, set(held.items()) ^ set(wanted.items())
        check_parts(self, [row for row in rows if row.host], waiting)
        for row in rows:
            assert row.host or row.vm_state in ("error", "shelved_offloaded"), row
            assert row.vm_state != "error" or row.fault

    def unfinished_ids(self) -> list[str]:
        with self.database.read() as tx:
            return [str(row.id) for row in self.store.unfinished(tx)]

    def migrations(self, server_id: str) -> list[Migration]:
        with self.database.read() as tx:
            return list(server_migration.list_by_server(tx, server_id))

    def waiting_migration(self, row: Server) -> Migration:
        """The move of a server that waits for its owner's word."""
        with self.database.read() as tx:
            (found,) = server_migration.list_in_progress(tx, row.id)
        return found

    def kinds(self) -> set[str]:
        """The kinds of the workflows so far."""
        with self.database.read() as tx:
            return {row.kind for row in tx.all(tables.WORKFLOW.select())}

    # --- images' bytes ---

    def bytes_of(self, image_id: str) -> bytes:
        if image_id not in self.images:
            raise ImageNotFound(image_id=image_id)
        return self.images[image_id]

    def put_bytes(self, image_id: str, data: bytes) -> None:
        """What the image service does with an upload, without the socket that it comes by."""
        database, now = self.databases["image"], self.clock.now()
        upload = Upload(
            id=ids.new_uuid(), image_id=image_id, location=Location(store="local", key=ids.new_uuid()),
            expires_at=now + timedelta(minutes=1),
        )  # fmt: skip
        received = Received(
            size=len(data), virtual_size=None, checksum=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            os_hash_algo="sha512", os_hash_value=hashlib.sha512(data).hexdigest(),
        )  # fmt: skip
        try:
            database.write(upload_operations.begin, upload, now)
            database.write(upload_operations.finish, upload, received, now)
        except (NoImage, UploadLost):
            raise ImageNotFound(image_id=image_id) from None
        except TransitionRefused as error:
            raise ImageRefused(reason=error.reason) from None
        self.images[image_id] = data
