"""How many SQL statements an answer takes, counted in process on the database that was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bench.identity.sides import PASSWORD
from bench.report import Figure, Row
from pileus.identity import service
from pileus.identity.settings import Settings
from pileus.identity.tokens.keys import Keys
from pileus.kit import log
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.message import Query, Reply, Request

FEW, MANY = 10, 100


class Counted:
    """An identity service in this process, whose statements are counted."""

    def __init__(self, database: Database, folder: Path) -> None:
        backend = service.new_backend(Settings(), database, SystemClock(), Keys.at(folder))
        self._app = App(service.new_service(backend))
        self._token = ""
        user = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        login = self._ask("POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        self._token = login.headers["x-subject-token"]

    def count(self, path: str) -> int:
        """Return how many statements an answer takes; the first one may read what is kept."""
        self._ask("GET", path)
        with _counting() as seen:
            self._ask("GET", path)
        return len(seen)

    def _ask(self, method: str, path: str, body: Any = None) -> Reply:
        path, _, query = path.partition("?")
        headers = {"content-type": "application/json", "x-auth-token": self._token, "x-subject-token": self._token}
        data = b"" if body is None else json.dumps(body).encode()
        request = Request(method=method, path=path, query=Query(query), headers=headers, body=data)
        reply = self._app.handle(request)
        assert reply.status < 300, reply.body
        return reply


def rows(url: str, folder: Path, lists: Sequence[tuple[str, str]]) -> list[Row]:
    """Return how many statements a validation takes, and pages of `lists`: what each is and its path."""
    folder.mkdir()
    log.configure(file=folder / "log")
    database = Database(url)
    try:
        counted = Counted(database, folder / "keys")
        found = [Row("SQL statements: validation of a token", _figure(counted.count("/v3/auth/tokens")))]
        for what, path in lists:
            few, many = (counted.count(f"{path}limit={limit}") for limit in (FEW, MANY))
            aim = f"{few}, as for {FEW}"
            found.append(Row(f"SQL statements: {MANY} {what}", _figure(many), aim=aim, is_met=many == few))
        return found
    finally:
        database.close()


def _figure(count: int) -> Figure:
    return Figure([count], "", 0)


@contextmanager
def _counting() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
