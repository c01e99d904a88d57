"""What compute answers to each route at each version that changes it: `docs/samples/compute`, page by page.

A page has each route's request, its first answer, and then what each version added (+), took away (-) and changed (~).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pileus.compute.api.route import flavor, host, project, proxy, server, server_action, server_record
from pileus.compute.api.versions import HISTORY
from pileus.compute.db import console_token
from pileus.compute.model.console import Console
from pileus.compute.service import new_service
from pileus.kit import ids
from pileus.kit.http.message import JSON, Query, Request
from pileus.kit.http.routes import Route
from pileus.kit.schema import DatedSchema
from pileus.kit.versions import Change, Version
from tests.golden.compute import Asked, Callers, asked_rows, bare_title, last_version
from tests.golden.compute_body import SOMETHING, body_of
from tests.golden.compute_place import Places
from tests.golden.matrix import StreamingApp

if TYPE_CHECKING:
    from tests.compute.cloud import Cloud

SAMPLES = Path(__file__).parents[2] / "docs" / "samples" / "compute"
PAGES = {
    "server": server.ROWS,
    "server_action": server_action.ROWS,
    "server_record": server_record.ROWS,
    "flavor": flavor.ROWS,
    "project": project.ROWS,
    "host": host.ROWS,
    "proxy": proxy.ROWS,
}
_HEAD = """# {}

Each request and its first answer, by version; then what a version added (+), took away (-) and changed (~). What is
another one each time is in capitals. The tests write this page, and ask anew whether it is true.

"""
GONE = "os_compute_api:gone"
_VARYING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"token=[^\"&]+|token%3D[^\"&]+", "token=TOKEN"),
    (r"\br-[0-9a-z]{8}\b", "r-RESERVED"),
    (r"instance-[0-9a-f]{8}\b", "instance-00000001"),
    (r"[0-9a-f]{56}\b", "HOST-ID"),
)
_PASSWORD = re.compile(r'("adminPass": )"[^"]+"')
_NUMBER = re.compile(r'("(?:id|instance_type_id)": )\d+')


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as far as they are the same every time, and what else could have been asked."""

    body: Any
    grammar: dict[str, Any]
    status: int
    answer: Any


def rows_of(page: str) -> list[Route[Any]]:
    """Return what is on a page."""
    paths = {(row.method, f"/v2.1{row.path}") for row in PAGES[page] if row.rule != GONE and not row.is_stream}
    return [row for row in asked_rows() if (row.method, row.path) in paths and not _is_wish(row)]


def _is_wish(row: Route[Any]) -> bool:
    return isinstance(row, Asked) and bool(row.query or row.wish)


class Sampler:
    """Asks one cloud, as an administrator of the project that everything is in."""

    def __init__(self, cloud: Cloud) -> None:
        cloud.app = self._app = StreamingApp(new_service(cloud.backend, Callers()))
        self._places = Places(cloud, ["admin"], is_always_new=True)
        for row in asked_rows():
            if row.method == "GET":  # what is shown is there before anything is counted
                self._places.of(row, last_version(row.until))
        in_an_hour = cloud.clock.now() + timedelta(hours=1)
        console = Console(
            server_id=self._places.kept("server_id"), console_type="spice-direct", host="h1", port=5900, tls_port=5901,
            internal_access_path=None, expires_at=in_an_hour,
        )  # fmt: skip
        cloud.database.write(console_token.add, SOMETHING, console, cloud.clock.now())

    def page(self, page: str, known: Mapping[str, Sequence[Version]]) -> str:
        """Return a page's text; `known` is at which versions each route's answer changes, if it was written before."""
        rows = rows_of(page)
        in_order = sorted(rows, key=lambda row: row.method != "GET")  # then nothing is changed before it is shown
        texts = {id(row): self._section(row, known.get(bare_title(row))) for row in in_order}
        return _HEAD.format(page.replace("_", " ").capitalize()) + "\n".join(texts[id(row)] for row in rows)

    def _section(self, row: Route[Any], known: Sequence[Version] | None) -> str:
        lines = [f"## {bare_title(row)}", "", *_dates(row)]
        before: Exchange | None = None
        for version in _versions(row, known):
            now = self._ask(row, version)
            if now != before:
                lines += [f"### {version}: {now.status}", "", *_told(before, now)]
            before = now
        return "\n".join(lines)

    def _ask(self, row: Route[Any], version: Version) -> Exchange:
        params = self._places.of(row, version)
        path = re.sub(r"\{(\w+)\}", lambda place: quote(params[place[1]], safe=""), row.path)
        body = body_of(bare_title(row), version)
        headers = {
            "x-auth-token": "admin",
            "content-type": JSON,
            "openstack-api-version": f"compute {version}",
        }
        data = b"" if body is None else json.dumps(body).replace("UUID", ids.new_uuid()).encode()
        request = Request(
            method=row.method, path=path, query=Query(""), headers=headers, body=data, base_url="http://c"
        )
        reply = self._app.handle(request)
        assert reply.status != 500, (bare_title(row), version)
        return Exchange(body, _grammar(row, version), reply.status, _settled(reply.decoded()) if reply.body else None)


def _settled(answer: Any) -> Any:
    """Return an answer with names in place of what is another one each time."""
    text = json.dumps(answer)
    for pattern, name in _VARYING:
        text = re.sub(pattern, name, text)
    return json.loads(_NUMBER.sub(r"\g<1>1", _PASSWORD.sub(r'\1"PASSWORD"', text)))


def _versions(row: Route[Any], known: Sequence[Version] | None) -> list[Version]:
    """Return the versions to ask at: all of the row's time, or its ends and both sides of each known change."""
    first = HISTORY.oldest.minor if row.since is None else row.since.version.minor
    last = last_version(row.until).minor
    minors = set(range(first, last + 1))
    if known is not None:
        minors &= {first, last} | {version.minor + step for version in known for step in (-1, 0)}
    return [Version(2, minor) for minor in sorted(minors)]


def _dates(row: Route[Any]) -> list[str]:
    def told(word: str, change: Change | None) -> str:
        return "" if change is None else f" {word} {change.version}"

    dates = told("since", row.since) + told("before", row.until)
    return [f"There{dates}.", ""] if dates else []


def _told(before: Exchange | None, now: Exchange) -> list[str]:
    if before is None or before.status != now.status:
        asked = [] if now.body is None else ["asked", *_block(now.body), "answered"]
        return [*asked, *_block(now.answer)] if now.answer is not None else asked[:-1]
    changes = _changes("may ask ", before.grammar, now.grammar)
    changes += _changes("asked ", before.body, now.body) + _changes("", before.answer, now.answer)
    return ["```diff", *changes, "```", ""]


def _block(document: Any) -> list[str]:
    return ["```json", json.dumps(document, indent=1, ensure_ascii=False), "```", ""]


def _changes(prefix: str, before: Any, now: Any) -> list[str]:
    old, new = dict(_flat(before)), dict(_flat(now))
    gone = [f"- {prefix}{path}" for path in old if path not in new]
    come = [f"+ {prefix}{path}: {json.dumps(new[path])}" for path in new if path not in old]
    other = [f"~ {prefix}{path}: {json.dumps(new[path])}" for path in new if path in old and old[path] != new[path]]
    return gone + come + other


def _grammar(row: Route[Any], version: Version) -> dict[str, Any]:
    """Return the members that a body may have, and what may stand in those that are not free."""
    if row.body is None:
        return {}
    schema = row.body.at(version) if isinstance(row.body, DatedSchema) else row.body
    return {path: {"enum": values} if values else {} for path, values in sorted(_members(schema.document, ""))}


def _members(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the path of each member that a schema names, and the values that it allows."""
    for name, member in schema.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        is_boolean = member.get("type") == ["boolean", "string"]
        yield inner, [] if is_boolean else member.get("enum") or member.get("items", {}).get("enum", [])
        yield from _members(member, inner)
    for part in schema.get("oneOf", ()):
        yield from _members(part, path)
    if "items" in schema:
        yield from _members(schema["items"], f"{path}[]")


def _flat(document: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of everything in a document that holds nothing else."""
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from _flat(value, f"{path}.{name}" if path else name)
    elif isinstance(document, list) and document:
        for index, value in enumerate(document):
            yield from _flat(value, f"{path}[{index}]")
    else:
        yield path, document


# --- pages as they were written -------------------------------------------------------------------


def is_writing() -> bool:
    """Whether the pages are to be written anew."""
    return os.environ.get("PILEUS_GOLDEN") == "write"


def known_versions(page: str) -> dict[str, list[Version]]:
    """Return at which versions the answer of each route on a page changes."""
    known: dict[str, list[Version]] = {}
    path, title = SAMPLES / f"{page}.md", ""
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("## "):
            title = line.removeprefix("## ")
            known.setdefault(title, [])
        elif line.startswith("### "):
            minor = line.removeprefix("### 2.").partition(":")[0]
            known[title].append(Version(2, int(minor)))
    return known
