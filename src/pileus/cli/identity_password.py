"""`pileus identity rotate-service-password`: other passwords for the services' users, while everything runs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
import msgspec

from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import require_own_identity, settings_of
from pileus.clients.account import USER_OF, credentials_of
from pileus.clients.session import Credentials, LoginFailed, Session
from pileus.clients.transport import Transport
from pileus.identity.operations.bootstrap import change_service_password
from pileus.kit.clock import SystemClock
from pileus.kit.errors import Conflict
from pileus.kit.http.message import JSON
from pileus.kit.state import StateDirectory
from pileus.wiring.database import new_database
from pileus.wiring.settings import Settings


class PasswordChosen(Conflict):
    """The settings hold the password, so it is not ours to change."""

    message = "[auth] password is in the settings: change it there and in the identity service that it is for."


class PasswordRefused(Conflict):
    """The identity service does not take the new password."""

    message = "{url} refused another password for {username} (status {status}); the old one is still in force."


@click.command("rotate-service-password")
@click.argument("services", nargs=-1, type=click.Choice(list(USER_OF)))
@state_option
@settings_option
def command(services: tuple[str, ...], state_path: Path | None, settings_path: Path | None) -> None:
    """Give the users of SERVICES (default: all) new passwords. What runs logs in anew by itself."""
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path)
    if settings.auth.password:
        raise PasswordChosen
    if not settings.auth.url:
        require_own_identity(settings, state)
    for service in services or USER_OF:
        username = _elsewhere(settings, state, service) if settings.auth.url else _here(settings, state, service)
        state.settle_password(username)
        click.echo(f"{service}: the user {username} has a new password")


def _here(settings: Settings, state: StateDirectory, service: str) -> str:
    """Change it in our own database, whether or not identity runs."""
    username = USER_OF[service]
    secret = state.stage_password(username)
    with closing(new_database(settings, state, "identity")) as database:
        database.write(change_service_password, username, secret, SystemClock().now())
    return username


def _elsewhere(settings: Settings, state: StateDirectory, service: str) -> str:
    """Change it as the user himself, who needs nobody's leave for that. Raises PasswordRefused, LoginFailed."""
    region = settings.auth.region or state.region(settings.region)
    known = credentials_of(service, settings.auth, state, auth_url=settings.auth.url, region=region)
    secret = state.stage_password(known.username)
    transport = Transport(settings.tls.ca or settings.auth.ca_file or None)
    try:
        if not _is_let_in(transport, known, secret):  # it would be if a change was cut short
            _change(transport, known, secret)
    finally:
        transport.close()
    return known.username


def _is_let_in(transport: Transport, known: Credentials, password: str) -> bool:
    try:
        Session(transport, known, SystemClock(), lambda: [password]).token()
    except LoginFailed:
        return False
    return True


def _change(transport: Transport, known: Credentials, secret: str) -> None:
    session = Session(transport, known, SystemClock())
    url, headers = known.auth_url.rstrip("/"), {"accept": JSON, "x-auth-token": session.token()}
    me = transport.send("GET", f"{url}/auth/tokens", {**headers, "x-subject-token": session.token()}).decoded()
    body = msgspec.json.encode({"user": {"original_password": known.password, "password": secret}})
    path = f"{url}/users/{me['token']['user']['id']}/password"
    reply = transport.send("POST", path, {**headers, "content-type": JSON}, body)
    if reply.status != 204:
        raise PasswordRefused(url=known.auth_url, username=known.username, status=reply.status)
