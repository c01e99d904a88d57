"""What has happened, noted in the transaction that did it, for those who are told of it once it is committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pileus.compute.model.aggregate import Aggregate
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.host import Service
from pileus.compute.model.keypair import KeyPair
from pileus.compute.model.server_group import ServerGroup

START, END, ERROR = "start", "end", "error"
PREPARED = "prepared"  # it is known where a server that moves goes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNews:
    """An action on a server has begun, come further, or ended."""

    server_id: str
    action: str  # as instance actions call it, or `update`
    phase: str | None
    request_id: str | None = None
    user_id: str | None = None  # who asked for it
    project_id: str | None = None
    workflow_id: str | None = None  # that does it
    reason: str | None = None  # of an error


@dataclass(frozen=True, slots=True)
class StateBefore:
    """A server is about to have another state; this is the one that it had."""

    server_id: str
    vm_state: str
    task_state: str | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NounNews:
    """Something else than a server was made, changed or removed."""

    noun: Flavor | KeyPair | Aggregate | ServerGroup | Service
    verb: str  # in the original's words: create, update, delete, add_host …
    more: Mapping[str, Any] = field(default_factory=dict)  # what the plain format says of it
