"""Which scorecards count, and what they are grouped by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.scorecard import Scorecard

__all__ = ["group_values", "usable_cards"]

_FIELDS: Final = ("channel", "language")
_PERIODS: Final = {"month": "%Y-%m", "week": "%G-W%V", "day": "%Y-%m-%d"}


def usable_cards(cards: Iterable[Scorecard]) -> list[Scorecard]:
    """Leave out the cards with an error.

    Parameters
    ----------
    cards : iterable of Scorecard
        The cards.

    Returns
    -------
    list of Scorecard
        In the same order.

    Raises
    ------
    GradesError
        When two of them are of one transcript.
    """
    usable: dict[str, Scorecard] = {}
    for card in cards:
        if card.error is None:
            if card.transcript_id in usable:
                raise GradesError(f"two scorecards of transcript {card.transcript_id!r}; keep one")
            usable[card.transcript_id] = card
    return list(usable.values())


def group_values(cards: Sequence[Scorecard], by: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Give for each card what it is grouped by.

    Parameters
    ----------
    cards : sequence of Scorecard
        The cards.
    by : sequence of str
        Metadata keys, "language", "channel", or "month", "week" (ISO 8601) or "day" of the start.

    Returns
    -------
    list of tuple of (str or None)
        One value for each of `by`, as text; None where the card has none.

    Raises
    ------
    GradesError
        When no card has a key, or a start is no ISO 8601 time.

    Examples
    --------
    >>> card = Scorecard("c1", "c1", "demo", "1", started_at="2024-12-30T09:00:00Z", channel="chat")
    >>> group_values([card], ["week", "channel"])
    [('2025-W01', 'chat')]
    """
    known = {*_FIELDS, *_PERIODS, *(str(key) for card in cards for key in card.metadata)}
    for key in by:
        if key not in known:
            raise GradesError(f"no scorecard has {key!r} in its metadata{did_you_mean(key, known)}")
    return [tuple(_value(card, key) for key in by) for card in cards]


def _value(card: Scorecard, key: str) -> str | None:
    if key in card.metadata or key in _FIELDS:
        value = card.metadata[key] if key in card.metadata else getattr(card, key)
        return None if value is None else f"{value}"
    if key not in _PERIODS or card.started_at is None:
        return None
    try:
        return f"{datetime.fromisoformat(card.started_at):{_PERIODS[key]}}"
    except ValueError:
        raise GradesError(
            f"transcript {card.transcript_id!r}: its start {card.started_at!r} is no ISO 8601 "
            f"time, so it has no {key}; correct it or group by something else"
        ) from None
