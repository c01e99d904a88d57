"""Identity's personas, and a sample for each of its routes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from pileus.identity.api.routes import ROUTES
from tests.golden.identity_catalog import CatalogSamples
from tests.golden.identity_delegation import Delegations
from tests.golden.identity_extension import ExtensionSamples
from tests.golden.identity_resource import ResourceSamples
from tests.golden.matrix import Sample, Subject
from tests.identity.world import SYSTEM, project

if TYPE_CHECKING:
    from pileus.kit.http.routes import Route
    from tests.identity.world import World

_serial = count(1)
_PROJECT_ROLES = ("reader", "member", "manager", "admin")
_DOMAIN_ROLES = ("reader", "manager", "admin")
_SYSTEM_ROLES = ("reader", "admin")
CREATED: dict[str, dict[str, Any]] = {
    "domains": {"domain": {"name": "{}"}},
    "projects": {"project": {"name": "{}", "domain_id": "{home}"}},
    "users": {"user": {"name": "{}", "domain_id": "{home}"}},
    "groups": {"group": {"name": "{}", "domain_id": "{home}"}},
    "roles": {"role": {"name": "{}"}},
    "regions": {"region": {"id": "{}"}},
    "services": {"service": {"type": "{}"}},
    "endpoints": {"endpoint": {"service_id": "{service}", "interface": "public", "url": "http://x"}},
}


class Samples:
    """Makes what a request acts on: in the personas' own domain, or in another."""

    def __init__(self, world: World, home: str) -> None:
        self._world = world
        self._home = home
        self._service = world.made("/v3/services", {"service": {"type": "x"}})["id"]
        self._member = world.role("member")
        self._kept: dict[str, str] = {}
        self._delegations = Delegations(world, home)
        self._areas = (CatalogSamples(world, home), ExtensionSamples(world), ResourceSamples(world, home))

    def __call__(self, row: Route[Any]) -> Sample:
        """Return a request for a route; what it would delete is made anew each time."""
        delegated = self._delegations.sample(row)
        if delegated is not None:
            return delegated
        for area in self._areas:
            if (sample := area(row)) is not None:
                return sample
        kinds = [segment[1:-4] for segment in row.path.split("/") if segment.startswith("{")]
        is_grant = ("user" in kinds or "group" in kinds) and "/roles" in row.path
        params = {f"{kind}_id": self._of(kind, row.method, is_grant=is_grant) for kind in kinds}
        if is_grant:
            self._grant(row, params)
        elif kinds == ["group", "user"] and row.method != "PUT":
            assert self._world("PUT", row.path.format(**params)).status == 204
        collection = row.path.split("/")[2]
        body = None
        if row.method in ("POST", "PUT") and row.body is not None:
            body = self._filled(CREATED[collection])
            if row.method == "PUT":
                body = {"region": {}}
                params = {"region_id": f"new {next(_serial)}"}
        elif row.method == "PATCH":
            body = {collection.removesuffix("s"): {"description": "new"}}
        headers = {"x-subject-token": self._world.token("demo", "secret")} if collection == "auth" else {}
        return Sample(params=params, body=body, headers=headers)

    def _of(self, kind: str, method: str, *, is_grant: bool) -> str:
        if is_grant and kind == "role":
            return self._member
        if kind == "domain" and method == "GET":
            return self._home
        if method == "DELETE" and not is_grant:
            return self._make(kind)
        if kind not in self._kept:
            self._kept[kind] = self._make(kind)
        return self._kept[kind]

    def _make(self, kind: str) -> str:
        made = self._world.made(f"/v3/{kind}s", self._filled(CREATED[f"{kind}s"]))["id"]
        if kind == "domain":
            self._world("PATCH", f"/v3/domains/{made}", {"domain": {"enabled": False}})
        return str(made)

    def _grant(self, row: Route[Any], params: dict[str, str]) -> None:
        if "domain_id" in params:
            params["domain_id"] = self._home
        if "role_id" in params:
            path = row.path.format(**params)
            assert self._world("PUT", path).status == 204

    def _filled(self, body: dict[str, Any]) -> dict[str, Any]:
        names = {"{}": f"new {next(_serial)}", "{home}": self._home, "{service}": self._service}
        return {
            outer: {name: names.get(value, value) for name, value in inner.items()} for outer, inner in body.items()
        }


def subject(world: World, *, is_own_domain: bool) -> Subject:
    """Return identity with personas of one domain, asked about what is in it or about what is in another."""
    home = world.made("/v3/domains", {"domain": {"name": "home"}})["id"]
    other = world.made("/v3/domains", {"domain": {"name": "other"}})["id"]
    inside = world.made("/v3/projects", {"project": {"name": "inside", "domain_id": home}})["id"]
    tokens = {"anonymous": ""}

    def add(persona: str, role: str, where: str, scope: dict[str, Any]) -> None:
        owner = world.user(persona, domain_id=home)
        world.give(owner, role, where)
        tokens[persona] = world.token(persona, "pw", scope, "home")

    for role in _PROJECT_ROLES:
        add(role, role, f"projects/{inside}", {"project": {"id": inside}})
    for role in _DOMAIN_ROLES:
        add(f"domain-{role}", role, f"domains/{home}", {"domain": {"id": home}})
    for role in _SYSTEM_ROLES:
        add(f"system-{role}", role, "system", SYSTEM)
    tokens["service"] = world.token("nova", "secret", project("service"))
    personas = {name: {"x-auth-token": token} if token else {} for name, token in tokens.items()}
    sample = Samples(world, home if is_own_domain else other)
    return Subject(app=world.app, rows=ROUTES.rows, personas=personas, sample=sample)
