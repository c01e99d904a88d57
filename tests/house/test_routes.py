"""Every route of every service is guarded: by a rule that exists, or by being on a short list of open ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.api import aggregate, server_action, server_move
from pileus.compute.api.route.flavor import ACTIONS as FLAVOR_ACTIONS
from pileus.compute.api.route.row import BY_ACTION
from pileus.compute.api.routes import ROUTES as COMPUTE
from pileus.compute.policy import DEFAULTS as COMPUTE_RULES
from pileus.compute.service import new_service as new_compute
from pileus.identity.api.routes import ROUTES as IDENTITY
from pileus.identity.policy import DEFAULTS as IDENTITY_RULES
from pileus.identity.service import new_service as new_identity
from pileus.image.api.routes import ROUTES as IMAGE
from pileus.image.policy import DEFAULTS as IMAGE_RULES
from pileus.image.service import new_service as new_image
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.app import App
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC
from pileus.kit.policy import Policy
from pileus.placement.api.routes import ROUTES as PLACEMENT
from pileus.placement.policy import DEFAULTS as PLACEMENT_RULES
from pileus.placement.service import new_service as new_placement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pileus.kit.context import Context
    from pileus.kit.http.app import Service
    from pileus.kit.http.routes import Route, RouteTable

SOURCE = Path(__file__).parents[2] / "src" / "pileus"


class Nobody:
    """Knows no token."""

    def authenticate(self, request: Request) -> Context:
        raise Unauthenticated


NO_BACKEND: Any = None  # a caller who is refused gets nowhere near it


@dataclass(frozen=True)
class Api:
    name: str
    routes: RouteTable[Any]
    rules: Mapping[str, str]
    new_service: Callable[[], Service[Any]]
    public: frozenset[str]


APIS = (
    Api(
        "identity", IDENTITY, IDENTITY_RULES, lambda: new_identity(NO_BACKEND),
        frozenset({
            "GET /", "GET /v3", "POST /v3/auth/tokens", "POST /v3/users/{user_id}/password",
            "POST /v3/OS-OAUTH1/request_token", "POST /v3/OS-OAUTH1/access_token",  # which the consumer signs
            "GET /v3/OS-FEDERATION/saml2/metadata",
        }),
    ),
    Api(
        "image", IMAGE, IMAGE_RULES, lambda: new_image(NO_BACKEND, Nobody()),
        frozenset({"GET /", "GET /versions"}),
    ),
    Api("placement", PLACEMENT, PLACEMENT_RULES, lambda: new_placement(NO_BACKEND, Nobody()), frozenset({"GET /"})),
    Api(
        "compute", COMPUTE, COMPUTE_RULES, lambda: new_compute(NO_BACKEND, Nobody()),
        frozenset({"GET /", "GET /{anything}", "GET /v2", "GET /v2/", "GET /v2.1", "GET /v2.1/"}),
    ),
)  # fmt: skip
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)

ACTIONS = (*server_action.ACTIONS, *server_move.MIGRATION_ACTIONS, *aggregate.ACTIONS, *FLAVOR_ACTIONS)

UNUSED = {
    "default",  # in oslo.policy the fallback for unknown rules; here an unknown rule allows nobody
    "compute:servers:resize:cross_cell",  # there is one cell
    # Aliases that operators know from the originals and may use in a file of their own.
    "admin_api",
    "admin_or_owner",
    "admin_or_token_subject",
    "metadef_default",
    "owner",
    "service_admin_or_token_subject",
}

DERIVED = re.compile(
    r".*:(get_all_tenants|all_projects|host|details|unknown-only)|identity:[a-z]+_domain_roles?|"
    r".*:servers:create:(attach_network|attach_volume|forced_host|trusted_certs|zero_disk_flavor)"
)
"""Rules that are named after another one."""

NOT_YET = {
    "compute:server:topology:host:index",
    "network:attach_external_network",
    "os_compute_api:os-volumes-attachments:swap",
    "os_compute_api:servers:create_image:allow_volume_backed",
}
"""Rules of the original that operators may name, and that nothing here asks yet."""


def title(row: Route[Any]) -> str:
    return f"{row.method} {row.path}"


def source_of(api: Api) -> str:
    files = (SOURCE / api.name).rglob("*.py")
    return "\n".join(path.read_text() for path in files if path.name not in ("policy.py", "routes.py"))


@each_api
def test_the_open_routes_are_these_and_no_others(api: Api) -> None:
    assert {title(row) for row in api.routes.rows if row.rule is PUBLIC} == api.public


@each_api
def test_every_rule_of_a_route_exists(api: Api) -> None:
    named = {row.rule for row in api.routes.rows if row.rule is not PUBLIC} - {BY_ACTION}
    if api.name == "compute":
        named |= {row.rule for row in ACTIONS}
    assert named <= api.rules.keys()


def test_what_says_for_which_tokens_a_rule_is_names_rules_that_there_are() -> None:
    from pileus.identity.policy import DEFAULTS
    from pileus.identity.scope import _SCOPES

    assert _SCOPES.keys() <= DEFAULTS.keys()


@each_api
def test_every_rule_is_used(api: Api) -> None:
    used = {row.rule for row in api.routes.rows}
    if api.name == "compute":
        used |= {row.rule for row in ACTIONS}
    referenced = {name for text in api.rules.values() for name in re.findall(r"rule:([^\s()]+)", text)}
    source = source_of(api)
    in_code = {name for name in api.rules if f'"{name}"' in source}
    derived = {name for name in api.rules if DERIVED.fullmatch(name)}
    assert api.rules.keys() - used - referenced - in_code - derived - NOT_YET <= UNUSED


@each_api
def test_every_rule_that_another_calls_exists_and_every_rule_is_understood(api: Api) -> None:
    Policy(api.rules)
    called = {name for text in api.rules.values() for name in re.findall(r"rule:([^\s()]+)", text)}
    assert called <= api.rules.keys()


@each_api
def test_a_caller_without_a_token_gets_nothing_but_401_from_what_is_not_open(api: Api) -> None:
    app = App(api.new_service())
    for row in api.routes.rows:
        if row.rule is not PUBLIC:
            assert ask(app, row).status == 401, title(row)
    assert app.handle(Request(method="GET", path="/v2/no/such/path", base_url="http://x")).status == 401


def ask(app: App[Any], row: Route[Any]) -> Reply:
    path = re.sub(r"\{[^}]+\}", "1", row.path)
    headers = {"content-type": "application/json", "openstack-api-version": f"{app.name} latest"}
    request = Request(method=row.method, path=path, headers=headers, body=b"{broken", base_url="http://x")
    if not row.is_stream:
        return app.handle(request)
    _, refusal = app.admit(request)
    assert refusal is not None
    return refusal
