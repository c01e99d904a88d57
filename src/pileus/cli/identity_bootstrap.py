"""`pileus identity bootstrap`: the first administrator, with a password that somebody chose."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.identity.db import user
from pileus.identity.model.resource import DEFAULT_DOMAIN_ID
from pileus.identity.operations import bootstrap
from pileus.identity.service import password_rules
from pileus.identity.tokens.password import hash_chosen, verify
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.wiring.database import migrations_of, new_database


@click.command("bootstrap")
@state_option
@settings_option
@click.option("--bootstrap-username", "name", default="admin", show_default=True, envvar="OS_BOOTSTRAP_USERNAME")
@click.option("--bootstrap-password", "password", required=True, envvar="OS_BOOTSTRAP_PASSWORD")
@click.option("--bootstrap-project-name", "project", default="admin", envvar="OS_BOOTSTRAP_PROJECT_NAME")
@click.option("--bootstrap-role-name", "role", default="admin", envvar="OS_BOOTSTRAP_ROLE_NAME")
def command(
    state_path: Path | None, settings_path: Path | None, name: str, password: str, project: str, role: str
) -> None:
    """Make an administrator of a project and of the system, or put him right; it may be run again.

    A start of identity makes `admin`, with a password of its own: this is for who wants another, or has locked himself
    out. The password replaces the one in force (and is kept in the state directory for `clouds.yaml`, if the user is
    `admin`), and a user who was disabled or locked out gets in again. Give the password as OS_BOOTSTRAP_PASSWORD:
    others can see words.
    """
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path)
    accounts = bootstrap.accounts(state.secrets(bootstrap.ACCOUNTS))
    with closing(new_database(settings, state, "identity")) as database:
        migrations_of("identity").sync(database)
        database.write(bootstrap.bootstrap, accounts, {}, state.region(settings.region))
        hashed = _new_hash(database, name, password, settings.identity.password_hash_rounds)
        first = bootstrap.FirstUser(name=name, password_hash=hashed, project=project, role=role)
        rules = password_rules(settings.identity.security_compliance)
        database.write(bootstrap.bootstrap_first, first, SystemClock().now(), rules)
    if name == "admin":
        state.keep_password(name, password)
    click.echo(f"{name} is {role} of the project {project} and of the system")


def _new_hash(database: Database, name: str, password: str, rounds: int) -> str | None:
    """Return the hash to store, or None if the password is the one in force: tokens stay good then."""
    with database.read() as tx:
        known = user.find_by_name(tx, name, DEFAULT_DOMAIN_ID)
    is_same = known is not None and known.password_hash is not None and verify(password, known.password_hash)
    return None if is_same else hash_chosen(password, rounds)
