"""Metadata definitions: which properties of images, flavors, volumes … mean what, told to people and to clients.

A namespace holds properties, objects (groups of properties), tags, and the types of resources that it is meant for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pileus.image.model.metadef_errors import NamespaceProtected, PartProtected

PUBLIC = "public"  # everybody sees it
PRIVATE = "private"  # the owner sees it
VISIBILITIES = (PUBLIC, PRIVATE)

NOBODY = "admin"
"""The owner of what no project owns, such as a catalogue that the operator loads."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace without what it holds."""

    id: int = 0  # given by the database
    namespace: str
    display_name: str | None = None
    description: str | None = None
    visibility: str = PRIVATE
    protected: bool = False
    owner: str = NOBODY
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A type of resources that properties can be set on, in Heat's words: `OS::Nova::Flavor`."""

    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A type of resources that a namespace is meant for. `prefix` stands before each property that is set on one."""

    name: str
    prefix: str | None = None
    properties_target: str | None = None  # which of several sets of properties of a resource is meant
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """What values a property takes: a JSON schema, and words for people."""

    name: str
    document: Document
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A group of properties that belong together; `required` names those that must be set."""

    name: str
    description: str | None = None
    required: tuple[str, ...] = ()
    properties: Mapping[str, Document] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word to mark things with."""

    name: str
    created_at: datetime
    updated_at: datetime


Part = Association | Property | Object | Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A namespace and all that it holds."""

    namespace: Namespace
    associations: tuple[Association, ...] = ()
    properties: tuple[Property, ...] = ()
    objects: tuple[Object, ...] = ()
    tags: tuple[Tag, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that the namespace holds."""
        return (*self.associations, *self.properties, *self.objects, *self.tags)


def is_seen_by(namespace: Namespace, project_id: str | None, *, is_admin: bool) -> bool:
    """Tell whether a caller may know that the namespace exists."""
    return is_admin or namespace.visibility == PUBLIC or namespace.owner == project_id


def require_deletable(namespace: Namespace) -> None:
    """Raise NamespaceProtected."""
    if namespace.protected:
        raise NamespaceProtected(namespace=namespace.namespace)


def require_part_deletable(namespace: Namespace, kind: str, name: str) -> None:
    """Raise PartProtected: what a protected namespace holds is protected with it."""
    if namespace.protected:
        raise PartProtected(kind=kind, name=name, namespace=namespace.namespace)
