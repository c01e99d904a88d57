"""A running cloud, or a part of one: what is shared by the services of one process, and how it starts and stops."""

from __future__ import annotations

import ctypes
import gc
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pileus.clients.account import admin_credentials, credentials_of, session_of
from pileus.clients.identity import TokenAuthenticator
from pileus.clients.session import Credentials, LoginRefused, Session
from pileus.clients.transport import Transport
from pileus.kit import log
from pileus.kit.bus.chosen import new_notifier
from pileus.kit.bus.notifier import SureNotifier
from pileus.kit.clock import Clock, SystemClock
from pileus.kit.db import Database
from pileus.kit.errors import Conflict, Unavailable
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.cors import Cors
from pileus.kit.http.server import HttpServer, Tls, bind
from pileus.kit.http.threads import Threads
from pileus.kit.loop import Loop
from pileus.kit.settings import ListenSettings, NotifierSettings
from pileus.kit.state import StateDirectory
from pileus.wiring.database import migrations_of, new_database
from pileus.wiring.settings import PATH_OF, SERVICES, Settings

logger = log.get_logger("pileus")

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


class ServiceUserUnknown(Conflict):
    """Somebody else's identity service does not know who we are."""

    message = (
        "{reason} Either let an administrator of that identity service register this cloud: give his password as "
        "PILEUS_AUTH__ADMIN__PASSWORD. Or give the service a user there, with the role `service` in that project, and "
        "name it in the settings: [auth] username and password."
    )


UNCHANGED_S = 5.0
"""How long an answer about a token is used again where our own identity service, in this process, wrote nothing."""


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
    first_stops: list[Callable[[], None]] = field(default_factory=list)  # of what calls our own ports
    token_version: Callable[[], object] | None = None  # of our own identity service, if it lives here
    other_regions: Sequence[str] = ()  # that somebody else's identity service told of
    transport: Transport = field(init=False)
    threads: Threads = field(init=False)

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
        _share_memory()
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
        starts = [step for service in self.services for step in _build(service, self)]
        cors = Cors(self.settings.cors)
        listeners = [
            (sockets[service], Listener(self.apps[service], self.threads, cors, patient=patient))
            for service in self.services
        ]
        server = HttpServer(listeners, self._tls())
        server.start()
        self.stops += [server.stop, *self.first_stops]
        for step in starts:
            step()
        if self.settings.auth.url:
            self._require_let_in()
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
        known = register(Session(self.transport, admin_credentials(auth), self.clock), region, parts, users)
        self.other_regions = [one for one in known if one != region]
        logger.info("registered", identity=auth.url, region=region)

    def _require_let_in(self) -> None:
        """Make sure that somebody else's identity service knows our users. Raises ServiceUserUnknown.

        It need not be up yet: services start in any order.
        """
        for service in self.services:
            known = self._credentials(service)
            try:
                self.session(service).token()
            except LoginRefused as error:
                raise ServiceUserUnknown(reason=error.reason) from None
            except Unavailable as error:
                logger.warning("identity does not answer yet", identity=known.auth_url, reason=error.reason)
                return

    # --- what the services are built with ---

    def add_app(self, service: str, app: App[Any]) -> None:
        """Have a service answer at its port, and its neighbours in this process without the network."""
        self.apps[service] = app
        self.transport.add_local(self.root_url(service), app)

    def session(self, service: str) -> Session:
        """Return a service's own session: its user here, or the one that somebody else's identity knows."""
        return session_of(self._credentials(service), self.settings.auth, self.state, self.transport, self.clock)

    def authenticator(self, service: str) -> TokenAuthenticator:
        """Return what asks identity about callers.

        Our own is asked again as soon as it has written anything: what it revokes is void at once.
        """
        auth, version = self.settings.auth, None
        cache_s = auth.token_cache_s
        if not auth.url:
            version = self.token_version
            cache_s = UNCHANGED_S if version else 0.0
        return TokenAuthenticator(self.session(service), service_type=service, cache_s=cache_s, version=version)

    def notifier(self, service: str, chosen: NotifierSettings) -> SureNotifier | None:
        """Return what sends a service's notifications, if its settings name a broker; it ends with the cloud."""
        if not chosen.url:
            return None
        notifier = new_notifier(
            chosen.url,
            self.clock,
            service=service,
            exchange=chosen.exchange,
            topics=chosen.topics,
            is_durable=chosen.is_durable,
            ca_file=self.settings.tls.ca,
        )
        self.stops.append(notifier.close)
        return notifier

    def _credentials(self, service: str) -> Credentials:
        return credentials_of(service, self.settings.auth, self.state, auth_url=self.auth_url(), region=self.region())

    def owner(self) -> str:
        """Return what this copy signs leases with: the same after a restart, so that it has its own back at once."""
        return f"{socket.gethostname()}:{self.state.path}:{self.listen(self.services[0]).port}"

    def starting(self, loops: Sequence[Loop]) -> list[Callable[[], None]]:
        """Have loops stop with the cloud, and return what starts them."""
        self.stops.extend(loop.stop for loop in loops)
        return [loop.start for loop in loops]


def _share_memory() -> None:
    """Let all threads take memory from two pools: with one for each, what one has given back is lost to the others."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)


def _build(service: str, cloud: Cloud) -> Sequence[Callable[[], None]]:
    """Make a service one of the cloud's apps; return what to start once all ports answer."""
    steps: Sequence[Callable[[], None]] = import_module(f"pileus.wiring.{service}").build(cloud)
    return steps
