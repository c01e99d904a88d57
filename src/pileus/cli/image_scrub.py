"""`pileus image scrub`: removing deleted images that were kept for a while, or restoring one."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path

import click

from pileus.cli.image_part import Part, open_part
from pileus.cli.options import settings_option, state_option
from pileus.image.db.tables import LEASE
from pileus.image.loops.scrub import Scrubbed, Scrubber
from pileus.image.operations import scrub as operations
from pileus.image.service import new_scrubber
from pileus.kit.clock import SystemClock
from pileus.kit.errors import Conflict
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop


@click.command("scrub")
@state_option
@settings_option
@click.option("--daemon", "is_daemon", is_flag=True, help="Look again every `wakeup_time` seconds, until stopped.")
@click.option("--restore", "image_id", metavar="ID", help="Scrub nothing; make this deleted image what it was.")
def command(state_path: Path | None, settings_path: Path | None, is_daemon: bool, image_id: str | None) -> None:
    """Remove the images that were deleted `scrub_time` seconds ago or earlier, with their bytes.

    That is for `[image] delayed_delete`; the image service then does it too. However many scrubbers there are, one at
    a time works on the queue. An image may be restored while they run.

    \b
    Exit code: 0  what was due is gone, or another scrubber is at it
               1  the bytes of some could not be deleted yet; the image service tries again
    """  # noqa: D301 (click reads \b)
    if is_daemon and image_id is not None:
        raise click.UsageError("--restore and --daemon exclude each other")
    with open_part(state_path, settings_path) as part:
        if image_id is not None:
            part.database.write(operations.restore, image_id, SystemClock().now())
            click.echo(f"{image_id} is restored")
        elif is_daemon:
            _scrub_until_stopped(part)
        else:
            _tell(_new_scrubber(part).scrub())


def _new_scrubber(part: Part) -> Scrubber:
    clock, owner = SystemClock(), f"{socket.gethostname()}:scrub:{os.getpid()}"
    leases = Leases(part.database, LEASE, owner, clock)
    return new_scrubber(part.settings, part.database, part.stores, leases, clock)


def _scrub_until_stopped(part: Part) -> None:
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    loop = Loop("image-scrub", _new_scrubber(part).round, part.settings.wakeup_time)
    loop.start()
    over.wait()
    loop.stop()


def _tell(scrubbed: Scrubbed) -> None:
    if scrubbed.is_others_turn:
        click.echo("another scrubber is at work")
        return
    for image_id in scrubbed.image_ids:
        click.echo(f"{image_id} is gone")
    if scrubbed.failed_ids:
        raise BytesLeft(image_ids=", ".join(scrubbed.failed_ids))


class BytesLeft(Conflict):
    """An image is gone, and its bytes are not yet."""

    message = "The bytes of {image_ids} could not be deleted yet; the image service tries again."
