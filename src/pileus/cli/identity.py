"""`pileus identity`: the first user, the keys, the services' passwords, and what is wrong."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from pileus.cli import identity_bootstrap, identity_doctor, identity_password
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.identity.operations import credential
from pileus.identity.tokens.keys import KeyFolder, Keys
from pileus.wiring.database import new_database


@click.group("identity")
def command() -> None:
    """Look after identity: its first user, keys and services' passwords, and what is wrong with it."""


@command.command("rotate-keys")
@click.argument("kind", type=click.Choice(["fernet", "jws", "receipt", "credential"]))
@state_option
@settings_option
def rotate_keys(kind: str, state_path: Path | None, settings_path: Path | None) -> None:
    """Let new keys take over, of tokens (fernet, jws), receipts or stored credentials.

    Running processes notice by themselves. Rotate no oftener than tokens live: the oldest keys are dropped.
    """
    if kind == "credential":
        rotate_credential_keys(state_path, settings_path)
        return
    state = state_of(state_path)
    state.prepare()
    keys = Keys.at(state.keys)
    rotates = {"fernet": keys.fernet.rotate, "jws": keys.jws.rotate, "receipt": keys.receipt.rotate}
    click.echo(f"key {rotates[kind]()} of {kind} is primary now; rotate no oftener than tokens live")


for each in (identity_bootstrap, identity_doctor, identity_password):
    command.add_command(each.command)


def rotate_credential_keys(state_path: Path | None, settings_path: Path | None) -> None:
    """Make the staged key of stored credentials primary and stage a new one; no credential is lost by it."""
    keys, count = _migrate(state_path, settings_path)
    click.echo(f"{count} credentials were under the old key; {keys.rotate()} is primary now")
    click.echo("Run `pileus identity migrate-credentials` once every host has the new key.")


@command.command("migrate-credentials")
@state_option
@settings_option
def migrate_credentials(state_path: Path | None, settings_path: Path | None) -> None:
    """Store every credential under the primary key. It may run while the service does."""
    _, count = _migrate(state_path, settings_path)
    click.echo(f"{count} credentials are stored under the primary key")


def _migrate(state_path: Path | None, settings_path: Path | None) -> tuple[KeyFolder, int]:
    """Store every credential under the primary key: whatever is older than that, a rotation may drop."""
    state = state_of(state_path)
    state.prepare()
    keys = KeyFolder(state.keys / "credential")
    keys.create_if_missing()
    with closing(new_database(settings_of(state, file=settings_path), state, "identity")) as database:
        return keys, credential.migrate(database, keys)
