"""The users and assignments that are listed, the same on both sides: made from a seed, so the same in every run."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass

ROLE = "member"  # which implies reader on both sides
PASSWORD = "of-everybody"  # its hash is made cheap, so that a thousand of them can log in
CHEAP_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with the role on some projects."""

    id: str
    name: str
    project_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Projects and users of the default domain."""

    project_ids: tuple[str, ...]
    users: tuple[User, ...]

    @property
    def assignments(self) -> list[tuple[str, str]]:
        """Who has the role on what, by id, in the order in which Pileus lists them."""
        return sorted((user.id, project_id) for user in self.users for project_id in user.project_ids)


def new_world(users: int, projects: int, projects_of_each: int) -> World:
    """Return so many users, each with the role on some of so many projects."""
    seeded = random.Random(users)
    project_ids = tuple(_new_id(seeded) for _ in range(projects))
    return World(
        project_ids,
        tuple(
            User(_new_id(seeded), f"bench-{number}", tuple(seeded.sample(project_ids, projects_of_each)))
            for number in range(users)
        ),
    )


def _new_id(seeded: random.Random) -> str:
    return uuid.UUID(int=seeded.getrandbits(128), version=4).hex
