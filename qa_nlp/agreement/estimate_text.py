"""Estimates as sentences show them."""

from __future__ import annotations

from typing import Final

from qa_nlp.agreement.estimates import Estimate

__all__ = ["estimate_text"]

_FEWEST: Final = 2
_MOST: Final = 4  # as results are rounded


def estimate_text(
    estimate: Estimate, *lines: float, signed: bool = False, share: bool = False
) -> str:
    """Give a figure with its interval.

    Parameters
    ----------
    estimate : Estimate
        With a value.
    *lines : float
        Thresholds; numbers off them get the decimals that show on which side they are.
    signed : bool, default False
        Whether numbers above 0 have a plus.
    share : bool, default False
        Whether to write per cent.

    Returns
    -------
    str
        Value, and in brackets the interval or why there is none.

    Examples
    --------
    >>> estimate_text(Estimate(0.71, 0.62, 0.79), 0.70)
    '0.71 (0.62 to 0.79)'
    >>> estimate_text(Estimate(0.6996, 0.58, 0.8), 0.70)
    '0.6996 (0.5800 to 0.8000)'
    >>> estimate_text(Estimate(0.46, reason="no interval from 4 groups"), 0.5, share=True)
    '46 % (no interval from 4 groups)'
    """
    numbers = [one for one in (estimate.value, estimate.low, estimate.high) if one is not None]
    places = next(
        (
            places
            for places in range(_FEWEST, _MOST)
            if all(
                one == line or round(one, places) != round(line, places)
                for one in numbers
                for line in lines
            )
        ),
        _MOST,
    )
    value, *ends = (_number(one, places, signed, share) for one in numbers)
    notes = [" to ".join(ends), estimate.reason, estimate.warning]
    inside = "; ".join(note for note in notes if note)
    return f"{value} ({inside})" if inside else value


def _number(value: float, places: int, signed: bool, share: bool) -> str:
    if share:
        return f"{100 * value:.{places - 2}f} %"
    text = f"{value:+.{places}f}"
    if text.strip("+-0.") == "" or (text[0] == "+" and not signed):
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")
