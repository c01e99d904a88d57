"""The images that are listed and shown, the same on both sides: made from a seed, so the same in every run."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

PROJECTS = 300
OWN_SHARE, PUBLIC_SHARE, COMMUNITY_SHARE, SHARED_SHARE = 0.01, 0.002, 0.01, 0.2
FIRST = datetime(2026, 1, 1)
TAGS = ("lts", "gpu", "test")
DISTRIBUTIONS = ("debian", "ubuntu", "fedora", "cirros")


@dataclass(frozen=True, slots=True)
class Image:
    """An image whose bytes nobody asks for."""

    id: str
    name: str
    owner: str
    visibility: str
    status: str
    disk_format: str
    size: int
    created_at: datetime
    properties: dict[str, str]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Images of many projects, of which one is the member's."""

    project_id: str
    images: tuple[Image, ...]

    def shown(self) -> list[Image]:
        """Return what the member has on a list, the newest first, as both sides do."""
        seen = [each for each in self.images if each.owner == self.project_id or each.visibility == "public"]
        return seen[::-1]


def new_world(count: int, project_id: str) -> World:
    """Return so many images, each of which was created a second after the one before."""
    seeded = random.Random(count)
    projects = [_new_id(seeded).replace("-", "") for _ in range(PROJECTS)]
    return World(project_id, tuple(_new_image(seeded, number, projects, project_id) for number in range(count)))


def _new_image(seeded: random.Random, number: int, projects: list[str], project_id: str) -> Image:
    return Image(
        id=_new_id(seeded),
        name=f"image-{seeded.getrandbits(48):012x}",
        owner=project_id if seeded.random() < OWN_SHARE else seeded.choice(projects),
        visibility=_visibility(seeded.random()),
        status="queued" if seeded.random() < 0.02 else "active",
        disk_format=seeded.choice(("raw", "qcow2", "vmdk")),
        size=seeded.randrange(10**6, 10**11),
        created_at=FIRST + timedelta(seconds=number),
        properties={
            "os_distro": seeded.choice(DISTRIBUTIONS),
            "os_version": str(seeded.randrange(40)),
            "hw_disk_bus": "virtio",
        },
        tags=(seeded.choice(TAGS),),
    )


def _visibility(chance: float) -> str:
    for visibility, share in (("public", PUBLIC_SHARE), ("community", COMMUNITY_SHARE), ("shared", SHARED_SHARE)):
        if chance < share:
            return visibility
        chance -= share
    return "private"


def _new_id(seeded: random.Random) -> str:
    return str(uuid.UUID(int=seeded.getrandbits(128), version=4))
