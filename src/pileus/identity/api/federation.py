"""Federation's records: identity providers and their protocols, mappings, service providers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pileus.identity.api import view
from pileus.identity.api.body import changes, chosen_id
from pileus.identity.api.listing import flag, links_of, many
from pileus.identity.backend import Backend
from pileus.identity.db import identity_provider, mapping, service_provider
from pileus.identity.model.extension_errors import MetadataMissing
from pileus.identity.model.federation import (
    RELAY_STATE_PREFIX,
    AttributeMapping,
    FederatedProtocol,
    IdentityProvider,
    ServiceProvider,
)
from pileus.identity.model.mapping import DEFAULT_VERSION
from pileus.identity.operations import federation
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

View = dict[str, Any]

_IDP = {"enabled", "description", "authorization_ttl", "remote_ids"}
_PROTOCOL = {"mapping_id", "remote_id_attribute"}
_SERVICE_PROVIDER = {"auth_url", "sp_url", "description", "enabled", "relay_state_prefix"}
_IDPS = "OS-FEDERATION/identity_providers"
_MAPPINGS = "OS-FEDERATION/mappings"
_SERVICE_PROVIDERS = "OS-FEDERATION/service_providers"


def show_metadata(_request: Request, _backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/saml2/metadata: this cloud is no SAML identity provider."""
    raise MetadataMissing


# --- identity providers ---------------------------------------------------------------------------


def list_idps(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/identity_providers."""
    with backend.database.read() as tx:
        rows = identity_provider.list_providers(tx, idp_id=request.query.get("id"), is_enabled=flag(request, "enabled"))
    return many(request, "identity_providers", (_idp(request, row) for row in rows), _IDPS)


def show_idp(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/identity_providers/{idp_id}."""
    with backend.database.read() as tx:
        row = identity_provider.get(tx, request.params["idp_id"])
    return view.one(request, "identity_provider", _IDPS, _idp(request, row))


def create_idp(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-FEDERATION/identity_providers/{idp_id}."""
    body = request.json().get("identity_provider", {})
    new = IdentityProvider(
        id=chosen_id(request, "idp_id"),
        domain_id=body.get("domain_id") or ids.new_hex_id(),
        is_enabled=body.get("enabled", False),
        description=body.get("description"),
        authorization_ttl=body.get("authorization_ttl"),
        remote_ids=tuple(body.get("remote_ids") or ()),
    )
    row = backend.database.write(federation.create_provider, new, has_own_domain=not body.get("domain_id"))
    return view.one(request, "identity_provider", _IDPS, _idp(request, row), 201)


def update_idp(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}."""
    wanted = changes(request.json()["identity_provider"], _IDP, texts=())
    if "remote_ids" in wanted:
        wanted["remote_ids"] = tuple(wanted["remote_ids"] or ())
    row = backend.database.write(federation.update_provider, request.params["idp_id"], wanted)
    return view.one(request, "identity_provider", _IDPS, _idp(request, row))


def delete_idp(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-FEDERATION/identity_providers/{idp_id}."""
    backend.database.write(federation.delete_provider, request.params["idp_id"])
    return Reply.empty()


def _idp(request: Request, row: IdentityProvider) -> View:
    return {
        "id": row.id,
        "domain_id": row.domain_id,
        "enabled": row.is_enabled,
        "description": row.description,
        "authorization_ttl": row.authorization_ttl,
        "remote_ids": list(row.remote_ids),
        "links": {"protocols": f"{_idp_link(request, row.id)}/protocols"},
    }


def _idp_link(request: Request, idp_id: str) -> str:
    return f"{request.base_url}/v3/{_IDPS}/{quote(idp_id, safe='')}"


# --- protocols ------------------------------------------------------------------------------------


def list_protocols(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols."""
    with backend.database.read() as tx:
        rows = identity_provider.list_protocols(tx, request.params["idp_id"])
    shown = [
        {**_protocol(request, row), "idp_id": row.idp_id, "remote_id_attribute": row.remote_id_attribute}
        for row in rows
    ]
    return Reply.json({"protocols": shown, "links": links_of(request)})


def show_protocol(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}."""
    with backend.database.read() as tx:
        row = identity_provider.get_protocol(tx, request.params["idp_id"], request.params["protocol_id"])
    return Reply.json({"protocol": _protocol(request, row)})


def create_protocol(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}."""
    body = request.json()["protocol"]
    new = FederatedProtocol(
        id=chosen_id(request, "protocol_id"),
        idp_id=request.params["idp_id"],
        mapping_id=body["mapping_id"],
        remote_id_attribute=body.get("remote_id_attribute"),
    )
    row = backend.database.write(federation.create_protocol, new)
    return Reply.json({"protocol": _protocol(request, row)}, 201)


def update_protocol(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}."""
    wanted = changes(request.json()["protocol"], _PROTOCOL, texts=())
    idp_id, protocol_id = request.params["idp_id"], request.params["protocol_id"]
    row = backend.database.write(federation.update_protocol, idp_id, protocol_id, wanted)
    return Reply.json({"protocol": _protocol(request, row)})


def delete_protocol(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}."""
    idp_id, protocol_id = request.params["idp_id"], request.params["protocol_id"]
    backend.database.write(identity_provider.delete_protocol, idp_id, protocol_id)
    return Reply.empty()


def _protocol(request: Request, row: FederatedProtocol) -> View:
    idp = _idp_link(request, row.idp_id)
    links = {"self": f"{idp}/protocols/{quote(row.id, safe='')}", "identity_provider": idp}
    return {"id": row.id, "mapping_id": row.mapping_id, "links": links}


# --- mappings -------------------------------------------------------------------------------------


def list_mappings(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/mappings."""
    with backend.database.read() as tx:
        rows = mapping.list_mappings(tx)
    return many(request, "mappings", map(_mapping, rows), _MAPPINGS)


def show_mapping(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/mappings/{mapping_id}."""
    with backend.database.read() as tx:
        row = mapping.get(tx, request.params["mapping_id"])
    return view.one(request, "mapping", _MAPPINGS, _mapping(row))


def create_mapping(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-FEDERATION/mappings/{mapping_id}."""
    row = backend.database.write(federation.create_mapping, _read_mapping(request))
    return view.one(request, "mapping", _MAPPINGS, _mapping(row), 201)


def update_mapping(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/OS-FEDERATION/mappings/{mapping_id}: all of it, rules and version."""
    row = backend.database.write(federation.update_mapping, _read_mapping(request))
    return view.one(request, "mapping", _MAPPINGS, _mapping(row))


def delete_mapping(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-FEDERATION/mappings/{mapping_id}."""
    backend.database.write(mapping.delete, request.params["mapping_id"])
    return Reply.empty()


def _read_mapping(request: Request) -> AttributeMapping:
    body = request.json()["mapping"]
    version = body.get("schema_version") or DEFAULT_VERSION
    return AttributeMapping(id=chosen_id(request, "mapping_id"), rules=body["rules"], schema_version=version)


def _mapping(row: AttributeMapping) -> View:
    return {"id": row.id, "rules": row.rules, "schema_version": row.schema_version}


# --- service providers ----------------------------------------------------------------------------


def list_service_providers(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/service_providers."""
    with backend.database.read() as tx:
        rows = service_provider.list_providers(tx, sp_id=request.query.get("id"), is_enabled=flag(request, "enabled"))
    return many(request, "service_providers", map(_service_provider, rows), _SERVICE_PROVIDERS)


def show_service_provider(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-FEDERATION/service_providers/{service_provider_id}."""
    with backend.database.read() as tx:
        row = service_provider.get(tx, request.params["service_provider_id"])
    return view.one(request, "service_provider", _SERVICE_PROVIDERS, _service_provider(row))


def create_service_provider(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-FEDERATION/service_providers/{service_provider_id}."""
    body = request.json()["service_provider"]
    new = ServiceProvider(
        id=chosen_id(request, "service_provider_id"),
        auth_url=body["auth_url"],
        sp_url=body["sp_url"],
        is_enabled=body.get("enabled", False),
        description=body.get("description"),
        relay_state_prefix=_relay_state_prefix(body.get("relay_state_prefix")),
    )
    row = backend.database.write(federation.create_service_provider, new)
    return view.one(request, "service_provider", _SERVICE_PROVIDERS, _service_provider(row), 201)


def update_service_provider(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/OS-FEDERATION/service_providers/{service_provider_id}."""
    wanted = changes(request.json()["service_provider"], _SERVICE_PROVIDER, texts=())
    if "relay_state_prefix" in wanted:
        wanted["relay_state_prefix"] = _relay_state_prefix(wanted["relay_state_prefix"])
    row = backend.database.write(federation.update_service_provider, request.params["service_provider_id"], wanted)
    return view.one(request, "service_provider", _SERVICE_PROVIDERS, _service_provider(row))


def delete_service_provider(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-FEDERATION/service_providers/{service_provider_id}."""
    backend.database.write(service_provider.delete, request.params["service_provider_id"])
    return Reply.empty()


def _relay_state_prefix(said: str | None) -> str:
    return RELAY_STATE_PREFIX if said is None else said


def _service_provider(row: ServiceProvider) -> View:
    return {
        "id": row.id,
        "auth_url": row.auth_url,
        "sp_url": row.sp_url,
        "enabled": row.is_enabled,
        "description": row.description,
        "relay_state_prefix": row.relay_state_prefix,
    }
