"""Compute beside a real identity, image and placement service, in one process, where nothing happens by itself.

Messages arrive when `deliver` is called, workflows go on when `run` is, and time passes when the clock is told. So a
test can stop the world between any two effects, and let a part of it die there.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy import event

from pileus.clients.identity import TokenAuthenticator
from pileus.clients.image import ImageNotFound, ImageRefused, Images
from pileus.clients.placement import Placement
from pileus.clients.project import Projects
from pileus.clients.session import Credentials, Session
from pileus.clients.transport import Transport
from pileus.compute import messages
from pileus.compute import service as compute
from pileus.compute.agent.agent import Agent
from pileus.compute.agent.drivers.fake import RESOURCES, FakeDriver
from pileus.compute.backend import Backend
from pileus.compute.db import server as servers
from pileus.compute.db import server_migration, tables
from pileus.compute.loops import allocation, fact, guest, heard, inventory, stuck
from pileus.compute.messages import CONTROL, address_of
from pileus.compute.operations.bootstrap import bootstrap
from pileus.compute.scheduler.catalog import new_scheduler
from pileus.compute.settings import Settings as ComputeSettings
from pileus.compute.workflows import WORKFLOWS
from pileus.compute.workflows.means import Means
from pileus.identity import service as identity
from pileus.identity.operations import bootstrap as accounts
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
from pileus.kit.bus.codec import Codec
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.message import Reply
from pileus.kit.http.threads import Threads
from pileus.kit.workflow import Runner, WorkflowStore
from pileus.placement import service as placement
from tests.compute.cloud import StillClock

if TYPE_CHECKING:
    from pileus.compute.model.server import Server
    from pileus.compute.model.server_migration import Migration
    from pileus.kit.bus.bus import Handler

URLS = {
    "identity": "http://identity.test",
    "image": "http://image.test",
    "placement": "http://placement.test",
    "compute": "http://compute.test",
}
PATHS = {"identity": "/v3", "image": "", "placement": "", "compute": "/v2.1"}
PASSWORDS = {name: f"secret-of-{name}" for name in accounts.ACCOUNTS}
MIGRATIONS = {
    "identity": identity.MIGRATIONS,
    "image": image.MIGRATIONS,
    "placement": placement.MIGRATIONS,
    "compute": compute.MIGRATIONS,
}
IMAGE = b"an image of a disk, as far as a fake hypervisor can tell" + bytes(456)
OWNER = "control-plane"
SILENT_S = ComputeSettings().service_down_time_s + 1  # for so long nobody heard of a host that counts as down


class DiedError(BaseException):
    """The process ended here, as if its power had been cut."""


# --- effects: where a process can die -------------------------------------------------------------


@dataclass
class Effects:
    """Counts what a process does to the outside, and lets it die just before the n-th such thing."""

    deadly: int | None = None
    seen: list[str] = field(default_factory=list)

    def tick(self, what: str) -> None:
        self.seen.append(what)
        if self.deadly is not None and len(self.seen) > self.deadly:
            raise DiedError(what)


class FragileDatabase(Database):
    """A database whose client may die before it writes."""

    effects: Effects

    def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        self.effects.tick(f"write {getattr(fn, '__name__', 'fn')}")
        return super().write(fn, *args, **kwargs)


class FragileTransport(Transport):
    """A transport whose user may die before he sends."""

    effects: Effects

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        if method != "GET" and not url.startswith(URLS["identity"]):
            self.effects.tick(f"{method} {url}")
        return super().send(method, url, headers, body)


# --- the bus --------------------------------------------------------------------------------------


class StillBus:
    """Keeps every message until somebody delivers it; what it does to a message on the way is for a test to say."""

    def __init__(self) -> None:
        self.codec = Codec([messages])
        self.handlers: dict[str, Handler] = {}
        self.waiting: list[tuple[str, bytes]] = []
        self.disturb: Callable[[str, Any], int] = lambda _address, _message: 1  # how often a message arrives

    def tell(self, address: str, message: object) -> None:
        self.waiting += [(address, self.codec.encode(message))] * self.disturb(address, message)

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        return self.codec.decode(self.codec.encode(self.handlers[address](question)))

    def listen(self, address: str, handler: Handler) -> None:
        self.handlers[address] = handler

    def close(self) -> None:
        self.waiting.clear()

    def deliver_one(self, index: int = 0) -> None:
        address, data = self.waiting.pop(index)
        handler = self.handlers.get(address)
        if handler is not None:
            handler(self.codec.decode(data))

    def deliver(self) -> int:
        """Hand out everything that is under way, and what comes of it."""
        count = 0
        while self.waiting:
            self.deliver_one()
            count += 1
        return count

    def messages(self, kind: type | None = None) -> list[Any]:
        """What is under way."""
        found = [self.codec.decode(data) for _, data in self.waiting]
        return [message for message in found if kind is None or isinstance(message, kind)]


class AgentsBus:
    """The bus as one agent has it: the agent may die before it says something."""

    def __init__(self, bus: StillBus, effects: Effects) -> None:
        self._bus, self._effects = bus, effects

    def tell(self, address: str, message: object) -> None:
        self._effects.tick(f"tell {type(message).__name__}")
        self._bus.tell(address, message)

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        return self._bus.ask(address, question, timeout_s)

    def listen(self, address: str, handler: Handler) -> None:
        self._bus.listen(address, handler)

    def close(self) -> None:
        pass


# --- hosts ----------------------------------------------------------------------------------------


class Inline(Executor):
    """Does at once, on the caller's thread, what it is given."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class FragileDriver(FakeDriver):
    """A fake hypervisor whose agent may die before it does something."""

    effects: Effects

    def _enter(self, verb: str, server_id: str) -> None:
        self.effects.tick(f"driver {verb}")
        super()._enter(verb, server_id)


class LocalBytes:
    """An agent's way to images' bytes without a socket; what the image service has to say to it is asked for real."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world, self._effects = world, effects

    @contextmanager
    def download(self, endpoint: str, image_id: str, token: str) -> Iterator[Iterator[bytes]]:
        assert endpoint == URLS["image"]
        assert token
        yield iter([self._world.bytes_of(image_id)])

    def upload(self, endpoint: str, image_id: str, token: str, file: Path) -> None:
        assert endpoint == URLS["image"]
        assert token
        self._effects.tick("upload")
        self._world.put_bytes(image_id, file.read_bytes())


class Host:
    """A machine: its hypervisor lives on when its agent dies."""

    def __init__(self, world: World, name: str, **resources: Any) -> None:
        self.world, self.name, self.effects = world, name, Effects()
        self.driver = FragileDriver(replace(RESOURCES, hypervisor_hostname=name, **resources), fault=self._fault)
        self.driver.effects = self.effects
        self.broken: dict[str, str] = {}  # verb → why it fails
        self.start_agent()

    def _fault(self, verb: str, _server_id: str) -> str | None:
        return self.broken.get(verb)

    def start_agent(self) -> None:
        """A new agent process, as after a restart."""
        self.effects.deadly = None
        bus = AgentsBus(self.world.bus, self.effects)
        bytes_: Any = LocalBytes(self.world, self.effects)
        self.agent = Agent(self.name, self.driver, bus, bytes_, self.world.path / self.name, pool=Inline())
        bus.listen(address_of(self.name), self.agent.receive)

    def vanish(self) -> None:
        """The machine loses its network."""
        self.world.bus.handlers.pop(address_of(self.name), None)

    def beat(self) -> None:
        self.agent.beat()

    @property
    def guests(self) -> set[str]:
        return set(self.driver.guests)


# --- the world ------------------------------------------------------------------------------------


@cache
def _template() -> Path:
    """Databases with what a new cloud has, made once in a test process: a folder to copy from."""
    folder = Path(mkdtemp(prefix="pileus-world-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    databases = {name: _open(Database, folder, name) for name in MIGRATIONS}
    for name, database in databases.items():
        MIGRATIONS[name].sync(database)
    urls = {name: URLS[name] + PATHS[name] for name in URLS}
    databases["identity"].write(accounts.bootstrap, accounts.accounts(PASSWORDS), urls, "RegionOne")
    databases["compute"].write(bootstrap, StillClock().now())
    Keys.at(folder / "keys")
    for database in databases.values():
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        database.close()
    return folder


def _open(kind: type[Database], folder: Path, name: str) -> Any:
    database = kind(f"sqlite:///{folder}/{name}.sqlite")

    @event.listens_for(database.engine, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # no test cuts the machine's power

    return database


class World:
    """One cloud. Its control plane may die and be born again; everything else stays."""

    def __init__(self, path: Path, settings: ComputeSettings | None = None) -> None:
        self._logging = structlog.get_config()
        structlog.configure(  # what is written is plain, and only what went wrong: that is many times as fast
            wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
            processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
            cache_logger_on_first_use=False,  # or what is used here first would be like this for ever
        )
        self.path = path
        shutil.copytree(_template(), path, dirs_exist_ok=True)
        self.clock, self.bus, self.effects = StillClock(), StillBus(), Effects()
        self.settings = settings or ComputeSettings()
        self.hosts: dict[str, Host] = {}
        self.images: dict[str, bytes] = {}
        self._threads = Threads()
        self._store = MemoryStore("local")
        self._databases: dict[str, Database] = {name: _open(Database, path, name) for name in URLS if name != "compute"}
        self.database: FragileDatabase = _open(FragileDatabase, path, "compute")
        self.database.effects = self.effects
        self._transport = FragileTransport()
        self._transport.effects = self.effects
        self._start_others()
        self.start()
        self._token = self._log_in("demo")
        self.image_id = self.new_image()

    def _start_others(self) -> None:
        keys = Keys.at(self.path / "keys")
        backend = identity.new_backend(IdentitySettings(), self._databases["identity"], self.clock, keys)
        self._add("identity", App(identity.new_service(backend)))
        self.image_backend = image.new_backend(
            ImageSettings(), self._databases["image"], self.clock, self._threads, {"local": self._store}
        )
        authenticator = self._authenticator("glance")
        self._add("image", App(image.new_service(self.image_backend, authenticator)))
        rooms = placement.new_backend(self._databases["placement"], self.clock)
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
            database=self.database, clock=self.clock, settings=self.settings, bus=ControlBus(self.bus, self.effects),
            images=images, placement=self.placement, scheduler=new_scheduler(self.settings),
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
        self.bus.listen(CONTROL, self.receiver.receive)
        self.backend = Backend(
            database=self.database, clock=self.clock, settings=self.settings, bus=self.bus, images=images,
            work=self.runner, placement=self.placement, projects=Projects(session),
            quota_of=lambda _project_id: self.settings.quota,
        )  # fmt: skip
        self.app = App(compute.new_service(self.backend, self._authenticator("nova")))
        self._add("compute", self.app)

    def close(self) -> None:
        self._threads.close()
        self._transport.close()
        for database in (*self._databases.values(), self.database):
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

    def new_image(self) -> str:
        """An active image of the user's."""
        body = {"name": "cirros", "disk_format": "raw", "container_format": "bare"}
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

    def delete_softly(self, server_id: str) -> None:
        """Delete a server where it may be restored."""
        self._set(reclaim_deleted_after_s=3600.0)
        assert self.delete(server_id) == 204

    def softly_deleted(self, server_id: str) -> str:
        self.delete_softly(server_id)
        self.settle()
        return server_id

    def shelved_here(self, server_id: str) -> str:
        """A shelved server that stays on its host."""
        self._set(shelved_offload_after_s=-1.0)
        self.done(server_id, "shelve")
        return server_id

    def breaking(self, server_id: str, verb: str) -> str:
        """From now on its host fails in this."""
        self.hosts["h1"].broken[verb] = f"{verb} is broken"
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
        host = self.hosts[name] = Host(self, name, **resources)
        self.beat()
        return host

    def beat(self) -> None:
        """Every host that is there says so, and what is new is written down."""
        for host in self.hosts.values():
            if address_of(host.name) in self.bus.handlers:
                host.beat()
        self.bus.deliver()
        self.sync_inventory()

    def sync_inventory(self) -> None:
        inventory.sync_inventory(self.database, self.clock, self.settings, self.placement)

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
                if address_of(host.name) in self.bus.handlers:
                    host.beat()
        raise AssertionError(f"still under way: {self.unfinished()}")

    def repair(self) -> None:
        """A round of every loop, and what comes of it."""
        for host in self.hosts.values():
            if address_of(host.name) in self.bus.handlers:
                host.beat()
        self.bus.deliver()
        self.sync_inventory()
        self.guest_loop.run()
        allocation.release_orphans(self.database, self.store, self.placement)
        stuck.end_stuck_tasks(self.database, self.store, self.clock)
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
        assert {**{one: placed[one] for one in broken & set(placed)}, **guests} == placed
        waiting = [self.waiting_migration(row) for row in rows if row.vm_state == "resized"]
        aside = {(server_id, host.name) for host in self.hosts.values() for server_id in host.driver.list_aside()}
        assert aside == {(one.server_id, one.source_host) for one in waiting}
        assert self.allocations() == {**placed, **{one.uuid: one.source_host for one in waiting}}
        for row in rows:
            assert row.host or row.vm_state in ("error", "shelved_offloaded"), row
            assert row.vm_state != "error" or row.fault

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
        database, now = self._databases["image"], self.clock.now()
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


class ControlBus:
    """The bus as the control plane has it: it may die before it says something."""

    def __init__(self, bus: StillBus, effects: Effects) -> None:
        self._bus, self._effects = bus, effects

    def tell(self, address: str, message: object) -> None:
        self._effects.tick(f"tell {type(message).__name__}")
        self._bus.tell(address, message)

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        return self._bus.ask(address, question, timeout_s)

    def listen(self, address: str, handler: Handler) -> None:
        self._bus.listen(address, handler)

    def close(self) -> None:
        pass
