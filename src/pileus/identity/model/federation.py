"""Federation's records: who vouches for users of elsewhere, how they are mapped, and who takes our word for ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RELAY_STATE_PREFIX = "ss:mem:"
"""What a SAML RelayState begins with, unless a service provider wants something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """Somebody who vouches for users. Those live in its domain; `remote_ids` are what its assertions call itself."""

    id: str
    domain_id: str
    is_enabled: bool = False
    description: str | None = None
    authorization_ttl: int | None = None  # minutes for which groups of an assertion outlive its login
    remote_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedProtocol:
    """A way to log in by an identity provider, such as `openid`, and the mapping that reads what it asserts."""

    id: str
    idp_id: str
    mapping_id: str
    remote_id_attribute: str | None = None  # where in an assertion the identity provider names itself


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMapping:
    """Rules from what an identity provider asserts to a user, groups and projects of ours; see `model.mapping`."""

    id: str
    rules: list[dict[str, Any]]
    schema_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """Another cloud that takes our word for our users. Tokens name the enabled ones."""

    id: str
    auth_url: str
    sp_url: str
    is_enabled: bool = False
    description: str | None = None
    relay_state_prefix: str = RELAY_STATE_PREFIX
