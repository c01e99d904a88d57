"""`pileus image convert`: a disk image in another format, safely."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pileus.cli.console import new_console
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.image.formats.conversion import OUTPUT_OPTIONS, QEMU_NAMES, ConversionLimits, convert
from pileus.image.formats.inspection import Rules
from pileus.image.model import digest
from pileus.kit.errors import Conflict


class TargetExists(Conflict):
    """A file is never overwritten."""

    message = "{path} is there already; name another target."


@click.command("convert")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--from", "source_format", required=True, type=click.Choice(list(QEMU_NAMES)), help="What SOURCE is; never guessed."
)
@click.option(
    "--to", "target_format", required=True, type=click.Choice(list(OUTPUT_OPTIONS)), help="What TARGET shall be."
)
@click.option(
    "--expect", "expected", metavar="ALGORITHM:VALUE", help="The digest that SOURCE must have, such as sha256:e3b0c4…."
)
@state_option
@settings_option
def command(
    source: Path,
    target: Path,
    source_format: str,
    target_format: str,
    expected: str | None,
    state_path: Path | None,
    settings_path: Path | None,
) -> None:
    """Write the disk image SOURCE in another format, as the new file TARGET.

    SOURCE is looked at first: it must be of the format that --from says, and name no other file. qemu-img then runs
    under the limits of [image.conversion]. Nothing is left of a conversion that fails.
    """
    settings = settings_of(state_of(state_path), file=settings_path).image
    if target.exists():
        raise TargetExists(path=target)
    part = target.with_name(f"{target.name}.part")
    with _bar() as bar:
        task = bar.add_task(f"{source_format} → {target_format}", total=1.0)
        done = convert(
            source,
            part,
            source_format=source_format,
            target_format=target_format,
            limits=ConversionLimits.of(settings),
            rules=Rules.of(settings.formats),
            expected=None if expected is None else digest.parse(expected),
            progress=lambda share: bar.update(task, completed=share),
        )
    part.rename(target)
    click.echo(f"{target}: {target_format}, {done.size} bytes, a disk of {done.virtual_size} bytes")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = new_console()
    return Progress(*columns, console=console, disable=not console.is_terminal)
