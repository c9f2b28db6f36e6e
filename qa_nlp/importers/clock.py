"""Times as people and machines write them, to seconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["CLOCK", "parse_clock", "parse_moment", "parse_seconds"]

CLOCK: Final = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d{1,6})?"
"""Pattern of ``mm:ss`` and ``hh:mm:ss``, perhaps with a fraction."""

_CLOCK: Final = re.compile(CLOCK)


def parse_clock(text: str) -> float | None:
    """Read a time on a clock.

    Parameters
    ----------
    text : str
        ``"00:12"``, ``"1:02:03.5"`` or ``"00:01:02,500"``.

    Returns
    -------
    float or None
        Seconds; None where it is no such time.

    Examples
    --------
    >>> parse_clock("1:02:03.5"), parse_clock("00:12"), parse_clock("noon")
    (3723.5, 12.0, None)
    """
    text = text.strip()
    if not (text.isascii() and _CLOCK.fullmatch(text)):
        return None
    *larger, seconds = text.replace(",", ".").split(":")
    minutes = 0
    for part in larger:
        minutes = minutes * 60 + int(part)
    # Whole milliseconds, so that 00:01:00.100 is 60.1 and not 60.1 plus a rounding error.
    return round(minutes * 60 + float(seconds), 6) if float(seconds) < 60 else None


def parse_seconds(text: str) -> float | None:
    """Read a number of seconds, or a time on a clock.

    Parameters
    ----------
    text : str
        ``"12.5"`` or ``"00:12.5"``.

    Returns
    -------
    float or None
        Seconds, perhaps negative; None where it is neither.
    """
    try:
        seconds = float(text)
    except ValueError:
        return parse_clock(text)
    return seconds if math.isfinite(seconds) else None


def parse_moment(text: str) -> datetime | None:
    """Read a date and time in ISO 8601.

    Parameters
    ----------
    text : str
        ``"2026-03-04T09:15:00Z"``; without zone it is taken as UTC.

    Returns
    -------
    datetime or None
        The moment; None where it is no such thing.
    """
    text = text.strip()
    if len(text) < len("2026-03-04T09:15"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
