"""A replay as a picture: it is well-formed, says what it shows, and stays on its paper."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from pileus.replay.chart import HEIGHT, WIDTH, as_page, as_svg
from pileus.replay.outcome import Outcome, Sample

SVG = "{http://www.w3.org/2000/svg}"


def outcome(*samples: Sample, trace_s: float = 0.0) -> Outcome:
    return Outcome(
        servers=9, placed=7, left_out=0, hosts=3, hosts_in_use=2, most_hosts_in_use=3, trace_s=trace_s, replay_s=1.0,
        uses=(), fragmentations=(), latencies=(), failures=(), samples=samples,
    )  # fmt: skip


def sample(requests: int, at_s: float, cpu: float, failed: int = 0) -> Sample:
    shares = {"VCPU": cpu, "MEMORY_MB": 0.5, "DISK_GB": 0.0}
    return Sample(requests, at_s, shares, hosts_share=1.0, fragmentation=0.2, failed=failed)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 (our own)


def words(svg: str) -> list[str]:
    return [text.text or "" for text in parsed(svg).iter(f"{SVG}text")]


def lines(svg: str) -> dict[str, list[tuple[float, float]]]:
    """The points of each line, by its colour."""
    found = {}
    for path in parsed(svg).iter(f"{SVG}path"):
        numbers = re.findall(r"([\d.]+) ([\d.]+)", path.get("d", ""))
        if "line" in path.get("class", "") and "h16" not in path.get("d", ""):
            found[path.get("stroke", "")] = [(float(x), float(y)) for x, y in numbers]
    return found


def test_lines_go_from_the_first_to_the_last_moment_and_from_nothing_to_all() -> None:
    svg = as_svg("t", outcome(sample(1, 0, 0.0), sample(5, 100, 0.5), sample(9, 400, 1.0), trace_s=400))
    assert lines(svg)["#4a90d9"] == [(50, 284), (222.5, 170), (740, 56)]


def test_what_is_always_nothing_is_not_drawn() -> None:
    said = words(as_svg("t", outcome(sample(1, 0, 0.5), sample(9, 1, 0.5), trace_s=1)))
    assert "MEMORY_MB" in said
    assert not {"DISK_GB", "without a host"} & set(said)
    assert "without a host" in words(as_svg("t", outcome(sample(9, 0, 0.5, failed=2))))


@pytest.mark.parametrize(("span_s", "word"), [(90, "seconds"), (3599, "minutes"), (7200, "hours"), (864_000, "days")])
def test_time_is_told_in_the_unit_that_suits_it(span_s: float, word: str) -> None:
    said = words(as_svg("t", outcome(sample(1, 0, 0.1), sample(9, span_s, 0.2), trace_s=span_s)))
    assert f"{word} since the first server" in said


def test_servers_that_all_come_at_once_are_drawn_by_their_number() -> None:
    svg = as_svg("t", outcome(sample(1, 0, 0.1), sample(9, 0, 0.9)))
    assert "servers so far" in words(svg)
    assert [x for x, _ in lines(svg)["#4a90d9"]] == [50, 740]


def test_everything_is_on_the_paper_even_if_more_is_used_than_there_is() -> None:
    for points in lines(as_svg("t", outcome(sample(1, 0, 7.0)))).values():
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_a_title_is_text_and_no_markup() -> None:
    svg = as_svg("<b>&", outcome(sample(1, 0, 0.1)))
    assert words(svg)[0] == "<b>&"
    page = as_page("<b>&", outcome(sample(1, 0, 0.1)), "<span>said</span>")
    assert "<title>&lt;b&gt;&amp;</title>" in page
    assert "<b>" not in page
    assert "<span>said</span>" in page
