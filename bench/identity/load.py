"""Writes a world into either side's tables, which have the first project, roles and administrator already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bcrypt
from sqlalchemy import MetaData, select

from bench.fill import Rows, filling, insert_rows
from bench.identity.world import CHEAP_ROUNDS, PASSWORD, ROLE, World
from pileus.identity.db import tables as ours
from pileus.identity.tokens.password import hash_chosen

DOMAIN = "default"


def load_pileus(url: str, world: World) -> None:
    """Fill Pileus' tables."""
    hashed, now = hash_chosen(PASSWORD, CHEAP_ROUNDS), _now()
    with filling(url) as connection:
        role_id = connection.execute(select(ours.role.c.id).where(ours.role.c.name == ROLE)).scalar_one()
        rows: Rows = (
            {**_project(each), "is_domain": False, "is_enabled": True, "tags": "[]", "extra": "{}"}
            for each in world.project_ids
        )
        insert_rows(connection, ours.project, rows)
        rows = ({"project_id": each, "ancestor_id": DOMAIN, "distance": 1} for each in world.project_ids)
        insert_rows(connection, ours.project_ancestor, rows)
        rows = (
            {
                "id": each.id,
                "name": each.name,
                "domain_id": DOMAIN,
                "password_hash": hashed,
                "is_enabled": True,
                "password_created_at": now,
                "created_at": now,
                "extra": "{}",
            }
            for each in world.users
        )
        insert_rows(connection, ours.user, rows)
        rows = (
            {
                "actor_id": user_id,
                "user_id": user_id,
                "target_kind": "project",
                "target_id": project_id,
                "role_id": role_id,
                "is_inherited": False,
            }
            for user_id, project_id in world.assignments
        )
        insert_rows(connection, ours.assignment, rows)


def load_original(url: str, world: World) -> None:
    """Fill the original's tables."""
    hashed, now = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(CHEAP_ROUNDS)).decode(), _now()
    reflected = MetaData()
    with filling(url) as connection:
        reflected.reflect(connection)
        theirs = reflected.tables
        role = theirs["role"]
        role_id = connection.execute(select(role.c.id).where(role.c.name == ROLE)).scalar_one()
        rows: Rows = ({**_project(each), "enabled": True, "extra": "{}"} for each in world.project_ids)
        insert_rows(connection, theirs["project"], rows)
        rows = (
            {"id": each.id, "domain_id": DOMAIN, "enabled": True, "extra": "{}", "created_at": now}
            for each in world.users
        )
        insert_rows(connection, theirs["user"], rows)
        numbers = range(1_000_000, 1_000_000 + len(world.users))  # far from those of the first accounts
        rows = (
            {"id": number, "user_id": each.id, "domain_id": DOMAIN, "name": each.name}
            for number, each in zip(numbers, world.users, strict=True)
        )
        insert_rows(connection, theirs["local_user"], rows)
        rows = (
            {"local_user_id": number, "password_hash": hashed, "created_at": now, "created_at_int": _microseconds(now)}
            for number in numbers
        )
        insert_rows(connection, theirs["password"], rows)
        rows = (
            {
                "type": "UserProject",
                "actor_id": user_id,
                "target_id": project_id,
                "role_id": role_id,
                "inherited": False,
            }
            for user_id, project_id in world.assignments
        )
        insert_rows(connection, theirs["assignment"], rows)


def _project(project_id: str) -> dict[str, Any]:
    return {
        "id": project_id,
        "name": f"bench-{project_id}",
        "domain_id": DOMAIN,
        "parent_id": DOMAIN,
        "description": "",
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _microseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1_000_000)
