"""The only module that knows everyone: from settings to a running cloud.

A service is imported where it is built, so that one that runs alone starts at once and carries nobody else's code.
"""

from __future__ import annotations

import gc
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import ArgumentError

from pileus.clients.account import admin_credentials, credentials_of, session_of
from pileus.clients.identity import TokenAuthenticator
from pileus.clients.session import Credentials, Session
from pileus.clients.transport import Transport
from pileus.compute.agent.settings import Settings as AgentSettings
from pileus.compute.settings import Settings as ComputeSettings
from pileus.identity.settings import Settings as IdentitySettings
from pileus.image.settings import Settings as ImageSettings
from pileus.kit import log
from pileus.kit.bus import chosen as chosen_bus
from pileus.kit.bus.bus import Bus
from pileus.kit.bus.codec import Codec
from pileus.kit.clock import Clock, SystemClock
from pileus.kit.db import Database
from pileus.kit.db.database import DatabaseUnavailable, without_password
from pileus.kit.errors import Conflict, PileusError
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.auth import NOAUTH_ADMIN, NOAUTH_HEADERS, NoAuth
from pileus.kit.http.cors import Cors
from pileus.kit.http.server import HttpServer, Tls, bind, is_loopback
from pileus.kit.http.threads import Threads
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop
from pileus.kit.settings import AuthSettings, BusSettings, CorsSettings, ListenSettings, Section, TlsSettings
from pileus.kit.state import StateDirectory
from pileus.kit.workflow import Runner, WorkflowStore
from pileus.placement.settings import Settings as PlacementSettings

if TYPE_CHECKING:
    from pileus.compute.agent.agent import Agent
    from pileus.compute.agent.drivers.driver import Driver
    from pileus.compute.workflows.means import Means
    from pileus.identity.backend import Backend as IdentityBackend
    from pileus.kit.db.migration import Migrations
    from pileus.kit.http.message import Reply, Request

logger = log.get_logger("pileus")

AGENT_RETRY_S = 15.0  # after a start that failed
SERVICES = ("identity", "image", "placement", "compute")
PATH_OF = {"identity": "/v3", "image": "", "placement": "", "compute": "/v2.1"}


class Settings(Section, frozen=True, kw_only=True):
    """The whole settings file."""

    identity: IdentitySettings = IdentitySettings()
    image: ImageSettings = ImageSettings()
    placement: PlacementSettings = PlacementSettings()
    compute: ComputeSettings = ComputeSettings()
    agent: AgentSettings = AgentSettings()
    auth: AuthSettings = AuthSettings()
    bus: BusSettings = BusSettings()
    tls: TlsSettings = TlsSettings()
    cors: CorsSettings = CorsSettings()
    region: str = ""  # empty: that of the first start, which is RegionOne unless --region said otherwise
    log_level: str = "INFO"


@dataclass(slots=True)
class Cloud:
    """The parts of one process, in the order in which they start; they stop in reverse."""

    settings: Settings
    state: StateDirectory
    services: tuple[str, ...] = SERVICES
    has_agent: bool = True
    clock: Clock = field(default_factory=SystemClock)
    apps: dict[str, App[Any]] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    stops: list[Callable[[], None]] = field(default_factory=list)
    transport: Transport = field(init=False)
    threads: Threads = field(init=False)
    bus: Bus = field(init=False)
    agent: Agent | None = None
    agent_failure: str | None = None

    # --- where things are ---

    def listen(self, service: str) -> ListenSettings:
        """Return where a service listens."""
        return getattr(self.settings, service).listen  # type: ignore[no-any-return]

    def root_url(self, service: str) -> str:
        """Return scheme://host:port of a service, as clients reach it."""
        at = self.listen(service)
        if at.public_url:
            return at.public_url.rstrip("/")
        host = socket.getfqdn() if at.address in ("0.0.0.0", "::") else at.address  # noqa: S104 (compared, not bound)
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.settings.tls.certificate else 'http'}://{host}:{at.port}"

    def auth_url(self) -> str:
        """Return the identity service's URL: somebody else's if the settings name one."""
        return self.settings.auth.url or f"{self.root_url('identity')}/v3"

    def region(self) -> str:
        """Return the region's name."""
        return self.state.region(self.settings.region)

    # --- start and stop ---

    def start(self) -> None:
        """Start everything; return when every port answers. On a failure stop what has started, and raise."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in reverse order."""
        while self.stops:
            stop = self.stops.pop()
            try:
                stop()
            except Exception:
                logger.exception("stopping a part failed")

    def _start(self) -> None:
        # An answer of megabytes is a hundred thousand small objects without a cycle: looking for cycles after every
        # 700 of them, as Python does, takes as long as making them.
        gc.set_threshold(50_000, 50, 50)
        sockets = {service: bind(self.listen(service).address, self.listen(service).port) for service in self.services}
        self.threads = Threads(is_hurried=True)
        self.stops.append(self.threads.close)
        patient = Threads(os.cpu_count() or 1, "patient")
        self.stops.append(patient.close)
        self.transport = Transport(self.settings.tls.ca or self.settings.auth.ca_file or None)
        self.stops.append(self.transport.close)
        self._register()
        for service in self.services:
            self._open_database(service)
        builders = {
            "identity": self._identity,
            "image": self._image,
            "placement": self._placement,
            "compute": self._compute,
        }
        starts = [step for service in self.services for step in builders[service]()]
        cors = Cors(self.settings.cors)
        listeners = [
            (sockets[service], Listener(self.apps[service], self.threads, cors, patient=patient))
            for service in self.services
        ]
        server = HttpServer(listeners, self._tls())
        server.start()
        self.stops.append(server.stop)
        for step in starts:
            step()
        logger.info("started", services=self.services)

    def _tls(self) -> Tls | None:
        tls = self.settings.tls
        return Tls(Path(tls.certificate), Path(tls.key)) if tls.certificate else None

    def _open_database(self, service: str) -> None:
        database = new_database(self.settings, self.state, service)
        self.databases[service] = database
        self.stops.append(database.close)
        migrations = migrations_of(service)
        if migrations.sync(database):
            logger.info("database synchronised", service=service, version=migrations.newest())

    def _add_app(self, service: str, app: App[Any]) -> None:
        self.apps[service] = app
        self.transport.add_local(self.root_url(service), app)

    def _session(self, service: str) -> Session:
        """Return a service's own session: its user here, or the one that somebody else's identity knows."""
        return session_of(self._credentials(service), self.settings.auth, self.state, self.transport, self.clock)

    def _credentials(self, service: str) -> Credentials:
        return credentials_of(service, self.settings.auth, self.state, auth_url=self.auth_url(), region=self.region())

    def _authenticator(self, service: str) -> TokenAuthenticator:
        """Return what asks identity about callers. Our own is asked each time: what it revokes is void at once."""
        auth = self.settings.auth
        cache_s = auth.token_cache_s if auth.url else 0.0
        return TokenAuthenticator(self._session(service), service_type=service, cache_s=cache_s)

    def _register(self) -> None:
        """Make this cloud known in somebody else's identity service, if the settings say who may."""
        auth, region = self.settings.auth, self.settings.auth.region or self.region()
        if not (auth.url and auth.admin.password):
            return
        from pileus.clients.registration import Part, register
        from pileus.identity.operations.bootstrap import SERVICES as PARTS

        urls = {"identity": auth.url} | {name: self.root_url(name) + PATH_OF[name] for name in self.services}
        parts = [Part(type_, *PARTS[type_], url) for type_, url in urls.items()]
        users = [] if auth.password else [self._credentials(service) for service in self.services]
        register(Session(self.transport, admin_credentials(auth), self.clock), region, parts, users)
        logger.info("registered", identity=auth.url, region=region)

    def _passwords(self) -> dict[str, str]:
        from pileus.identity.operations.bootstrap import ACCOUNTS

        return self.state.secrets(ACCOUNTS)

    def _owner(self) -> str:
        """Return what this copy signs leases with: the same after a restart, so that it has its own back at once."""
        return f"{socket.gethostname()}:{self.state.path}:{self.listen(self.services[0]).port}"

    # --- the services; each returns what to start once all ports answer ---

    def _identity(self) -> Sequence[Callable[[], None]]:
        from pileus.identity import service as identity
        from pileus.identity.operations import bootstrap
        from pileus.identity.tokens.keys import Keys

        chosen = self.settings.identity
        keys = Keys.at(self.state.keys.parent)
        backend = identity.new_backend(chosen, self.databases["identity"], self.clock, keys)
        announce = self._announcer(backend)
        service = identity.new_service(backend, policy_file=_path(chosen.policy_file), announce=announce)
        self._add_app("identity", App(service))
        accounts = bootstrap.accounts(self._passwords())
        urls = {service: self.root_url(service) + PATH_OF[service] for service in self.services}
        backend.database.write(bootstrap.bootstrap, accounts, urls, self.region())
        return ()

    def _announcer(self, backend: IdentityBackend) -> Callable[[Request, Reply], None] | None:
        """Return what tells others of identity's events, if the settings name a broker."""
        from pileus.identity.api.notification import announcer

        chosen = self.settings.identity.notifications
        if not chosen.url:
            return None
        notifier = chosen_bus.new_notifier(
            chosen.url,
            self.clock,
            service="identity",
            exchange=chosen.exchange,
            topics=chosen.topics,
            is_durable=chosen.is_durable,
            ca_file=self.settings.tls.ca,
        )
        self.stops.append(notifier.close)
        return announcer(backend, chosen, notifier)

    def _image(self) -> Sequence[Callable[[], None]]:
        from pileus.image import service as image
        from pileus.image.db.tables import LEASE
        from pileus.image.operations.upload import abandon_own

        chosen = self.settings.image
        database = self.databases["image"]
        stores = image.new_stores(chosen, self.state.path)
        backend = image.new_backend(chosen, database, self.clock, self.threads, stores, owner=self._owner())
        database.write(abandon_own, self._owner(), self.clock.now())
        leases = Leases(database, LEASE, self._owner(), self.clock)
        authenticator = self._authenticator("image")
        self._add_app("image", App(image.new_service(backend, authenticator, policy_file=_path(chosen.policy_file))))
        return self._starting(image.new_loops(backend, leases))

    def _placement(self) -> Sequence[Callable[[], None]]:
        from pileus.placement import service as placement

        chosen = self.settings.placement
        is_noauth = chosen.auth_strategy == "noauth2"
        if is_noauth and not (chosen.noauth_anywhere or is_loopback(chosen.listen.address)):
            raise NoAuthExposed(address=chosen.listen.address)
        backend = placement.new_backend(
            self.databases["placement"], self.clock, max_candidates=chosen.max_allocation_candidates
        )
        service = placement.new_service(
            backend,
            NoAuth(anywhere=chosen.noauth_anywhere) if is_noauth else self._authenticator("placement"),
            trusted_headers=NOAUTH_HEADERS if is_noauth else frozenset(),
            policy_file=_path(chosen.policy_file),
            enforce_new_defaults=chosen.enforce_new_defaults,
        )
        self._add_app("placement", App(service))
        return self._starting(placement.new_loops(backend))

    def _compute(self) -> Sequence[Callable[[], None]]:
        from pileus.clients.image import Images
        from pileus.clients.placement import Placement
        from pileus.compute import service as compute
        from pileus.compute.backend import Backend
        from pileus.compute.db.tables import WORKFLOW, WORKFLOW_STEP
        from pileus.compute.operations.bootstrap import bootstrap
        from pileus.compute.workflows import WORKFLOWS
        from pileus.compute.workflows.means import Means

        chosen, database = self.settings.compute, self.databases["compute"]
        session = self._session("compute")
        is_noauth = self.settings.placement.auth_strategy == "noauth2"
        images, rooms = Images(session), Placement(session, token=NOAUTH_ADMIN if is_noauth else None)
        self.bus = new_bus(self.settings)
        self.stops.append(self.bus.close)
        store = WorkflowStore(WORKFLOW, WORKFLOW_STEP)
        means = Means(
            database=database, clock=self.clock, settings=chosen, bus=self.bus, images=images, placement=rooms
        )
        owner = self._owner()
        runner = Runner(database, store, WORKFLOWS, means, owner=owner, clock=self.clock)
        backend = Backend(
            database=database,
            clock=self.clock,
            settings=chosen,
            bus=self.bus,
            images=images,
            work=runner,
            placement=rooms,
        )
        database.write(bootstrap, self.clock.now())
        authenticator = self._authenticator("compute")
        service = compute.new_service(backend, authenticator, policy_file=_path(chosen.policy_file))
        self._add_app("compute", App(replace(service, ready=lambda: {**service.ready(), **self._agent_trouble()})))
        loops = self._compute_loops(store, means, owner, runner)
        self.stops.append(runner.stop)
        starts = [runner.start, *self._starting(loops)]
        if not self.has_agent:
            return starts
        require_driver(self.settings.agent)
        return [*starts, self._start_agent]

    def _compute_loops(self, store: WorkflowStore, means: Means, owner: str, runner: Runner[Means]) -> list[Loop]:
        from pileus.compute.db.tables import LEASE
        from pileus.compute.loops import allocation, fact, guest, heard, history, inventory, stuck
        from pileus.compute.messages import CONTROL

        database, chosen = means.database, means.settings
        beats = heard.Heard()
        leases = Leases(database, LEASE, owner, self.clock)
        guests = guest.GuestLoop(database, store, self.clock, self.bus, beats)
        loops = [
            Loop(
                "inventory", lambda: inventory.sync_inventory(database, self.clock, chosen, means.placement), 30, leases
            ),
            Loop("guest", guests.run, 10),
            Loop("allocation", lambda: _drop(allocation.release_orphans(database, store, means.placement)), 60, leases),
            Loop("stuck", lambda: _drop(stuck.end_stuck_tasks(database, store, self.clock)), 60, leases),
            Loop("history", lambda: _drop(history.forget_ended(database, store, self.clock)), 3600, leases),
        ]

        receiver = fact.FactReceiver(
            database, self.clock, beats, runner.answer, new_resources=loops[0].nudge, new_guests=loops[1].nudge
        )
        self.bus.listen(CONTROL, receiver.receive)
        return loops

    def _starting(self, loops: Sequence[Loop]) -> list[Callable[[], None]]:
        self.stops.extend(loop.stop for loop in loops)
        return [loop.start for loop in loops]

    # --- the agent ---

    def _start_agent(self) -> None:
        """Start the agent beside everything else: finding out what the hypervisor can do may take seconds."""
        ending = threading.Event()
        starting = threading.Thread(target=self._run_agent, args=(ending,), name="agent-start", daemon=True)
        starting.start()
        self.stops.append(lambda: self._stop_agent(ending, starting))

    def _run_agent(self, ending: threading.Event) -> None:
        """Start the agent; what keeps it from starting, such as a libvirt that is not there yet, may pass."""
        while not ending.is_set():
            try:
                self.agent = new_agent(self.settings, self.state, self.bus, self.transport)
                self.agent.start()
                self.agent_failure = None
                return
            except Exception as error:
                self.agent_failure = _words(error)
                logger.exception("the agent could not start")
            ending.wait(AGENT_RETRY_S)

    def _agent_trouble(self) -> dict[str, str]:
        reason = self.agent_failure or (self.agent.trouble() if self.agent else None)
        return {"agent": reason} if reason else {}

    def _stop_agent(self, ending: threading.Event, starting: threading.Thread) -> None:
        ending.set()
        starting.join(AGENT_RETRY_S)
        if self.agent is not None:
            self.agent.stop()


class NoAuthExposed(Conflict):
    """A service that takes everybody's word would listen where everybody is."""

    message = (
        "[placement] auth_strategy is noauth2, which takes everybody's word, and {address} is no loopback address. "
        "Listen on 127.0.0.1, or set [placement] noauth_anywhere = true if only friends can reach it."
    )


def migrations_of(service: str) -> Migrations:
    """Return the migrations of a service's database."""
    found: Migrations = import_module(f"pileus.{service}.service").MIGRATIONS
    return found


class DatabaseUnusable(Conflict):
    """The database that the settings name, or the file in the state directory, is none that can be used."""

    message = "The database of {service}, {url}, cannot be used: {reason}"


def new_database(settings: Settings, state: StateDirectory, service: str) -> Database:
    """Return a service's database, which has answered once. Raises DatabaseUnusable."""
    chosen = getattr(settings, service).database
    url = chosen.url or state.database_url(service)
    try:
        database = Database(url, pool_size=chosen.pool_size)
        migrations_of(service).current(database)
    except (DatabaseUnavailable, ArgumentError, ModuleNotFoundError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        raise DatabaseUnusable(service=service, url=without_password(url), reason=reason) from error
    return database


class DriverLacking(Conflict):
    """The guests' driver needs what is not installed."""

    message = (
        "Guests are run through libvirt, and Python's binding to it is not installed: install `pileus[libvirt]` in "
        "place of `pileus`, or start with --driver fake, which only pretends."
    )


def require_driver(chosen: AgentSettings) -> None:
    """Make sure, without the time that an import takes, that the driver can be had. Raises DriverLacking."""
    if chosen.driver == "libvirt" and find_spec("libvirt") is None:
        raise DriverLacking


def new_bus(settings: Settings) -> Bus:
    """Return the bus that the settings name. Raises BusLacking, BrokerUrlInvalid."""
    from pileus.compute import messages

    return chosen_bus.new_bus(settings.bus.url, Codec([messages]), ca_file=settings.tls.ca)


def new_agent(settings: Settings, state: StateDirectory, bus: Bus, transport: Transport) -> Agent:
    """Return this host's agent; finding out what the hypervisor can do may take seconds."""
    from pileus.clients.image import ImageBytes
    from pileus.compute.agent.agent import Agent

    chosen = settings.agent
    require_driver(chosen)
    host = state.host_name(chosen.host)
    driver = new_driver(chosen, state, host)
    return Agent(
        host,
        driver,
        bus,
        ImageBytes(transport),
        state.path,
        heartbeat_s=chosen.heartbeat_s,
        base_image_keep_s=chosen.base_image_keep_s,
    )


def new_driver(chosen: AgentSettings, state: StateDirectory, host: str) -> Driver:
    """Return the hypervisor driver that the settings name."""
    if chosen.driver == "fake":
        from pileus.compute.agent.drivers.fake import RESOURCES, FakeDriver

        resources = replace(RESOURCES, hypervisor_hostname=host)
        return FakeDriver(resources, directory=state.path / "instances")
    from pileus.compute.agent.drivers.libvirt.driver import LibvirtDriver

    return LibvirtDriver(state.path, state.cloud_id(), uri=chosen.libvirt_uri, hostname=host)


def _words(error: Exception) -> str:
    return error.reason if isinstance(error, PileusError) else f"{type(error).__name__}: {error}"


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _drop(_value: object) -> None:
    """A loop's round returns nothing."""
