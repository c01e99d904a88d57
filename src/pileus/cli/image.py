"""`pileus image`: disk images as files, the copies that a host keeps, and metadata definitions."""

from __future__ import annotations

import click

from pileus.cli import image_audit, image_cache, image_convert, image_metadefs, image_scrub


@click.group("image")
def command() -> None:
    """Look after images: hold them against their bytes; remove deleted ones; write one in another format.

    And this host's copies, and catalogues of metadata definitions.
    """


command.add_command(image_audit.command)
command.add_command(image_cache.command)
command.add_command(image_convert.command)
command.add_command(image_metadefs.command)
command.add_command(image_scrub.command)
