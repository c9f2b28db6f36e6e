"""Draw a chart as SVG that can stand in a page: no script, no link, no font, and few words.

The colours of a chart are those of the page (``var(--accent)``), so that it follows light and dark.
Only elements and attributes that draw are let through, whatever the engine wrote.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree

from markupsafe import Markup

from qa_nlp.errors import require

__all__ = ["Spec", "draw"]

Spec: TypeAlias = dict[str, Any]
"""A chart, or a part of one, as Vega-Lite 6 writes it."""

_ELEMENTS: Final = frozenset({"circle", "g", "line", "path", "rect", "text", "tspan"})
_PLACE: Final = {"d", "height", "r", "transform", "width", "x", "x1", "x2", "y", "y1", "y2"}
_LOOK: Final = {"fill", "fill-opacity", "font-size", "font-weight", "opacity", "text-anchor"}
_STROKE: Final = {"stroke", "stroke-dasharray", "stroke-opacity", "stroke-width"}
_ATTRIBUTES: Final = frozenset(_PLACE | _LOOK | _STROKE)
_NO_NEWS: Final = {"opacity": "1", "stroke-width": "1", "transform": "translate(0,0)"}
_PLAIN: Final = re.compile(r"[\w\s.,#%()+-]*")
_LONG_DECIMAL: Final = re.compile(r"(\d+\.\d\d)\d+")


def draw(chart: Spec, anchor: str, title: str, description: str) -> Markup:
    """Draw a chart.

    Parameters
    ----------
    chart : dict
        With a fixed width, height and padding.
    anchor : str
        Prefix of the drawing's ids, unique on the page.
    title, description : str
        What the drawing shows, for those who do not see it.

    Returns
    -------
    Markup
        An ``svg`` element, escaped.

    Raises
    ------
    MissingExtraError
        When vl-convert is not installed.
    """
    engine = require("vl_convert", "report")
    svg = engine.vegalite_to_svg(chart, allowed_base_urls=[])
    drawn = ElementTree.fromstring(svg)
    width, height = drawn.get("width", "0"), drawn.get("height", "0")
    page = ElementTree.Element(
        "svg",
        {
            "class": "plot",
            "role": "img",
            "aria-labelledby": f"{anchor}-title {anchor}-text",
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
        },
    )
    ElementTree.SubElement(page, "title", id=f"{anchor}-title").text = title
    ElementTree.SubElement(page, "desc", id=f"{anchor}-text").text = description
    page.extend(kept for each in drawn if (kept := _kept(each)) is not None)
    return Markup(ElementTree.tostring(page, encoding="unicode", short_empty_elements=False))


def _kept(element: ElementTree.Element) -> ElementTree.Element | None:
    """Copy what draws something of an element; None where nothing does."""
    name = element.tag.rpartition("}")[2]
    if name not in _ELEMENTS or element.get("display") == "none" or element.get("opacity") == "0":
        return None
    copy = ElementTree.Element(name, _attributes(element))
    if name in ("text", "tspan"):
        copy.text = element.text
    copy.extend(kept for each in element if (kept := _kept(each)) is not None)
    if name == "g" and not copy.attrib and len(copy) == 1:
        return copy[0]
    empty = name == "g" and not len(copy)
    return None if empty or copy.get("d", "drawn") in ("", "M0,0h0v0h0Z") else copy


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    return {
        name: _LONG_DECIMAL.sub(r"\1", value)
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _NO_NEWS.get(name) != value and _PLAIN.fullmatch(value)
    }
