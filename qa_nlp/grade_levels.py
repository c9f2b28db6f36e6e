"""Levels and texts as grade files write them, and how messages show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from qa_nlp.errors import did_you_mean
from qa_nlp.rubric import NOT_LEVELS, Criterion

__all__ = [
    "LONGEST_SHOWN",
    "NOT_APPLICABLE",
    "level_place",
    "level_position",
    "level_scale",
    "level_text",
    "shown_text",
    "unknown_level",
]

NOT_APPLICABLE: Final = "N/A"
"""The level of a criterion that did not apply."""

LONGEST_SHOWN: Final = 40
"""Characters of a cell that messages show; a longer one may be what somebody said."""

_WHOLE: Final = re.compile(r"([+-]?\d+)\.0+")


def level_text(text: str) -> str:
    """Give the text of a level in its one form.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    str
        Stripped, ``"N/A"`` for every spelling of it, and a whole number without decimals.

    Examples
    --------
    >>> level_text(" 4.0"), level_text("n.a.")
    ('4', 'N/A')
    """
    text = text.strip()
    return NOT_APPLICABLE if text.casefold() in NOT_LEVELS else _shortest(text)


def _shortest(text: str) -> str:
    number = _WHOLE.fullmatch(text)
    return number[1] if number else text


def level_scale(criterion: Criterion) -> dict[str, float]:
    """Give the levels of a criterion.

    Parameters
    ----------
    criterion : Criterion
        The criterion.

    Returns
    -------
    dict of str to float
        Ids to values, worst first.
    """
    return {level.id: level.value for level in criterion.levels}


def level_position(criterion: Criterion, text: str) -> int | None:
    """Find a level as grade files write it: by its id or its value, never by its position.

    Parameters
    ----------
    criterion : Criterion
        The criterion.
    text : str
        An id, a value, or ``"N/A"``.

    Returns
    -------
    int or None
        Position in ``criterion.levels``, 0 = worst; -1 for N/A; None where there is no such level.
    """
    return level_place(level_scale(criterion), text)


def level_place(scale: Mapping[str, float], text: str) -> int | None:
    """Find a level by its id or its value among names and values.

    Parameters
    ----------
    scale : mapping of str to float
        Ids of the levels to their values, in order.
    text : str
        An id, a value, or ``"N/A"``.

    Returns
    -------
    int or None
        Position in `scale`; -1 for N/A; None where there is no such level.

    Examples
    --------
    >>> scale = {"poor": 1.0, "good": 5.0}
    >>> level_place(scale, "good"), level_place(scale, "1")
    (1, 0)
    """
    if text == NOT_APPLICABLE:
        return -1
    ids = list(scale)
    if text in ids:
        return ids.index(text)
    same = [at for at, name in enumerate(ids) if _shortest(name) == text]
    if len(same) == 1:  # a level may be called 4.0, and 4.0 is read as 4
        return same[0]
    try:
        number = float(text)
    except ValueError:
        return None
    values = list(scale.values())
    return values.index(number) if number in values else None


def unknown_level(criterion_id: str, scale: Mapping[str, float], text: str) -> str:
    """Say in words that a criterion has no such level, and which it has.

    Parameters
    ----------
    criterion_id : str
        Id of the criterion.
    scale : mapping of str to float
        Ids of its levels to their values, in order.
    text : str
        What was written.

    Returns
    -------
    str
        One sentence, with near matches.
    """
    values = ", ".join(f"{value:g}" for value in scale.values())
    by_value = "" if values == ", ".join(scale) else f" (values: {values})"
    return (
        f"criterion {criterion_id!r} has no level {shown_text(text)}{did_you_mean(text, scale)}"
        f"{by_value}; write a level's id, its value or {NOT_APPLICABLE}"
    )


def shown_text(text: str) -> str:
    """Give a cell for a message; a long one is not shown.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    str
        The text in quotes, or how long it is.

    Examples
    --------
    >>> shown_text("good"), shown_text("x" * 50)
    ("'good'", '(a text of 50 characters)')
    """
    return repr(text) if len(text) <= LONGEST_SHOWN else f"(a text of {len(text):,} characters)"
