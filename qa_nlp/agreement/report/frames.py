"""The frames of charts, as Vega-Lite writes them: rows with names, curves, axes in our colours."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qa_nlp.agreement.report.drawing import Spec
from qa_nlp.agreement.report.words import Kind, told

__all__ = [
    "bar_layer",
    "curve_frame",
    "domain_of",
    "layer",
    "limit_layer",
    "name_layer",
    "row_axis",
    "rows_frame",
    "thick",
    "x_axis",
    "y_axis",
]

Points = Sequence[Mapping[str, Any]]
Domain = tuple[float, float]

_WIDTH: Final = 166
_LEFT: Final = 164
_RIGHT: Final = 14
_ROW: Final = 20
_CURVE_HEIGHT: Final = 150
_STEPS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_LABELS: Final = {
    "plain": "format(datum.value, '.1f')",
    "points": "format(datum.value, '+.0f')",
    "share": "format(100 * datum.value, '.0f') + ' %'",
    "signed": "abs(datum.value) < 0.01 ? '0' : format(datum.value, '+.1f')",
}
_LABEL_ROOM: Final = 25


def layer(points: Points, mark: Spec, encoding: Spec) -> Spec:
    """Give one layer of a chart: its data, what is drawn, and where."""
    return {"data": {"values": list(points)}, "mark": mark, "encoding": encoding}


def bar_layer(points: Points, x: Spec, rows: int) -> Spec:
    """Give a layer of bars from points that `thick` has given their ends, each in its colour."""
    encoding = {
        "x": x,
        "x2": {"field": "x"},
        "y": row_axis("top", rows),
        "y2": {"field": "bottom"},
        "color": {"field": "colour", "scale": None},
    }
    return layer(points, {"type": "rect", "cornerRadius": 1}, encoding)


def limit_layer(at: float, domain: Domain, kind: Kind, title: str) -> Spec:
    """Give a layer with a dashed line across all rows."""
    mark = {"type": "rule", "color": "var(--muted)", "strokeDash": [4, 3], "strokeWidth": 1}
    return layer([{"x": at}], mark, {"x": x_axis("x", domain, kind, title)})


def name_layer(names: Sequence[str]) -> Spec:
    """Give a layer with the name of each row on its left."""
    points = [{"y": place + 0.5, "name": _cut(told(name))} for place, name in enumerate(names)]
    mark = {"type": "text", "align": "right", "baseline": "middle", "dx": -10, "fontSize": 12,
            "color": "var(--ink)"}  # fmt: skip
    encoding = {"x": {"value": 0}, "y": row_axis("y", len(names)), "text": {"field": "name"}}
    return layer(points, mark, encoding)


def thick(place: int, start: float, width: float) -> dict[str, float]:
    """Give the ends of a bar in a row: where it starts, and how much of the row it takes."""
    return {"low": 0, "top": place + start, "bottom": place + start + width}


def rows_frame(layers: Sequence[Spec], rows: int, below: int = 38) -> Spec:
    """Give a chart of rows with names; `below` is the room for its axis in pixels."""
    padding = {"left": _LEFT, "top": 4, "right": _RIGHT, "bottom": below}
    return _frame(layers, _WIDTH, _ROW * rows, padding)


def curve_frame(layers: Sequence[Spec]) -> Spec:
    """Give a chart of a curve, as wide as a chart of rows."""
    padding = {"left": 48, "top": 8, "right": _RIGHT, "bottom": 38}
    return _frame(layers, _LEFT + _WIDTH - padding["left"], _CURVE_HEIGHT, padding)


def x_axis(
    field: str, domain: Domain, kind: Kind = "plain", title: str = "", ticks: int = 5
) -> Spec:
    """Give a horizontal position with its axis; that of differences is labelled evenly from 0."""
    axis = _axis(title, kind, ticks)
    if kind == "signed":
        step = next((step for step in _STEPS if 2.6 * step >= domain[1]), _STEPS[-1])
        axis["values"] = [round(step * place, 2) for place in range(-2, 3)]
    return _position(field, domain) | {"axis": axis}


def y_axis(field: str, domain: Domain, title: str) -> Spec:
    """Give a vertical position with its axis, in per cent."""
    return _position(field, domain) | {"axis": _axis(title, "share", 4)}


def row_axis(field: str, rows: int) -> Spec:
    """Give a position among rows, the first on top, without an axis."""
    return _position(field, (rows, 0)) | {"axis": None}


def domain_of(numbers: Sequence[float], limits: Sequence[float], kind: Kind) -> Domain:
    """Give round ends that hold all numbers: shares and kappas reach 1, differences are even."""
    low, high = min([*numbers, *limits]), max([*numbers, *limits])
    if kind == "signed":
        reach = math.ceil(10 * max(-low, high) + 0.5) / 10
        return -reach, reach
    if kind == "share":
        return max(0.0, math.floor(10 * low - 0.5) / 10), 1.0
    return min(0.0, math.floor(10 * low) / 10), max(1.0, high)


def _frame(layers: Sequence[Spec], width: int, height: int, padding: Mapping[str, int]) -> Spec:
    """Leave the frame and the background to the page, and the size to the padding."""
    return {
        "width": width,
        "height": height,
        "padding": dict(padding),
        "autosize": {"type": "none"},
        "background": "transparent",
        "layer": list(layers),
        "config": {"aria": False, "view": {"stroke": None}},
    }


def _position(field: str, domain: Domain) -> Spec:
    scale = {"domain": list(domain), "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale}


def _axis(title: str, kind: Kind, ticks: int) -> Spec:
    return {
        "title": title,
        "titleColor": "var(--muted)",
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": "var(--muted)",
        "labelFontSize": 12,
        "labelExpr": _LABELS[kind],
        "tickCount": ticks,
        "ticks": False,
        "domain": False,
        "gridColor": "var(--line)",
    }


def _cut(name: str) -> str:
    """Cut a name to the room that it has; East Asian characters are twice as wide."""
    room = _LABEL_ROOM
    for place, character in enumerate(name):
        room -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if room < 0:
            return name[: place - 1].rstrip() + "…"
    return name
