"""Compute's personas, and a request for each route, each action, and each wish that has a rule of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pileus.compute.api import aggregate, server_action, server_move
from pileus.compute.api.action import ActionRow
from pileus.compute.api.links import URL_PROJECT, V2
from pileus.compute.api.route.flavor import ACTIONS as FLAVOR_ACTIONS
from pileus.compute.api.routes import ROUTES
from pileus.compute.api.versions import HISTORY
from pileus.compute.backend import Backend
from pileus.compute.policy import DEFAULTS
from pileus.compute.service import new_service
from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.routes import Route
from pileus.kit.versions import Change, Version
from tests.golden.compute_body import SOMETHING, body_of
from tests.golden.compute_place import Places
from tests.golden.matrix import Sample, StreamingApp, Subject, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pileus.kit.http.message import Reply, Request
    from tests.compute.cloud import Cloud

_LADDER = ("reader", "member", "manager", "admin")
_ACTIONS: dict[str, tuple[ActionRow, ...]] = {
    "/v2.1/servers/{server_id}/action": server_action.ACTIONS,
    "/v2.1/os-volumes_boot/{server_id}/action": server_action.VOLUMES_BOOT_ACTIONS,
    "/v2.1/servers/{server_id}/migrations/{migration_id}/action": server_move.MIGRATION_ACTIONS,
    "/v2.1/flavors/{flavor_id}/action": FLAVOR_ACTIONS,
    "/v2.1/os-aggregates/{aggregate_id}/action": aggregate.ACTIONS,
}


class Callers:
    """A token is the name of a persona."""

    def __init__(self) -> None:
        roles = {role: frozenset(_LADDER[: number + 1]) for number, role in enumerate(_LADDER)}
        self.contexts = {"nobody": Context(user_id="nobody", project_id="p-own")}
        for role, held in roles.items():
            self.contexts[role] = Context(user_id=role, project_id="p-own", roles=held)
        for role, held in roles.items():
            self.contexts[f"other-{role}"] = Context(user_id=f"other-{role}", project_id="p-other", roles=held)
        self.contexts["domain-admin"] = Context(user_id="d", domain_id="d", roles=roles["admin"])
        self.contexts["system-reader"] = Context(user_id="r", is_system=True, roles=roles["reader"])
        self.contexts["system-admin"] = Context(user_id="s", is_system=True, roles=roles["admin"])
        self.contexts["service"] = Context(user_id="service", project_id="p-service", roles=frozenset({"service"}))

    def authenticate(self, request: Request) -> Context:
        """Return the persona. Raises Unauthenticated."""
        found = self.contexts.get(request.headers.get("x-auth-token", ""))
        if found is None:
            raise Unauthenticated
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Route[Backend]):
    """A route asked for one thing of several: an action, or with a wish that has a rule of its own."""

    what: str
    wish: Any = None  # another body than the route's
    query: str = ""


def _asked(row: Route[Backend], what: str, **more: Any) -> Asked:
    return Asked(**{one.name: getattr(row, one.name) for one in fields(Route)} | {"what": what} | more)


_BLANK_DISK = {"source_type": "blank", "destination_type": "local", "volume_size": 1}
WISHES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("GET /servers", "of all projects", "servers:index:get_all_tenants", {"query": "all_tenants=1"}),
    ("GET /servers/detail", "of all projects", "servers:detail:get_all_tenants", {"query": "all_tenants=1"}),
    ("POST /servers", "on a host", "compute:servers:create:requested_destination", {"wish": {"host": "h1"}}),
    ("POST /servers", "by force on a host", "servers:create:forced_host", {"wish": {"availability_zone": "nova:h1"}}),
    ("POST /servers", "with certificates", "servers:create:trusted_certs",
     {"wish": {"trusted_image_certificates": ["one"]}}),
    ("POST /servers", "on a network", "servers:create:attach_network", {"wish": {"networks": [{"uuid": SOMETHING}]}}),
    ("POST /servers", "with a disk", "servers:create:attach_volume",
     {"wish": {"block_device_mapping_v2": [_BLANK_DISK]}}),
    ("GET /os-server-groups", "of all projects", "os-server-groups:index:all_projects", {"query": "all_projects=1"}),
    ("GET /os-keypairs", "of the member", "os-keypairs:index", {"query": "user_id=member"}),
    ("GET /os-keypairs/{name}", "of the member", "os-keypairs:show", {"query": "user_id=member"}),
    ("GET /limits", "of the project own", "limits:other_project", {"query": "tenant_id=p-own"}),
    ("POST /servers/{server_id}/action", "migrate to a host", "os-migrate-server:migrate:host",
     {"wish": {"migrate": {"host": "h2"}}}),
    ("POST /servers/{server_id}/action", "os-migrateLive to a host", "os-migrate-server:migrate_live:host",
     {"wish": {"os-migrateLive": {"host": "h2", "block_migration": "auto"}}}),
    ("POST /servers/{server_id}/action", "unshelve to a host", "os-shelve:unshelve_to_host",
     {"wish": {"unshelve": {"host": "h2"}}}),
)  # fmt: skip
"""The route, what is wished, the rule, and how it is written."""


BEHIND = {"GET /os-migrations": "os_compute_api:os-migrations:index:all_projects"}
"""Routes with a second rule for who asks for nothing else."""


def asked_rows() -> list[Route[Backend]]:
    """Return every row of v2.1 once: those of actions for each action, and the wishes behind them."""
    rows = [row for row in ROUTES.rows if f"{{{URL_PROJECT}}}" not in row.path and not row.path.startswith(f"{V2}/")]
    return [asked for row in rows for asked in _spread(row)]


def _spread(row: Route[Backend]) -> Iterator[Route[Backend]]:
    if row.path not in _ACTIONS:
        yield row
    for action in _ACTIONS.get(row.path, ()):
        dates = {"since": action.since or row.since, "until": action.until or row.until}
        yield _asked(row, action.name, rule=action.rule, body=action.body, **dates)
    for where, what, rule, wish in WISHES:
        if where == bare_title(row):
            named = rule if rule.startswith("compute:") else f"os_compute_api:{rule}"
            yield _asked(row, what, rule=named, **wish)


def bare_title(row: Route[Any]) -> str:
    """Return a row's name without the API's version, and with what is asked."""
    return title(row).replace("/v2.1/", "/", 1)


def title(row: Route[Any]) -> str:
    """Return a row's name."""
    return f"{title_of(row)} {row.what}" if isinstance(row, Asked) else title_of(row)


def last_version(until: Change | None) -> Version:
    """Return the newest version that has what ends with a change."""
    return HISTORY.newest if until is None else Version(until.version.major, until.version.minor - 1)


class Samples:
    """Writes a minimal request for each row, about things that there are."""

    def __init__(self, cloud: Cloud, users: Sequence[str]) -> None:
        self._places = Places(cloud, users)

    def __call__(self, row: Route[Any]) -> Sample:
        """Return a request for a route."""
        version, query = last_version(row.until), ""
        body = body_of(bare_title(row), version)
        if isinstance(row, Asked) and row.query:
            query, body = row.query, None
        elif isinstance(row, Asked) and row.wish:
            body = row.wish if "action" in row.path else _server_with(row.wish, version)
        if row.body is not None:
            schema = row.body.at(version) if hasattr(row.body, "at") else row.body
            assert schema.mismatch(body) is None, (title(row), body)  # or the policy would not be asked
        headers = {"openstack-api-version": f"compute {version}"}
        return Sample(params=self._places.of(row, version), body=body, query=query, headers=headers)


def _server_with(wish: dict[str, Any], version: Version) -> Any:
    return {"server": {**body_of("POST /servers", version)["server"], **wish}}


def _require_rule(row: Route[Any], reply: Reply) -> None:
    """Check that a refusal says by which rule."""
    message = str(reply.decoded()["forbidden"]["message"])
    named = [rule for rule in DEFAULTS if message.startswith(f"Policy doesn't allow {rule} to be performed.")]
    assert named in ([row.rule], [BEHIND.get(bare_title(row))]) or isinstance(row, Asked), (title(row), message)
    assert named, message


def subject(cloud: Cloud) -> Subject:
    """Return compute, with a server and whatever else there is in the project p-own."""
    callers = Callers()
    cloud.app = StreamingApp(new_service(cloud.backend, callers))
    personas = {"anonymous": {}, **{name: {"x-auth-token": name} for name in callers.contexts}}
    users = list(callers.contexts)
    return Subject(
        app=cloud.app, rows=asked_rows(), personas=personas, sample=Samples(cloud, users), is_body_after_policy=True,
        title=title, require_reason=_require_rule,
    )  # fmt: skip
