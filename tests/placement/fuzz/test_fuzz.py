"""Anything may be sent: nothing of it is a fault of ours, what is refused changes nothing, and the refusal says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pileus.kit.schema import DatedSchema
from pileus.placement.api import query_schema, versions
from pileus.placement.api.routes import ROUTES
from tests.placement.fuzz.asking import AGGREGATE, CHILD, CONSUMER, HOST, Asking
from tests.placement.fuzz.strategy import NAMES, broken, fitting, odd_texts, spoiled, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

    from pileus.kit.db import Database
    from pileus.kit.http.routes import Route
    from pileus.kit.schema import Schema
    from tests.placement.conftest import Client

EXAMPLES = {"sqlite": 250, "postgresql": 30, "mariadb": 30}
SPOKEN = [f"1.{minor}" for minor in range(versions.HISTORY.newest.minor + 1)]
WITH_BODY = [row for row in ROUTES.rows if row.body is not None]
QUERIES: dict[str, Schema | DatedSchema] = {
    "/resource_providers": query_schema.LIST_PROVIDERS,
    "/traits": query_schema.LIST_TRAITS,
    "/usages": query_schema.LIST_USAGES,
    "/allocation_candidates": query_schema.CANDIDATES,
}
GROUPED = ("resources", "required", "member_of", "in_tree")
VALUES = (
    "VCPU:1", "VCPU:1,CUSTOM_THING:2", "VCPU", "VCPU:", "VCPU:0", "VCPU:-1", "VCPU:x", "VCPU:1:1", ":1", "VCPU: 1",
    "VCPU:1_0", "VCPU:99999999999999999999", "VCPU:" + "9" * 5000, "VCPU:\u0661", "VCPU:1,VCPU:2", ",",
    "CUSTOM_MISSING", "CUSTOM_THING", "!CUSTOM_THING", "in:CUSTOM_THING,HW_NUMA_ROOT", "in:", "!in:CUSTOM_THING",
    f"in:{AGGREGATE}", f"!{AGGREGATE}", f"!in:{AGGREGATE},{HOST}", "in:x", HOST, CHILD, "_A", "_A,_B", "none",
    "isolate", "1", "0", "1000", "9" * 30, "true", "startswith:CUSTOM", "p", "all", "unknown", "INSTANCE",
)  # fmt: skip
MEDIA = (
    "", "application/json", "text/html", "text/html;q=x", "*/*;q=0", "application/json; charset=latin-1", ",", ";",
)  # fmt: skip
VERSIONS = (
    "", "1.1", "placement", "placement 1", "placement 1.", "placement 1.99", "placement 0.9", "placement -1.0",
    "placement 1.1.1", "placement latest", "PLACEMENT LATEST", "compute 2.1", "placement 1.1,placement 1.2",
    "placement " + "9" * 5000 + ".1", "placement 1.1e1", "placement \uff11.\uff11", "placement  1.1", "placement\t1.1",
)  # fmt: skip


@pytest.fixture
def asking(client: Client, database: Database) -> Asking:
    return Asking(client, database)


@pytest.fixture
def fuzzed(database_kind: str) -> Callable[[Callable[..., None]], None]:
    """Runs a test of hypothesis, the same way each time, and on the servers a shorter one."""
    chosen = settings(
        max_examples=EXAMPLES[database_kind],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: chosen(test)()


@st.composite
def paths(draw: DrawFn, pattern: str) -> str:
    """Return a path of a route; now and then with something odd in it."""
    fits = {"uuid": (HOST, CHILD), "name": NAMES, "resource_class": NAMES, "consumer_uuid": (CONSUMER, HOST)}
    pieces = []
    for piece in pattern.split("/"):
        if piece.startswith("{"):
            usual = st.sampled_from(fits[piece[1:-1]])
            odd = odd_texts.map(lambda text: quote(text, errors="surrogatepass"))
            pieces.append(draw(st.one_of(usual, usual, usual, odd, st.sampled_from(["%", "%ff", "%2F", "%00", "."]))))
        else:
            pieces.append(piece)
    return "/".join(pieces)


def at(schema: Schema | DatedSchema, version: str) -> Schema:
    return schema.at(versions.HISTORY.parse(version)) if isinstance(schema, DatedSchema) else schema


def requests(row: Route[Any], version: str) -> SearchStrategy[bytes]:
    assert row.body is not None
    return fitting(at(row.body, version).document).flatmap(spoiled).map(written).flatmap(broken)


def names_of(path: str, version: str) -> list[str]:
    chosen = at(QUERIES[path], version)
    fixed = list(chosen.document["properties"])
    return fixed + [name + suffix for name in GROUPED for suffix in ("", "1", "_A")] * (
        "patternProperties" in chosen.document
    )


def test_any_body_is_answered(asking: Asking, fuzzed: Callable[[Callable[..., None]], None]) -> None:
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        row, version = data.draw(st.sampled_from(WITH_BODY)), data.draw(st.sampled_from(SPOKEN))
        body = data.draw(requests(row, version))
        asking.ask(row.method, data.draw(paths(row.path)), body=body, openstack_api_version=f"placement {version}")

    fuzzed(ask)


def test_any_query_is_answered(asking: Asking, fuzzed: Callable[[Callable[..., None]], None]) -> None:
    values = st.one_of(st.sampled_from(VALUES), st.sampled_from(VALUES), odd_texts)

    @given(st.data())
    def ask(data: st.DataObject) -> None:
        path, version = data.draw(st.sampled_from(sorted(QUERIES))), data.draw(st.sampled_from([*SPOKEN, "latest"]))
        names = st.one_of(st.sampled_from(names_of(path, version)), st.sampled_from([*GROUPED, "limit", "x", ""]))
        pairs = data.draw(st.lists(st.tuples(names, values), max_size=5))
        query = data.draw(broken(urlencode(pairs, errors="surrogatepass").encode())).decode("latin-1")
        asking.ask("GET", path, query, openstack_api_version=f"placement {version}")

    fuzzed(ask)


def test_any_path_and_method_is_answered(asking: Asking, fuzzed: Callable[[Callable[..., None]], None]) -> None:
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(ROUTES.rows))
        method = data.draw(
            st.sampled_from((row.method, row.method, "GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "x"))
        )
        path = data.draw(paths(row.path)) + data.draw(st.sampled_from(("", "", "", "/", "/x", "//")))
        asking.ask(method, path, openstack_api_version=f"placement {data.draw(st.sampled_from(SPOKEN))}")

    fuzzed(ask)


def test_any_header_is_answered(asking: Asking, fuzzed: Callable[[Callable[..., None]], None]) -> None:
    texts = odd_texts.map(lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1"))  # as from a socket
    media = st.one_of(st.sampled_from(MEDIA), texts)
    spoken = st.one_of(st.sampled_from(VERSIONS), texts.map("placement {}".format))

    @given(st.data())
    def ask(data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(ROUTES.rows))
        headers = {
            "accept": data.draw(media),
            "content_type": data.draw(media),
            "openstack_api_version": data.draw(spoken),
            "content_length": data.draw(st.sampled_from(["0", "2", "-1", "x", "", "\uff11", "9" * 30])),
            "x_openstack_request_id": data.draw(texts),
        }
        chosen = data.draw(st.sets(st.sampled_from(sorted(headers))))
        body = b"{}" if row.body else b""
        asking.ask(row.method, data.draw(paths(row.path)), "", body, **{name: headers[name] for name in chosen})

    fuzzed(ask)
