"""How words and figures of an agreement study read.

Figures come as the dictionaries that `qa_nlp.agreement.estimates.Estimate.to_dict` makes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from qa_nlp.display.formats import clean, percent, signed, spoken

__all__ = [
    "UNDEFINED",
    "Figure",
    "Kind",
    "figure_note",
    "figure_words",
    "finite",
    "number_words",
    "span",
    "told",
    "told_id",
]

Figure: TypeAlias = Mapping[str, Any] | float | None
"""An estimate as a dictionary, a bare number, or nothing."""

Kind: TypeAlias = Literal["plain", "points", "share", "signed"]
"""How a number reads: two decimals, percentage points, per cent, or two decimals with a sign."""

UNDEFINED: Final = "undefined"
"""What a figure without a value says."""

_NO_REASON: Final = "no reason is on record"
_NOT_MEASURED: Final = "it was not measured"
_NOT_TEXT: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


def told(value: object) -> str:
    r"""Give any text of a study as it may be shown.

    Parameters
    ----------
    value : object
        None gives an empty text.

    Returns
    -------
    str
        Without characters that HTML cannot hold.

    Examples
    --------
    >>> told("team\x00 7") == "team\N{REPLACEMENT CHARACTER} 7"
    True
    """
    return "" if value is None else _NOT_TEXT.sub("\ufffd", clean(str(value)))


def told_id(value: object) -> str:
    """Give an identifier of a criterion, section or level as words.

    Parameters
    ----------
    value : object
        The identifier.

    Returns
    -------
    str
        Its words.

    Examples
    --------
    >>> told_id("needs_work")
    'Needs work'
    """
    return spoken(told(value))


def number_words(value: float, kind: Kind = "plain") -> str:
    r"""Give a number as people read it.

    Parameters
    ----------
    value : float
        A finite number.
    kind : {"plain", "points", "share", "signed"}, default "plain"
        How it reads.

    Returns
    -------
    str
        A minus is a real one.

    Examples
    --------
    >>> number_words(0.714), number_words(0.714, "share"), number_words(0.714, "signed")
    ('0.71', '71 %', '+0.71')
    >>> number_words(-0.071, "points") == "\N{MINUS SIGN}7"
    True
    """
    if kind == "share":
        return percent(value + 0.0)  # a minus that stands before nothing is lost
    if kind == "points":
        text = f"{100 * value:+.0f}".replace("-", "\N{MINUS SIGN}")
        return "0" if text[1:] == "0" else text
    return signed(value) if kind == "signed" else signed(value).removeprefix("+")


def figure_words(found: Figure, kind: Kind = "plain", *, reason: bool = True) -> str:
    """Give a figure with its interval in one line.

    Parameters
    ----------
    found : dict, float or None
        The figure.
    kind : {"plain", "points", "share", "signed"}, default "plain"
        How its numbers read.
    reason : bool, default True
        Whether an undefined figure says why.

    Returns
    -------
    str
        The figure, or that it is undefined.

    Examples
    --------
    >>> figure_words({"value": 0.714, "low": 0.62, "high": 0.79, "reason": None})
    '0.71 (0.62 to 0.79)'
    >>> figure_words({"value": None, "low": None, "high": None, "reason": "one level only"})
    'undefined (one level only)'
    """
    value = finite(found.get("value") if isinstance(found, Mapping) else found)
    if value is None:
        return f"{UNDEFINED} ({figure_note(found)})" if reason else UNDEFINED
    text = number_words(value, kind)
    if (ends := span(found)) is not None:
        low, high = (number_words(end, kind).removesuffix(" %") for end in ends)
        text += f" ({low} to {high})"
    return text


def figure_note(found: Figure) -> str:
    """Say what a figure lacks, or what makes it doubtful.

    Parameters
    ----------
    found : dict, float or None
        The figure.

    Returns
    -------
    str
        Empty where there is nothing to say.

    Examples
    --------
    >>> figure_note(None), figure_note(0.5)
    ('it was not measured', '')
    """
    if not isinstance(found, Mapping):
        return _NOT_MEASURED if finite(found) is None else ""
    note = "; ".join(told(found.get(part)) for part in ("reason", "warning") if found.get(part))
    return note or (_NO_REASON if finite(found.get("value")) is None else "")


def span(found: Figure) -> tuple[float, float] | None:
    """Give the ends of a figure's interval.

    Parameters
    ----------
    found : dict, float or None
        The figure.

    Returns
    -------
    tuple of float, or None
        Low and high, where both exist.
    """
    if not isinstance(found, Mapping):
        return None
    low, high = finite(found.get("low")), finite(found.get("high"))
    return None if low is None or high is None else (low, high)


def finite(value: object) -> float | None:
    """Give a value where it is a number that can be shown, else None."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None
