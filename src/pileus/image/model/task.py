"""A task: what became of a request that takes a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PENDING = "pending"
PROCESSING = "processing"
SUCCESS = "success"
FAILURE = "failure"
STATUSES = (PENDING, PROCESSING, SUCCESS, FAILURE)

IMPORT = "import"  # of the tasks API: describes the image and brings its bytes
API_IMAGE_IMPORT = "api_image_import"  # brings an image's bytes
LOCATION_IMPORT = "location_import"  # hashes bytes that lie somewhere
TYPES = (IMPORT, API_IMAGE_IMPORT, LOCATION_IMPORT)

SORT_KEYS = ("created_at", "updated_at", "id", "type", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as its row has it."""

    id: str
    type: str
    status: str = PENDING
    owner: str | None = None  # a project
    input: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    message: str = ""  # what went wrong, or how far it is
    image_id: str | None = None
    user_id: str | None = None
    request_id: str | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None  # when it is removed; None while it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which page of which tasks."""

    limit: int
    owner: str | None = None  # None: everybody's
    status: str | None = None
    type: str | None = None
    sort_key: str = "created_at"
    is_descending: bool = True
    marker: Task | None = None
