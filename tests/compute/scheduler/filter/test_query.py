from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.filter.query import json_query

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})
HOST = HostView(
    host="h1", provider="p1", node="n1", zone="nova", is_up=True, is_enabled=True, free={"MEMORY_MB": 2048},
    cpu_info={"arch": "x86_64"}, servers=3,
)  # fmt: skip


def refusal_of(query: Any) -> str | None:
    return json_query(replace(ASK, hints={"query": query}), HOST)


@pytest.mark.parametrize(
    "query",
    [
        [">=", "$free_ram_mb", 1024],
        ["=", "$cpu_info.arch", "x86_64"],
        ["in", "$host", "h0", "h1"],
        ["and", ["<", "$num_instances", 4], [">", "$num_instances", 2]],
        ["or", ["=", "$host", "h9"], ["<=", "$num_instances", 3]],
        ["not", ["=", "$host", "h9"]],
        [],
    ],
)
def test_a_host_that_is_what_the_query_asks_for_will_do(query: list[Any]) -> None:
    assert refusal_of(json.dumps(query)) is None


@pytest.mark.parametrize(
    "query",
    [
        [">=", "$free_ram_mb", 4096],
        ["=", "$cpu_info.arch", "aarch64"],
        ["=", "$no_such_thing", 1],
        ["and", ["=", "$host", "h1"], ["=", "$host", "h2"]],
        ["not", ["=", "$host", "h1"]],
    ],
)
def test_a_host_that_is_not_is_refused(query: list[Any]) -> None:
    assert refusal_of(json.dumps(query)) == "it is not what the hint query asks for"


@pytest.mark.parametrize("query", ["[", '["near", 1, 2]', '{"a": 1}', '["<", "$host", 3]', {"a": 1}, '[["="], 1]'])
def test_what_is_no_query_is_refused_and_breaks_nothing(query: Any) -> None:
    assert refusal_of(query) == "the hint query is not understood"


def test_who_gives_no_query_may_be_anywhere() -> None:
    assert json_query(ASK, HOST) is None
