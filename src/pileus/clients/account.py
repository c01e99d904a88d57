"""Who a service is when it asks others: one user for each service, of a password that was made here."""

from __future__ import annotations

from pileus.clients.session import Credentials, Session
from pileus.clients.transport import Transport
from pileus.kit.clock import Clock
from pileus.kit.settings import AuthSettings
from pileus.kit.state import StateDirectory

USER_OF = {"image": "glance", "placement": "placement", "compute": "nova"}


def credentials_of(
    service: str, auth: AuthSettings, state: StateDirectory, *, auth_url: str, region: str
) -> Credentials:
    """Return how a service logs in: as the settings say, or as its own user.

    In somebody else's identity service that user carries the region's name, so that two clouds can be in one.
    """
    own = USER_OF[service] if auth.password or not auth.url else f"{USER_OF[service]}-{region}"
    username = auth.username or own
    return Credentials(
        auth_url=auth_url,
        username=username,
        password=auth.password or state.passwords(username)[0],
        project_name=auth.project_name,
        user_domain_name=auth.user_domain_name,
        project_domain_name=auth.project_domain_name,
        region=auth.region or region,
    )


def session_of(
    credentials: Credentials, auth: AuthSettings, state: StateDirectory, transport: Transport, clock: Clock
) -> Session:
    """Return a session; a password that was made here may be changed while it lives."""
    if auth.password:
        return Session(transport, credentials, clock)
    return Session(transport, credentials, clock, passwords=lambda: state.passwords(credentials.username))


def admin_credentials(auth: AuthSettings) -> Credentials:
    """Return how the administrator of somebody else's identity service logs in."""
    admin = auth.admin
    return Credentials(
        auth_url=auth.url,
        username=admin.username,
        password=admin.password,
        project_name=admin.project_name,
        user_domain_name=admin.user_domain_name,
        project_domain_name=admin.project_domain_name,
    )
