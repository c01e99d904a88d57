"""A refusal names what is wrong: every field of every body at every version, and every name of every query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from pileus.kit.schema import DatedSchema, Schema
from pileus.placement.api.routes import ROUTES
from tests.placement.fuzz.asking import CONSUMER, CUSTOM, HOST, Asking
from tests.placement.fuzz.strategy import UUIDS, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.db import Database
    from pileus.kit.http.routes import Route
    from tests.placement.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
WRONG: Any = 0.25  # of no type that a field has, and too little for a number
PARAMETERS = {"uuid": HOST, "resource_class": "VCPU", "name": CUSTOM, "consumer_uuid": CONSUMER}


@pytest.fixture
def asking(client: Client, database: Database) -> Asking:
    return Asking(client, database)


def schemas() -> Iterator[tuple[Route[Any], str, dict[str, Any]]]:
    """Yield every body's schema with a version that it is in force at."""
    for row in ROUTES.rows:
        if isinstance(row.body, Schema):
            yield row, str(row.since.version) if row.since else "1.0", row.body.document
        elif isinstance(row.body, DatedSchema):
            for change, schema in row.body.dated:
                first = change or row.since
                yield row, str(first.version) if first else "1.0", schema.document


def example(schema: dict[str, Any]) -> Any:
    """Return a value that fits a schema and has every field."""
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    kind = schema["type"]
    if kind == "object":
        made = {name: example(one) for name, one in schema.get("properties", {}).items()}
        for pattern, one in schema.get("patternProperties", {}).items():
            made[UUIDS[0] if "a-fA-F" in pattern else "" if "a-z" in pattern else "CUSTOM_X"] = example(one)
        return made
    if kind == "array":
        return [example(schema["items"])]
    if kind == "string":
        return UUIDS[0] if schema.get("format") == "uuid" else "CUSTOM_X"
    return 1


def ways(schema: dict[str, Any], value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every field of an example."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*way, key)
        yield from ways(schema, part, (*way, key))


def spoilt(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """Return a document with another value in some place; with none there if that is an Ellipsis."""
    if not way:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    if len(way) == 1 and new is ...:
        del copied[way[0]]
    else:
        copied[way[0]] = spoilt(value[way[0]], way[1:], new)
    return copied


def refusal(asking: Asking, row: Route[Any], version: str, body: Any) -> str:
    path = row.path.format(**PARAMETERS)
    reply = asking.ask(row.method, path, body=written(body), openstack_api_version=f"placement {version}")
    assert reply.status == 400, (row.method, row.path, version, body, reply.body)
    return str(reply.decoded()["errors"][0]["detail"])


def test_a_field_of_the_wrong_type_is_named(asking: Asking) -> None:
    for row, version, schema in schemas():
        body = example(schema)
        for way in ways(schema, body):
            if way[-1] == "allocation_ratio":
                continue  # which may be any number
            detail = refusal(asking, row, version, spoilt(body, way, WRONG))
            where = "".join(f"[{key!r}]" for key in way)
            assert f"On instance{where}:" in detail, (row.path, version, way, detail)


def test_a_field_that_lacks_is_named(asking: Asking) -> None:
    for row, version, schema in schemas():
        for name in schema.get("required", ()):
            detail = refusal(asking, row, version, spoilt(example(schema), (name,), ...))
            assert detail.startswith(f"JSON does not validate: {name!r} is a required property"), detail


def test_a_field_that_nobody_knows_is_named(asking: Asking) -> None:
    for row, version, schema in schemas():
        body = example(schema)
        objects = [way for way in [(), *ways(schema, body)] if isinstance(_at(body, way), dict)]
        for way in objects:
            detail = refusal(asking, row, version, spoilt(body, way, {**_at(body, way), "cöw": 1}))
            assert "'cöw'" in detail.splitlines()[0], detail


def _at(value: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        value = value[key]
    return value


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 2**64, 10**40, 1.5])
@pytest.mark.parametrize("field", ["total", "min_unit", "max_unit", "step_size", "reserved"])
def test_an_amount_that_no_inventory_holds_is_named(asking: Asking, field: str, number: float) -> None:
    body = {"resource_provider_generation": 4, "total": 1, field: number}
    reply = asking.ask("PUT", f"/resource_providers/{HOST}/inventories/VCPU", body=written(body))
    if (field, number) == ("reserved", 0):
        assert reply.status == 200
    else:
        assert (reply.status, f"On instance['{field}']:" in reply.decoded()["errors"][0]["detail"]) == (400, True)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_number_that_is_none_is_refused(asking: Asking, literal: str) -> None:
    body = b'{"resource_provider_generation": 3, "total": 1, "allocation_ratio": %s}' % literal.encode()
    assert asking.ask("PUT", f"/resource_providers/{HOST}/inventories/VCPU", body=body).status == 400


@pytest.mark.databases("sqlite", "postgresql", "mariadb")
def test_a_nul_is_refused_by_name(asking: Asking) -> None:
    owner = {"project_id": "p", "user_id": "u", "consumer_type": "INSTANCE", "consumer_generation": 1}
    bodies: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "/resource_providers", {"name": "a\0"}, "name"),
        ("PUT", f"/resource_providers/{HOST}", {"name": "a\0"}, "name"),
        ("PUT", f"/allocations/{CONSUMER}", {"allocations": {}, **owner, "project_id": "a\0"}, "project_id"),
        ("PUT", f"/allocations/{CONSUMER}", {"allocations": {}, **owner, "user_id": "a\0"}, "user_id"),
    ]
    for method, path, body, name in bodies:
        reply = asking.ask(method, path, body=written(body))
        assert (reply.status, f"On instance['{name}']:" in reply.decoded()["errors"][0]["detail"]) == (400, True)
    for path, name in (("resource_providers", "name"), ("usages", "project_id"), ("traits", "name")):
        reply = asking.ask("GET", f"/{path}", f"project_id=p&{name}=%00")
        assert (reply.status, f"'{name}'" in reply.decoded()["errors"][0]["detail"]) == (400, True)


QUERIES = (
    ("/resource_providers", "uuid", "x"),
    ("/resource_providers", "in_tree", "x"),
    ("/resource_providers", "member_of", "x"),
    ("/resource_providers", "required", "!"),
    ("/resource_providers", "resources", "VCPU"),
    ("/resource_providers", "cow", "x"),
    ("/traits", "name", "x"),
    ("/traits", "associated", "x"),
    ("/usages", "user_id", ""),
    ("/usages", "project_id", "x" * 256),
    ("/usages", "consumer_type", "x"),
    ("/allocation_candidates", "resources", ""),
    ("/allocation_candidates", "required", ","),
    ("/allocation_candidates", "member_of", "in:"),
    ("/allocation_candidates", "in_tree", "x"),
    ("/allocation_candidates", "limit", "-1"),
    ("/allocation_candidates", "group_policy", "x"),
    ("/allocation_candidates", "same_subtree", "_A"),
    ("/allocation_candidates", "root_required", ","),
    ("/allocation_candidates", "cow", "x"),
)


@pytest.mark.parametrize(("path", "name", "value"), QUERIES)
def test_a_parameter_that_is_wrong_is_named(asking: Asking, path: str, name: str, value: str) -> None:
    usual = {"/usages": {"project_id": "p"}, "/allocation_candidates": {"resources": "VCPU:1"}}.get(path, {})
    reply = asking.ask("GET", path, urlencode({**usual, name: value}))
    assert reply.status == 400
    assert name in reply.decoded()["errors"][0]["detail"], reply.body


def test_more_than_an_inventory_can_hold_is_had_by_nobody(asking: Asking) -> None:
    for amount in (2**31, 2**63, 2**64, 10**30):
        for path, key in (
            ("/resource_providers", "resource_providers"),
            ("/allocation_candidates", "allocation_requests"),
        ):
            assert asking.ask("GET", path, f"resources=VCPU:{amount}").decoded()[key] == [], (path, amount)
