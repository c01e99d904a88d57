"""A replay as a picture: how full the hosts were, and how many servers found none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pileus.replay.outcome import Outcome, Sample

WIDTH, HEIGHT = 760, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 740, 56, 284
_UNITS = {"days": 86_400, "hours": 3600, "minutes": 60}
_FEW = 2  # of a unit are told in the next smaller one

_HEAD = (
    f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d"'
    ' font-family="system-ui, sans-serif" font-size="13"'
)
_STYLE = (
    ".t { fill: #888; font-weight: 600 } .s { fill: #888 } .grid { stroke: #8884 }"
    " .line { fill: none; stroke-width: 1.8; stroke-linejoin: round } .dashed { stroke-dasharray: 5 4 }"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing over time, as a share of what there is."""

    name: str
    colour: str
    shares: Sequence[float]
    is_dashed: bool = False


def unit_of(span_s: float) -> tuple[int, str]:
    """Return the seconds and the name of the unit in which some time is best told."""
    return next(((unit_s, name) for name, unit_s in _UNITS.items() if span_s >= _FEW * unit_s), (1, "seconds"))


def lines_of(samples: Sequence[Sample]) -> Sequence[Line]:
    """Return what there is to draw, without what is always nothing."""
    lines = [
        Line("VCPU", "#4a90d9", [one.shares["VCPU"] for one in samples]),
        Line("MEMORY_MB", "#3a9d5d", [one.shares["MEMORY_MB"] for one in samples]),
        Line("DISK_GB", "#b8860b", [one.shares["DISK_GB"] for one in samples]),
        Line("hosts in use", "#888888", [one.hosts_share for one in samples]),
        Line("fragmentation", "#9b59b6", [one.fragmentation for one in samples], is_dashed=True),
        Line("without a host", "#d9534f", [one.failed / one.requests for one in samples], is_dashed=True),
    ]
    return [line for line in lines if any(line.shares)]


def as_svg(title: str, outcome: Outcome) -> str:
    """Return a drawing, as wide as the page that shows it."""
    samples = outcome.samples
    is_timed = outcome.trace_s > 0
    marks = [one.at_s if is_timed else float(one.requests) for one in samples]
    low, high = (0.0 if is_timed else 1.0), marks[-1]
    across = [_LEFT + (_RIGHT - _LEFT) * (mark - low) / ((high - low) or 1) for mark in marks]
    drawn = lines_of(samples)
    said = ", ".join(f"{line.name} {line.shares[-1]:.0%}" for line in drawn)
    parts = [
        f"<svg {_HEAD}>",
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{outcome.placed} of {outcome.servers} servers placed. At the end: {said}.</desc>',
        f"<style>{_STYLE}</style>",
        f'<text class="t" x="{_LEFT}" y="18">{escape(title)}</text>',
        *_legend(drawn),
        *_grid(high, is_timed=is_timed),
        *(_path(line, across) for line in drawn),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(lines: Sequence[Line]) -> Sequence[str]:
    parts, x = [], float(_LEFT)
    for line in lines:
        parts.append(f'<path d="M{x:.0f} 36h16" stroke="{line.colour}" class="line{_dash(line)}"/>')
        parts.append(f'<text class="s" x="{x + 20:.0f}" y="40">{line.name}</text>')
        x += 34 + 8.2 * len(line.name)
    return parts


def _grid(high: float, *, is_timed: bool) -> Sequence[str]:
    parts = []
    for percent in range(0, 101, 25):
        y = _height(percent / 100)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>')
        parts.append(f'<text class="s" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent}%</text>')
    unit_s, unit = unit_of(high)
    for quarter in range(5):
        x = _LEFT + (_RIGHT - _LEFT) * quarter / 4
        anchor = "end" if quarter == 4 else "middle" if quarter else "start"
        mark = f"{high * quarter / 4 / unit_s:.3g}" if is_timed else f"{high * quarter / 4:.0f}"
        parts.append(f'<text class="s" x="{x:.0f}" y="{_BOTTOM + 20}" text-anchor="{anchor}">{mark}</text>')
    words = f"{unit} since the first server" if is_timed else "servers so far"
    middle = (_LEFT + _RIGHT) // 2
    return [*parts, f'<text class="s" x="{middle}" y="{_BOTTOM + 42}" text-anchor="middle">{words}</text>']


def _path(line: Line, across: Sequence[float]) -> str:
    points = [f"{x:.1f} {_height(share):.1f}" for x, share in zip(across, line.shares, strict=True)]
    if len(points) == 1:  # a moment is no line
        points.append(f"{_RIGHT} {_height(line.shares[0]):.1f}")
    return f'<path class="line{_dash(line)}" stroke="{line.colour}" d="M{"L".join(points)}"/>'


def _height(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * min(share, 1.0)


def _dash(line: Line) -> str:
    return " dashed" if line.is_dashed else ""


def as_page(title: str, outcome: Outcome, words: str) -> str:
    """Return a page with the drawing, and under it what is said of it: HTML that is taken as it is."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        "<style>body { max-width: 60em; margin: 2em auto; font-family: system-ui, sans-serif }"
        " pre { overflow-x: auto; line-height: 1.3 }</style></head>\n"
        f"<body>\n{as_svg(title, outcome)}<pre>{words}</pre>\n</body></html>\n"
    )
