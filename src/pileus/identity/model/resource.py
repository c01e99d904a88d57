"""Domains, projects, users and roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DEFAULT_DOMAIN_ID = "default"

MAX_TREE_DEPTH = 5
"""How many projects lie within each other at most, the domain not counted."""

MAX_TAGS = 80
"""How many tags a project has at most."""


def is_immutable(extra: Mapping[str, Any]) -> bool:
    """Tell whether the options of a resource forbid to change or remove it."""
    options = extra.get("options")
    return isinstance(options, dict) and options.get("immutable") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A namespace of users and projects."""

    id: str
    name: str
    description: str = ""
    is_enabled: bool = True
    tags: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What owns images, servers and the like. One that `is_domain` acts as a domain, and is in none."""

    id: str
    name: str
    domain_id: str
    parent_id: str | None = None  # of a top project: its domain
    is_domain: bool = False
    description: str = ""
    is_enabled: bool = True
    tags: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def tree_of(rows: Iterable[Project], top_id: str) -> dict[str, Any] | None:
    """Return the ids of the projects below `top_id`, nested as they lie; None where there is none."""
    children: dict[str, list[str]] = {}
    for row in rows:
        if row.parent_id is not None:
            children.setdefault(row.parent_id, []).append(row.id)

    def below(project_id: str) -> dict[str, Any] | None:
        return {child: below(child) for child in children.get(project_id, ())} or None

    return below(top_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who may log in. `password_hash` is None for one who cannot by password."""

    id: str
    name: str
    domain_id: str
    password_hash: str | None = field(default=None, repr=False)
    default_project_id: str | None = None
    description: str | None = None
    is_enabled: bool = True
    tokens_valid_after: datetime | None = None  # moves when all tokens are voided: a new password, a user disabled
    password_created_at: datetime | None = None
    password_expires_at: datetime | None = None
    is_password_own: bool = False  # chosen by the user himself, not by an administrator
    created_at: datetime | None = None
    last_active_at: datetime | None = None  # kept only where inactive users are disabled
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedUser:
    """By what a user is known at an identity provider."""

    idp_id: str
    protocol_id: str
    unique_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Users who get roles together."""

    id: str
    name: str
    domain_id: str
    description: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A name that policies know. `domain_id` is None for a role of the whole cloud."""

    id: str
    name: str
    domain_id: str | None = None
    description: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
