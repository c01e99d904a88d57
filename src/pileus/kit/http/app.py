"""A service as an application: from a request to a reply, in one place and one `try`.

`App.handle` is the whole way of a request that fits in memory; a socket and another service of the same process call it
alike. A route that streams is admitted by the same steps, and its handler then reads the bytes as they come.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar, cast

from pileus.kit import ids, log
from pileus.kit.errors import Invalid, MethodNotAllowed, PileusError, TooLarge
from pileus.kit.http.auth import IDENTITY_HEADERS, Authenticator
from pileus.kit.http.dialects import Dialect, status_of
from pileus.kit.http.message import ClientGone, Reply, Request
from pileus.kit.http.routes import PUBLIC, Route, RouteTable, Target
from pileus.kit.metrics import observe_request
from pileus.kit.patience import TakesLong
from pileus.kit.policy import Policy
from pileus.kit.versions import History

S = TypeVar("S")
logger = log.get_logger("pileus.http")


class InternalError(PileusError):
    """What a caller learns of a fault of ours: nothing of the inside, and how to report it."""

    message = "An unexpected error prevented the server from fulfilling your request. Report the request id {id}."


@dataclass(frozen=True, kw_only=True)
class Service(Generic[S]):
    """What an application needs to know of one service."""

    name: str  # identity, image, placement, compute
    state: S  # what handlers get as their second argument
    routes: RouteTable[S]
    dialect: Dialect
    authenticator: Authenticator
    trusted_headers: frozenset[str] = frozenset()  # of IDENTITY_HEADERS, what this authenticator reads from outside
    policy: Policy
    history: History | None = None
    read_version: Callable[[Request, History], Any] | None = None  # how a request names its microversion
    is_body_before_policy: bool = False  # the order of refusals that this API's clients know
    body_limit: int = 2**20
    screen: Callable[[Request], None] = field(default=lambda _request: None)  # what every request of this API must be
    decorate: Callable[[Request, Reply], None] = field(default=lambda _request, _reply: None)  # headers of every reply
    ready: Callable[[], Mapping[str, str]] = field(default=dict)  # part → what is wrong, for /healthz; empty is well


class App(Generic[S]):
    """One service's HTTP application."""

    def __init__(self, service: Service[S]) -> None:
        self.service = service
        self.name = service.name
        self._forged = IDENTITY_HEADERS - service.trusted_headers

    def handle(self, request: Request) -> Reply:
        """Answer one request. Raises TakesLong where the thread has no time for what is asked, and nothing else."""
        return self._answer(request, _plain_handler)

    def admit(self, request: Request) -> tuple[Route[S] | None, Reply | None]:
        """Find a streaming request's route and let its caller through, or return the refusal."""
        admitted: list[Route[S]] = []

        def remember(row: Route[S]) -> Callable[[Request, S], Reply]:
            admitted.append(row)
            request.is_authorized = True  # a streaming handler checks its row's policy itself
            return lambda _request, _state: Reply()

        started = time.perf_counter()
        request.id = request.id or ids.new_request_id()
        bound = log.bind_request(request.id)
        try:
            reply, pattern = self._attempt(request, remember)
            if admitted and reply.status == HTTPStatus.OK:
                return admitted[0], None  # which is logged and counted when it has been streamed
            return None, self._finish(request, reply, started, pattern)
        finally:
            log.unbind_request(bound)

    async def stream(self, row: Route[S], request: Request) -> Reply:
        """Run a streaming route's handler. Never raises but for a client that went away."""
        started = time.perf_counter()
        log.bind_request(request.id)  # of this task alone, so it need not be taken back
        try:
            handler = cast("Callable[[Request, S], Awaitable[Reply]]", row.handler)
            request.is_authorized = row.rule is PUBLIC or row.target is Target.CALLER  # as it was when it was admitted
            request.authenticator = self.service.authenticator
            reply = await handler(request, self.service.state)
            self._assert_authorized(row, request)
        except PileusError as error:
            reply = self._refusal(request, error)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 (the one place that may)
            reply = self._fault(request, error)
        return self._finish(request, reply, started, row.path)

    def find_route(self, method: str, path: str) -> Route[S] | None:
        """Return a route as it is in the newest version, or None: it says how a request is to be run."""
        try:
            return self.service.routes.find(
                method, path, self.service.history.newest if self.service.history else None
            )[0]
        except PileusError:
            return None

    # --- the way of a request ---------------------------------------------------------------------

    def _answer(self, request: Request, choose: Callable[[Route[S]], Callable[[Request, S], Reply]]) -> Reply:
        started = time.perf_counter()
        request.id = request.id or ids.new_request_id()
        bound = log.bind_request(request.id)
        try:
            reply, pattern = self._attempt(request, choose)
            return self._finish(request, reply, started, pattern)
        finally:
            log.unbind_request(bound)

    def _attempt(
        self, request: Request, choose: Callable[[Route[S]], Callable[[Request, S], Reply]]
    ) -> tuple[Reply, str]:
        pattern = "-"
        try:
            row = self._route(request)
            pattern = row.path
            reply = choose(row)(request, self.service.state)
            self._assert_authorized(row, request)
        except PileusError as error:
            reply = self._refusal(request, error)
        except TakesLong:
            raise
        except Exception as error:  # noqa: BLE001 (the one place that may)
            reply = self._fault(request, error)
        return reply, pattern

    def _route(self, request: Request) -> Route[S]:
        service = self.service
        request.policy = service.policy
        request.headers = {k: v for k, v in request.headers.items() if k not in self._forged}
        self._read_version(request)
        if len(request.body) > service.body_limit:
            raise TooLarge(f"Request is too large: the limit is {service.body_limit} bytes.")
        # An unknown caller learns nothing, not even which paths exist; so he is asked for before a 404 or 405.
        try:
            row, request.params = service.routes.find(request.method, request.path, request.version)
        except PileusError:
            request.context = service.authenticator.authenticate(request)
            raise
        request.pattern, request.rule, request.body_schema = row.path, row.rule, row.body
        request.has_secret = row.has_secret
        if row.rule is PUBLIC:
            request.is_authorized = True
            service.screen(request)
            return row
        request.context = service.authenticator.authenticate(request)
        service.screen(request)
        if service.is_body_before_policy and row.body is not None:
            request.json()
        if row.target is Target.CALLER:
            caller = request.context
            request.require({"project_id": caller.project_id, "user_id": caller.user_id, "domain_id": caller.domain_id})
        return row

    def _read_version(self, request: Request) -> None:
        service = self.service
        if service.history is not None and service.read_version is not None:
            request.version = service.history.oldest  # in which a refusal of the version itself is worded
            request.version = service.read_version(request, service.history)

    def _assert_authorized(self, row: Route[S], request: Request) -> None:
        if not request.is_authorized:
            raise AssertionError(f"{row.method} {row.path} answered without asking the policy")

    def _refusal(self, request: Request, error: PileusError) -> Reply:
        if "why" in error.details:
            logger.info("refused", service=self.name, path=request.path_to_log, why=error.details["why"])
        reply = self.service.dialect(request, status_of(error), error)
        if "uri" in error.details:
            reply.headers.setdefault("www-authenticate", f'Keystone uri="{error.details["uri"]}"')
        if isinstance(error, MethodNotAllowed):
            reply.headers["allow"] = ", ".join(error.details["allowed"])
        if "accept_patch" in error.details:
            reply.headers["accept-patch"] = ", ".join(error.details["accept_patch"])
        if "retry_after_s" in error.details:
            reply.headers["retry-after"] = str(error.details["retry_after_s"])
        return reply

    def _fault(self, request: Request, error: Exception) -> Reply:
        if isinstance(error, UnicodeError):
            return self._refusal(request, Invalid("The request holds text that is not valid Unicode."))
        logger.exception("unexpected error", service=self.name, method=request.method, path=request.path_to_log)
        return self.service.dialect(request, HTTPStatus.INTERNAL_SERVER_ERROR, InternalError(id=request.id))

    def _finish(self, request: Request, reply: Reply, started: float, pattern: str) -> Reply:
        reply.headers["x-openstack-request-id"] = request.id
        self.service.decorate(request, reply)
        seconds = time.perf_counter() - started
        observe_request(self.name, request.method, pattern, reply.status, seconds)
        logger.info(
            "request",
            service=self.name,
            method=request.method,
            path=request.path_to_log,
            status=reply.status,
            ms=round(seconds * 1000, 1),
            user_id=request.context.user_id or None,
            cause=_cause(request),
            project_id=request.context.project_id,
        )
        return reply


def _plain_handler(row: Route[S]) -> Callable[[Request, S], Reply]:
    if row.is_stream:
        raise AssertionError(f"{row.method} {row.path} carries bytes: they cross a socket")
    return cast("Callable[[Request, S], Reply]", row.handler)


def _cause(request: Request) -> str | None:
    """Return the id of the request that this one was made for, if another service says so."""
    said = request.headers.get("x-openstack-request-id", "")
    return said if re.fullmatch(r"req-[0-9a-f-]{36}", said) else None
