"""What conversations are grouped by, and resampled by, in a study."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from qa_nlp.card_groups import group_values
from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.scorecard import Scorecard

__all__ = ["LENGTH", "clusters_of", "groups_of", "periods_of"]

LENGTH: Final = "length"
"""Groups by number of words: the shortest, middle and longest third."""

_GROUP_ID: Final = "group_id"


def groups_of(cards: Sequence[Scorecard], by: Sequence[str]) -> dict[str, list[str | None]]:
    """Give the group of each card.

    Parameters
    ----------
    cards : sequence of Scorecard
        The cards.
    by : sequence of str
        As `group_values` takes them, and `LENGTH`.

    Returns
    -------
    dict of str to list of (str or None)
        By what is grouped by; None where a card has no group.

    Raises
    ------
    GradesError
        When no card has a key, or `LENGTH` is asked for and no card states its words.
    """
    found: dict[str, list[str | None]] = {}
    for key in dict.fromkeys(by):
        if key == LENGTH:
            found[key] = _by_length(cards)
        else:
            found[key] = [value for (value,) in group_values(cards, [key])]
    return found


def _by_length(cards: Sequence[Scorecard]) -> list[str | None]:
    words = np.array([card.word_count for card in cards])
    if not words.any():
        raise GradesError("no scorecard states its number of words; group by something else")
    low, high = (int(cut) for cut in np.quantile(words[words > 0], (1 / 3, 2 / 3)))
    names = (f"up to {low:,} words", f"{low + 1:,} to {high:,} words", f"above {high:,} words")
    return [None if n == 0 else names[int(n > low) + int(n > high)] for n in words]


def periods_of(cards: Sequence[Scorecard]) -> list[str | None]:
    """Give the month in which each conversation began.

    Parameters
    ----------
    cards : sequence of Scorecard
        The cards.

    Returns
    -------
    list of (str or None)
        As year and month; None where the start is unknown, or no ISO 8601 time.
    """
    return [_month(card.started_at) for card in cards]


def _month(started_at: str | None) -> str | None:
    try:
        return None if started_at is None else f"{datetime.fromisoformat(started_at):%Y-%m}"
    except ValueError:  # nobody asked for months: only the drift is then unknown
        return None


def clusters_of(
    cards: Sequence[Scorecard], places: Iterable[int], cluster: str
) -> dict[int, Hashable]:
    """Give what each graded card is resampled with.

    Parameters
    ----------
    cards : sequence of Scorecard
        The cards.
    places : iterable of int
        Those with human grades.
    cluster : str
        ``"group_id"``, or a metadata key.

    Returns
    -------
    dict of int to hashable
        By place; the group id also where a card lacks the key.

    Raises
    ------
    GradesError
        When none of the cards has the key.
    """
    graded = {place: cards[place] for place in places}
    if cluster == _GROUP_ID:
        return {place: card.group_id for place, card in graded.items()}
    values = {place: card.metadata.get(cluster) for place, card in graded.items()}
    if all(value is None for value in values.values()):
        known = {_GROUP_ID, *(str(key) for card in graded.values() for key in card.metadata)}
        near = did_you_mean(str(cluster), known)
        raise GradesError(f"no graded scorecard has {cluster!r} to resample by{near}")
    return {
        place: (_GROUP_ID, graded[place].group_id) if value is None else (cluster, str(value))
        for place, value in values.items()
    }
