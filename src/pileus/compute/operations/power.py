"""Switching servers on and off, and letting them stand still."""

from __future__ import annotations

from typing import Protocol

import msgspec

from pileus.compute.backend import Backend
from pileus.compute.model import action_rule as rules
from pileus.compute.model.error.image import ImageNotActive, ImageNotFound
from pileus.compute.model.error.server import RescueImageUnsupported
from pileus.compute.model.image import require_fits
from pileus.compute.model.server import ImageSnapshot, Server
from pileus.compute.operations.image import get_for_user
from pileus.compute.operations.task import Asker, act, require_may_change
from pileus.kit.db import Transaction


class Verb(Protocol):
    """What is done to a server, and how nothing more need be said."""

    def __call__(self, tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
        """Begin it. Raises InstanceLocked, InstanceInvalidState, InstanceNeverActive, InstanceNotReady."""


def _plain(rule: rules.ActionRule) -> Verb:
    def verb(tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
        act(tx, backend, server, rule, rule.action, {}, asker)

    return verb


start, stop = _plain(rules.START), _plain(rules.STOP)
pause, unpause = _plain(rules.PAUSE), _plain(rules.UNPAUSE)
suspend, resume = _plain(rules.SUSPEND), _plain(rules.RESUME)
unrescue = _plain(rules.UNRESCUE)
restore = _plain(rules.RESTORE)


def reboot(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, is_hard: bool) -> None:
    """Restart a server. Raises InstanceLocked, InstanceInvalidState, InstanceNotReady."""
    act(tx, backend, server, rules.REBOOT_HARD if is_hard else rules.REBOOT_SOFT, "reboot", {"hard": is_hard}, asker)


def read_rescue_image(backend: Backend, server: Server, asker: Asker, image_id: str, token: str) -> ImageSnapshot:
    """Return the image that a server shall be rescued with, as the caller sees it.

    Raises RescueImageUnsupported, and what the server's state forbids, which comes first.
    """
    require_may_change(server, asker)
    rules.require_allowed(rules.RESCUE, server)
    try:
        return get_for_user(backend.images, image_id, token)
    except (ImageNotFound, ImageNotActive):
        raise RescueImageUnsupported(image_id=image_id) from None


def rescue(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, image: ImageSnapshot | None) -> None:
    """Boot a server from another image, or from its own once more.

    Raises what says that the image does not fit, and what the server's state forbids.
    """
    if image is not None:
        require_fits(image, server.flavor)
    chosen = image or server.image
    arguments = {"image_id": chosen.id if chosen else None, "image": msgspec.to_builtins(chosen)}
    act(tx, backend, server, rules.RESCUE, "rescue", arguments, asker)
