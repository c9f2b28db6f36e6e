"""The charts of an agreement report: few, small enough for a phone, and each told in words too.

Rows of a chart are placed by their number and labelled by text marks, so that no name from the data
becomes part of an expression or merges two rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qa_nlp.agreement.report.drawing import draw
from qa_nlp.agreement.report.frames import (
    bar_layer,
    curve_frame,
    domain_of,
    layer,
    limit_layer,
    name_layer,
    row_axis,
    rows_frame,
    thick,
    x_axis,
    y_axis,
)
from qa_nlp.agreement.report.parts import Chart
from qa_nlp.agreement.report.words import Kind, figure_words, finite, span, told
from qa_nlp.display.formats import percent, unit

__all__ = ["bars", "coverage_chart", "distribution_chart", "interval_chart", "reliability_chart"]

Estimate = Mapping[str, Any]

_MACHINE: Final = "var(--accent)"
_PEOPLE: Final = "var(--people)"
_MUTED: Final = "var(--muted)"

_LOOKS: Final = (
    {"colour": _MACHINE, "shape": "circle"},
    {"colour": _PEOPLE, "shape": "diamond"},
)


def interval_chart(
    anchor: str,
    caption: str,
    rows: Sequence[tuple[str, Sequence[Estimate | None]]],
    axis: str,
    *,
    limits: Sequence[float] = (),
    kind: Kind = "plain",
) -> Chart | None:
    """Draw figures with their intervals, one row for each name.

    Parameters
    ----------
    anchor, caption : str
        Prefix of ids, unique on the page; what the chart shows.
    rows : sequence of (str, sequence of estimate or None)
        A name with the machine's figure and, where there are two, that of people.
    axis : str
        What is measured.
    limits : sequence of float, default ()
        Where dashed lines stand.
    kind : {"plain", "share", "signed"}, default "plain"
        How the figures read.

    Returns
    -------
    Chart or None
        None where no figure is defined.
    """
    points = [
        {**look, **_ends(found), "y": place + (0.5 if len(figures) == 1 else 0.32 + 0.36 * series)}
        for place, (_, figures) in enumerate(rows)
        for series, (found, look) in enumerate(zip(figures, _LOOKS, strict=False))
        if _defined(found)
    ]
    if not points:
        return None
    domain = domain_of(_all_ends(points), limits, kind)
    y, colour = row_axis("y", len(rows)), {"field": "colour", "scale": None}
    layers = [
        *(limit_layer(limit, domain, kind, axis) for limit in limits),
        layer(
            points,
            {"type": "rule", "strokeWidth": 2, "opacity": 0.55},
            {
                "x": x_axis("low", domain, kind, axis),
                "x2": {"field": "high"},
                "y": y,
                "color": colour,
            },
        ),
        layer(
            points,
            {"type": "point", "filled": True, "opacity": 1, "size": 56},
            {
                "x": x_axis("x", domain, kind, axis),
                "y": y,
                "color": colour,
                "shape": {"field": "shape", "scale": None},
            },
        ),
        name_layer([name for name, _ in rows]),
    ]
    said = "; ".join(
        f"{told(name)}: {', people '.join(figure_words(each, kind) for each in figures)}"
        for name, figures in rows
    )
    both = any(len(figures) > 1 for _, figures in rows)
    keys = (("machine", "machine and people"), ("people", "two people")) if both else ()
    spec = rows_frame(layers, len(rows))
    return Chart(caption, draw(spec, anchor, caption, f"{axis}. {said}."), keys)


def bars(anchor: str, caption: str, rows: Sequence[tuple[str, int, str]]) -> Chart | None:
    """Draw counts as bars.

    Parameters
    ----------
    anchor, caption : str
        Prefix of ids, unique on the page; what the chart shows.
    rows : sequence of (str, int, str)
        A name, its count and the name of its colour in the style sheet.

    Returns
    -------
    Chart or None
        None where nothing is counted.
    """
    most = max((number for _, number, _ in rows), default=0)
    if not most:
        return None
    domain = (0.0, 1.2 * most)
    points = [
        {"x": number, "y": place + 0.5, "colour": f"var(--{colour})", "words": f"{number:,}"}
        for place, (_, number, colour) in enumerate(rows)
    ]
    bar_parts = [{**point, **thick(place, 0.18, 0.64)} for place, point in enumerate(points)]
    words = {"type": "text", "align": "left", "dx": 6, "fontSize": 13, "fontWeight": 600,
             "color": "var(--ink)"}  # fmt: skip
    at = {"x": x_axis("x", domain) | {"axis": None}, "y": row_axis("y", len(rows))}
    layers = [
        bar_layer(bar_parts, x_axis("low", domain) | {"axis": None}, len(rows)),
        layer(points, words, at | {"text": {"field": "words"}}),
        name_layer([name for name, _, _ in rows]),
    ]
    said = "; ".join(f"{told(name)}: {number:,}" for name, number, _ in rows)
    return Chart(caption, draw(rows_frame(layers, len(rows), 4), anchor, caption, f"{said}."))


def distribution_chart(
    anchor: str, caption: str, rows: Sequence[tuple[str, float, float]]
) -> Chart | None:
    """Draw how often people and the machine give each level.

    Parameters
    ----------
    anchor, caption : str
        Prefix of ids, unique on the page; what the chart shows.
    rows : sequence of (str, float, float)
        A level, and its share among human and machine grades.

    Returns
    -------
    Chart or None
        None where there is no level.
    """
    if not rows:
        return None
    domain = (0.0, min(1.0, math.ceil(10 * max(max(row[1:]) for row in rows)) / 10) or 1.0)
    points = [
        {"x": share, "colour": colour, **thick(place, start, 0.36)}
        for place, (_, human, machine) in enumerate(rows)
        for share, start, colour in ((human, 0.1, _PEOPLE), (machine, 0.52, _MACHINE))
    ]
    layers = [
        bar_layer(points, x_axis("low", domain, "share", "Share of grades", 2), len(rows)),
        name_layer([name for name, _, _ in rows]),
    ]
    said = "; ".join(
        f"{told(name)}: people {percent(human)}, machine {percent(machine)}"
        for name, human, machine in rows
    )
    keys = (("people-bar", "people"), ("machine-bar", "machine"))
    return Chart(caption, draw(rows_frame(layers, len(rows)), anchor, caption, f"{said}."), keys)


def coverage_chart(anchor: str, caption: str, curve: Sequence[Estimate]) -> Chart | None:
    """Draw how agreement changes with the share of grades that the machine keeps.

    Parameters
    ----------
    anchor, caption : str
        Prefix of ids, unique on the page; what the chart shows.
    curve : sequence of dict
        ``coverage`` from 0 to 1, and ``agreement`` as an estimate.

    Returns
    -------
    Chart or None
        None where fewer than two points are defined.
    """
    points = [
        {"x": row["coverage"], "y": unit(ends["x"])} | _band(ends)
        for row in curve
        if _defined(row["agreement"]) and (ends := _ends(row["agreement"]))
    ]
    if len(points) < 2:
        return None
    domain = domain_of(_all_ends(points), (), "share")
    x = x_axis("x", (0.0, 1.0), "share", "Grades kept by the machine")
    band = {"type": "area", "color": _MACHINE, "opacity": 0.18}
    line = {"type": "line", "color": _MACHINE, "strokeWidth": 2}
    dots = {"type": "point", "filled": True, "color": _MACHINE, "size": 26, "opacity": 1}
    layers = [
        layer(
            points, band, {"x": x, "y": y_axis("low", domain, "Agreement"), "y2": {"field": "high"}}
        ),
        layer(points, line, {"x": x, "y": y_axis("y", domain, "Agreement")}),
        layer(points, dots, {"x": x, "y": y_axis("y", domain, "Agreement")}),
    ]
    said = "; ".join(
        f"{percent(row['coverage'])} kept: {figure_words(row['agreement'], 'share')}"
        for row in curve
    )
    return Chart(caption, draw(curve_frame(layers), anchor, caption, f"{said}."))


def reliability_chart(anchor: str, caption: str, curve: Sequence[Estimate]) -> Chart | None:
    """Draw how often the machine is right against how sure it says it is.

    Parameters
    ----------
    anchor, caption : str
        Prefix of ids, unique on the page; what the chart shows.
    curve : sequence of dict
        ``predicted`` and ``observed`` from 0 to 1, and ``n``.

    Returns
    -------
    Chart or None
        None where the curve has no point.
    """
    rows = [row for row in curve if row["n"]]
    if not rows:
        return None
    points = [{"x": row["predicted"], "y": row["observed"], "n": row["n"]} for row in rows]
    whole = (0.0, 1.0)
    at = {
        "x": x_axis("x", whole, "share", "Probability stated"),
        "y": y_axis("y", whole, "Share right"),
    }
    size = {"field": "n", "type": "quantitative", "legend": None,
            "scale": {"domainMin": 0, "range": [12, 150]}}  # fmt: skip
    diagonal = {"type": "line", "color": _MUTED, "strokeDash": [4, 3], "strokeWidth": 1}
    line = {"type": "line", "color": _MACHINE, "strokeWidth": 1.5, "opacity": 0.6}
    dots = {"type": "point", "filled": True, "color": _MACHINE, "opacity": 1}
    layers = [
        layer([{"x": 0, "y": 0}, {"x": 1, "y": 1}], diagonal, at),
        layer(points, line, at),
        layer(points, dots, at | {"size": size}),
    ]
    said = "; ".join(
        f"stated {percent(row['predicted'])}: right {percent(row['observed'])} of {row['n']:,}"
        for row in rows
    )
    return Chart(caption, draw(curve_frame(layers), anchor, caption, f"{said}."))


def _defined(found: Estimate | None) -> bool:
    return found is not None and finite(found["value"]) is not None


def _ends(found: Estimate | None) -> dict[str, Any]:
    """Give the value of an estimate and its interval, which may be as narrow as the value."""
    value = found["value"] if found else None
    low, high = span(found) or (value, value)
    return {"x": value, "low": low, "high": high}


def _band(ends: Mapping[str, Any]) -> dict[str, float]:
    """Keep an interval from few groups, which is made from a standard error, among shares."""
    return {end: unit(ends[end]) for end in ("low", "high")}


def _all_ends(points: Sequence[Mapping[str, Any]]) -> list[float]:
    return [point[end] for point in points for end in ("low", "high")]
