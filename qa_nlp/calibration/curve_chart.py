"""The points of a learning curve, and their drawing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from qa_nlp.calibration.curve_fit import Plan

__all__ = ["CurvePoint", "chart"]

_WIDTH, _HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 28, 44
_LEAST_TICK: Final = 24  # pixels between two numbers under the axis


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Agreement after learning from a number of graded conversations.

    Parameters
    ----------
    criterion : str
        Its id.
    n : int
        Graded conversations (groups) learnt from; 0: the rubric's own model.
    kappa : float
        Quadratically weighted kappa with each human grade, pooled over the draws.
    low, high : float
        95 % interval of the agreement to expect on average over calibrations on `n` conversations.
        It covers which conversations happened to be graded, to test and to learn from, and the
        limited number of draws. It is not a range for a single calibration, which varies more, and
        it knows nothing of conversations or raters that are unlike these.
    error : float
        Mean distance from a human grade, in levels.
    """

    criterion: str
    n: int
    kappa: float
    low: float
    high: float
    error: float


def chart(outlook: Plan, points: Sequence[CurvePoint]) -> str:
    """Draw one criterion's curve, and dashed what the plan expects, as inline SVG.

    Parameters
    ----------
    outlook : Plan
        Of the criterion.
    points : sequence of CurvePoint
        Of the criterion, by size.

    Returns
    -------
    str
        SVG; empty where there are no points.
    """
    if not points:
        return ""
    ahead = _ahead(outlook)
    most = max([points[-1].n, *(n for n, _ in ahead)])
    least = min(0.0, math.floor(10 * min(point.low for point in points)) / 10)

    def place(n: float, kappa: float) -> tuple[float, float]:
        along = math.sqrt(n / most) if most else 0.0  # sizes double: their roots lie evenly
        up = (min(max(kappa, least), 1.0) - least) / (1.0 - least)
        x = _LEFT + along * (_WIDTH - _LEFT - _RIGHT)
        return round(x, 1), round(_HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM), 1)

    name = escape(outlook.criterion)
    band = [place(p.n, p.high) for p in points] + [place(p.n, p.low) for p in reversed(points)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="sans-serif" font-size="11" '
        f'fill="currentColor"><title>Learning curve of {name}</title>',
        f'<text x="{_LEFT}" y="16" font-size="13" font-weight="bold">{name}</text>',
        *_axes(place, least, sorted({p.n for p in points} | {n for n, _ in ahead[1:]})),
        f'<polygon points="{_path(band)}" fill="#2a78b8" fill-opacity="0.2"/>',
        _line([place(p.n, p.kappa) for p in points]),
        _line([place(n, kappa) for n, kappa in ahead], ' stroke-dasharray="5 4"'),
    ]
    for point in points:
        x, y = place(point.n, point.kappa)
        ends = place(point.n, point.low)[1], place(point.n, point.high)[1]
        parts.append(
            f'<line x1="{x}" x2="{x}" y1="{ends[0]}" y2="{ends[1]}" stroke="#2a78b8" '
            f'stroke-opacity="0.5"/>'
            f'<circle cx="{x}" cy="{y}" r="3.5" fill="#2a78b8"><title>{point.n:,} graded: '
            f"{point.kappa:.2f} ({point.low:.2f} to {point.high:.2f})</title></circle>"
        )
    return "".join([*parts, "</svg>"])


def _ahead(outlook: Plan) -> list[tuple[int, float]]:
    if outlook.more is None or outlook.kappa is None or outlook.reached is None:
        return []
    now = outlook.graded
    return [(now, outlook.kappa), (now + outlook.more, outlook.reached)]


def _axes(
    place: Callable[[float, float], tuple[float, float]], least: float, sizes: Sequence[int]
) -> list[str]:
    """Draw grid lines with their numbers, and name the axes."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for tenth in range(math.ceil(5 * least) * 2, 11, 2):
        y = place(0, tenth / 10)[1]
        parts.append(
            f'<line x1="{_LEFT}" x2="{right}" y1="{y}" y2="{y}" stroke="currentColor" '
            f'stroke-opacity="{0.5 if not tenth else 0.15}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{tenth / 10:.1f}</text>'
        )
    last = -math.inf
    for size in sizes:
        x = place(size, 0)[0]
        if x - last >= _LEAST_TICK:
            parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle">{size:,}</text>')
            last = x
    middle = (_LEFT + right) / 2
    return [
        *parts,
        f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">graded conversations</text>',
        f'<text transform="translate(14 {(bottom + _TOP) / 2}) rotate(-90)" '
        'text-anchor="middle">agreement (QWK)</text>',
    ]


def _path(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _line(places: Sequence[tuple[float, float]], dash: str = "") -> str:
    return (
        f'<polyline points="{_path(places)}" fill="none" stroke="#2a78b8" stroke-width="2"{dash}/>'
    )
