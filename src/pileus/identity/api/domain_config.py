"""Settings that domains have of their own: all, a group, or one option."""

from __future__ import annotations

from typing import Any

from pileus.identity.backend import Backend
from pileus.identity.db import domain, domain_config
from pileus.identity.model.domain_config import DEFAULTS, SECRETS, Config, require_known, what
from pileus.identity.model.errors import DomainConfigInvalid, DomainConfigNotFound
from pileus.identity.model.resource import DEFAULT_DOMAIN_ID
from pileus.identity.operations import domain_config as operations
from pileus.kit.http.message import Reply, Request

_COMPLIANCE = "security_compliance"


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/domains/{domain_id}/config, …/config/{group} and …/config/{group}/{option}."""
    domain_id, group, option = _named(request)
    if group == _COMPLIANCE:
        return _show_compliance(request, backend, domain_id, option)
    request.require({})
    with backend.database.read() as tx:
        domain.get(tx, domain_id)
        require_known(group, option)
        config = _public(domain_config.load(tx, domain_id, group, option))
    if not config:
        raise DomainConfigNotFound(what=what(group, option), domain_id=domain_id)
    return _shown(config, group, option)


def show_default(request: Request, _backend: Backend) -> Reply:
    """GET /v3/domains/config/default, …/config/{group}/default and …/config/{group}/{option}/default."""
    group, option = request.params.get("group"), request.params.get("option")
    require_known(group, option)
    if (group, option) in SECRETS:
        raise DomainConfigInvalid(reason=f"Reading the default for option {option} in group {group} is not supported")
    return _shown(DEFAULTS if group is None else {group: DEFAULTS[group]}, group, option)


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /v3/domains/{domain_id}/config."""
    domain_id = request.params["domain_id"]
    is_new = backend.database.write(operations.replace, domain_id, request.json()["config"])
    return _stored(backend, domain_id, 201 if is_new else 200)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/domains/{domain_id}/config, …/config/{group} and …/config/{group}/{option}."""
    domain_id, group, option = _named(request)
    backend.database.write(operations.update, domain_id, request.json()["config"], group, option)
    return _stored(backend, domain_id, 200)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/domains/{domain_id}/config, …/config/{group} and …/config/{group}/{option}."""
    backend.database.write(operations.delete, *_named(request))
    return Reply.empty()


def _named(request: Request) -> tuple[str, str | None, str | None]:
    return request.params["domain_id"], request.params.get("group"), request.params.get("option")


def _show_compliance(request: Request, backend: Backend, domain_id: str, option: str | None) -> Reply:
    """Passwords have the same rules in all domains, so they are shown of one; to everybody, who has to follow them."""
    request.require({}, "identity:get_security_compliance_domain_config")
    with backend.database.read() as tx:
        domain.get(tx, domain_id)
    if domain_id != DEFAULT_DOMAIN_ID:
        raise DomainConfigInvalid(
            reason="Reading security compliance information for any domain other than the default domain"
            " is not allowed or supported."
        )
    rules = backend.password_rules
    shown = {
        "password_regex": rules.password_regex or None,
        "password_regex_description": rules.password_regex_description or None,
    }
    if option is not None and option not in shown:
        raise DomainConfigInvalid(
            reason="Reading security compliance values other than password_regex and password_regex_description"
            " is not allowed."
        )
    return _shown({_COMPLIANCE: shown}, _COMPLIANCE, option)


def _stored(backend: Backend, domain_id: str, status: int) -> Reply:
    with backend.database.read() as tx:
        return _shown(_public(domain_config.load(tx, domain_id)), None, None, status)


def _shown(config: Config, group: str | None, option: str | None, status: int = 200) -> Reply:
    shown: dict[str, Any] = config
    if group is not None and option is not None:
        shown = {option: config[group][option]}
    return Reply.json({"config": shown}, status)


def _public(config: Config) -> Config:
    """Leave out what nobody reads again."""
    open_ = {
        group: {option: value for option, value in options.items() if (group, option) not in SECRETS}
        for group, options in config.items()
    }
    return {group: options for group, options in open_.items() if options}
