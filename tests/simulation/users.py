"""Users and administrators who ask for everything there is, at random, whether or not it is allowed just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

    from pileus.compute.model.server import Server
    from tests.compute.world import World
    from tests.simulation.trace import Trace

TINY, SMALL, NEVER_FITS = "1", "2", "5"
_LIVE = {"block_migration": False, "disk_over_commit": False, "host": None}

USER_ACTIONS: dict[str, Any] = {
    "os-stop": None, "os-start": None, "pause": None, "unpause": None, "suspend": None, "resume": None,
    "rescue": None, "unrescue": None, "shelve": None, "unshelve": None, "restore": None, "forceDelete": None,
    "confirmResize": None, "revertResize": None, "resize": {"flavorRef": SMALL}, "createImage": {"name": "snap"},
    "createBackup": {"name": "b", "backup_type": "daily", "rotation": 1},
}  # fmt: skip
ADMIN_ACTIONS: dict[str, Any] = {
    "migrate": None, "os-migrateLive": _LIVE, "evacuate": {"onSharedStorage": False}, "shelveOffload": None,
    "os-resetState": {"state": "active"},
}  # fmt: skip
WORDS_FOR: dict[str, tuple[str, ...]] = {
    "active": ("os-stop", "pause", "suspend", "rescue", "shelve", "resize", "migrate", "os-migrateLive", "createImage",
               "createBackup", "rebuild", "reboot", "DELETE"),
    "stopped": ("os-start", "rebuild", "migrate", "resize", "shelve", "rescue"),
    "paused": ("unpause", "os-migrateLive", "shelve", "createImage"),
    "suspended": ("resume", "shelve", "createImage"),
    "rescued": ("unrescue", "DELETE"),
    "resized": ("confirmResize", "revertResize", "revertResize", "DELETE", "os-resetState"),
    "soft-delete": ("restore", "forceDelete", "restore"),
    "shelved": ("unshelve", "shelveOffload"),
    "shelved_offloaded": ("unshelve", "unshelve", "DELETE"),
    "error": ("rebuild", "reboot", "DELETE", "evacuate"),
    "building": ("DELETE", "os-stop"),
}  # fmt: skip
"""What is likely to be allowed in a state; one in ten asks for anything at all."""

EVERYTHING = (*USER_ACTIONS, *ADMIN_ACTIONS, "rebuild", "reboot", "DELETE")
WILD = 0.1
TAKEN = 300  # lower statuses


class Users:
    """Those who ask."""

    def __init__(self, world: World, chance: random.Random, trace: Trace) -> None:
        self._world, self._chance, self._trace = world, chance, trace
        self._booted = 0

    def boot(self) -> None:
        """Ask for a server; now and then for one that has no room anywhere."""
        self._booted += 1
        flavor = self._chance.choices((TINY, SMALL, NEVER_FITS), (30, 5, 1))[0]
        server_id = self._world.boot(f"vm{self._booted}", flavorRef=flavor)
        self._note("boot", server_id, 202)

    def ask(self, row: Server) -> None:
        """Ask for something that is done to a server."""
        likely = WORDS_FOR.get(row.vm_state, EVERYTHING)
        word = self._chance.choice(EVERYTHING if self._chance.random() < WILD else likely)
        if word == "os-resetState" and row.vm_state != "resized":
            return  # an administrator who says what is not so makes it so
        self._note(word, row.id, self._say(word, row.id))

    def evacuate(self, row: Server) -> None:
        """Ask for a server to be built elsewhere, as its host is silent."""
        status = self._world.act(row.id, "evacuate", ADMIN_ACTIONS["evacuate"], is_admin=True).status
        self._note("evacuate", row.id, status)

    def _say(self, word: str, server_id: str) -> int:
        world = self._world
        if word == "DELETE":
            return world.delete(server_id)
        if word == "rebuild":
            return world.act(server_id, word, {"imageRef": world.image_id}).status
        if word == "reboot":
            return world.act(server_id, word, {"type": self._chance.choice(("SOFT", "HARD"))}).status
        if word in ADMIN_ACTIONS:
            return world.act(server_id, word, ADMIN_ACTIONS[word], is_admin=True).status
        return world.act(server_id, word, USER_ACTIONS[word]).status

    def _note(self, word: str, server_id: str, status: int) -> None:
        assert status < 500, f"{word} of {server_id}: {status}"
        self._trace.add(self._world.clock.now(), word if status < TAKEN else "refused", f"{word} {server_id} {status}")
