"""How full everything is, on a screen of 80 columns."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pileus.cli import top_screen
from pileus.placement.model.summary import Summary


def summary(name: str = "VCPU", **more: Any) -> Summary:
    values = {"providers": 1, "capacity": 10.0, "reserved": 0, "used": 5, "free": 5.0}
    return Summary(resource_class=name, **{**values, "fullest": "host", "fullest_share": 0.5, **more})


def drawn(what: Any) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=80, highlight=False).print(what)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@given(st.floats(min_value=0, max_value=2**63))
def test_a_number_has_at_most_five_characters_and_is_nearly_right(amount: float) -> None:
    text = top_screen.short(amount)
    assert len(text) <= 5
    unit = text[-1] if text[-1].isalpha() else ""
    shown = float(text.removesuffix(unit)) * 1000 ** top_screen.UNITS.index(unit)
    assert abs(shown - amount) <= max(1, amount / 150)


def test_the_largest_numbers_and_longest_names_fit() -> None:
    long = summary(
        "CUSTOM_" + "X" * 200, providers=10**6, capacity=9e18, used=2**62, fullest="h" * 200, fullest_share=99.5
    )
    lines = drawn(top_screen.as_screen([long], {"a" * 200: [long]}, height=None, note="n" * 200))
    assert len(lines) == 5
    assert max(map(len, lines)) <= 80


def test_a_low_window_shows_the_fullest_aggregates_and_says_how_many_more_there_are() -> None:
    aggregates = {f"rack-{number}": [summary(), summary("DISK_GB")] for number in range(10)}
    lines = drawn(top_screen.as_screen([summary(), summary("DISK_GB")], aggregates, height=15, note=""))
    assert len(lines) <= 15
    assert [line for line in lines if line.startswith("aggregate")] == [f"aggregate rack-{n}" for n in range(3)]
    assert lines[-1].startswith("and 7 less full aggregates")


def test_a_name_is_a_name_and_no_markup() -> None:
    odd = summary(fullest="[red]h")
    assert "[red]h" in drawn(top_screen.as_screen([odd], {}, height=None, note=""))[-1]
    assert "[red]h" in drawn(top_screen.as_lines([odd], {}))[-1]
