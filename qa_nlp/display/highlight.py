"""Cut a text into stretches so that spans which overlap can be marked side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Segment", "segments"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a text, and what marks it.

    Parameters
    ----------
    text : str
        The characters; never empty.
    marks : tuple of str
        Names of the spans that cover all of them, in the order in which the spans were given;
        empty where nothing is marked.
    """

    text: str
    marks: tuple[str, ...] = ()


def segments(text: str, spans: Iterable[tuple[int, int, str]]) -> tuple[Segment, ...]:
    """Cut a text wherever a span starts or ends.

    Parameters
    ----------
    text : str
        Any text.
    spans : iterable of (int, int, str)
        Start, end and name; they may overlap, nest and touch. What lies outside the text is cut
        off, and a span with nothing left marks nothing.

    Returns
    -------
    tuple of Segment
        Joined, they are the text. Neighbours differ in what marks them.

    Examples
    --------
    >>> for segment in segments("So sorry, Ann.", [(3, 8, "apology"), (0, 13, "warmth")]):
    ...     print(repr(segment.text), segment.marks)
    'So ' ('warmth',)
    'sorry' ('apology', 'warmth')
    ', Ann' ('warmth',)
    '.' ()
    """
    order: dict[str, int] = {}
    changes: dict[int, list[tuple[str, int]]] = {0: [], len(text): []}
    for start, end, name in spans:
        start, end = max(start, 0), min(end, len(text))
        if start < end:
            order.setdefault(name, len(order))
            changes.setdefault(start, []).append((name, 1))
            changes.setdefault(end, []).append((name, -1))
    cuts = sorted(changes)
    depth: dict[str, int] = {}
    found: list[Segment] = []
    for start, end in pairwise(cuts):
        for name, step in changes[start]:
            depth[name] = depth.get(name, 0) + step
        marks = tuple(
            sorted((name for name, count in depth.items() if count), key=order.__getitem__)
        )
        depth = {name: depth[name] for name in marks}
        if found and found[-1].marks == marks:
            found[-1] = Segment(found[-1].text + text[start:end], marks)
        else:
            found.append(Segment(text[start:end], marks))
    return tuple(found)
