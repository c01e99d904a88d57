"""Asking the identity service whether there is a project."""

from __future__ import annotations

from urllib.parse import quote

from pileus.clients.session import Session
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import JSON


class ProjectUnknowable(Unavailable):
    """The identity service does not say whether there is a project."""

    message = "The identity service answered {status} when asked for project {project_id}."


class Projects:
    """The identity service's projects, as the user sees them for whom we act."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def exists(self, project_id: str, token: str) -> bool:
        """Tell whether there may be such a project: one that the user may not see is taken for one.

        Raises ProjectUnknowable.
        """
        url = f"{self._session.credentials.auth_url.rstrip('/')}/projects/{quote(project_id, safe='')}"
        reply = self._session.transport.send("GET", url, {"accept": JSON, "x-auth-token": token}, b"")
        if reply.status not in (200, 403, 404):
            raise ProjectUnknowable(status=reply.status, project_id=project_id)
        return reply.status != 404
