"""Machine and human grades of the same conversations, side by side, with what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.scorecard import Grade, Scorecard

__all__ = ["ABSTAINED", "MISSING", "NOT_APPLICABLE", "Answers", "Exclusion", "Joined"]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

NOT_APPLICABLE: Final = -1
"""In place of a level: the criterion does not apply."""

ABSTAINED: Final = -2
"""In place of the machine's level: it left the grade to a person."""

MISSING: Final = -3
"""In place of a level: there is no grade."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What was left out of a study, and why.

    Parameters
    ----------
    what : {"grades", "scorecards", "answers"}
        Human grades, scorecards, or the machine's answers to single criteria.
    reason : str
        In words.
    count : int
        How many.
    examples : tuple of str
        Some of them: ids or places in files, never words of a transcript.
    """

    what: str
    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Machine and human answers to one criterion, for the transcripts that have both.

    Parameters
    ----------
    criterion : str
        Its id.
    levels : tuple of str
        Ids, worst first.
    values : ndarray of float64, shape (k,)
        Values of the levels.
    critical : bool
        Whether the lowest level fails the card.
    items : ndarray of int64, shape (n,)
        Place of each transcript in `Joined.cards`.
    machine : ndarray of int64, shape (n,)
        Position of the level; below 0 see `NOT_APPLICABLE` and `ABSTAINED`.
    likely : ndarray of int64, shape (n,)
        The same, but the median level where the machine abstained with chances.
    expected : ndarray of float64, shape (n,)
        Expected value of the level; NaN where not applicable or unknown.
    chances : ndarray of float64, shape (n, k)
        P(level); NaN where there are none.
    human : ndarray of int64, shape (n, r)
        Position of each human grade, in no order of raters; `NOT_APPLICABLE` or `MISSING`.
    rater : ndarray of int64, shape (n, r)
        Place of the rater in `Joined.raters`; -1 for unknown people and where there is no grade.
    """

    criterion: str
    levels: tuple[str, ...]
    values: Array
    critical: bool
    items: Index
    machine: Index
    likely: Index
    expected: Array
    chances: Array
    human: Index
    rater: Index

    @property
    def number(self) -> Array:
        """The machine's expected value, or the value of its level; NaN where it gave none."""
        value = np.where(self.machine >= 0, self.values[self.machine], np.nan)
        return np.where((self.machine >= 0) & np.isfinite(self.expected), self.expected, value)

    @property
    def human_numbers(self) -> Array:
        """People's grades as values, of shape (n, r); NaN where there is none."""
        return np.where(self.human >= 0, self.values[np.maximum(self.human, 0)], np.nan)

    @property
    def double_graded(self) -> Index:
        """Rows with the levels of two or more people."""
        return np.flatnonzero((self.human >= 0).sum(axis=1) > 1)


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """All that a study reads.

    Parameters
    ----------
    cards : tuple of Scorecard
        The scorecards without error, in order.
    grades : tuple of mapping of str to Grade
        Of each card, the machine's grades that count: out of fold where it has learnt from it.
    answers : tuple of Answers
        One for each criterion that people graded, in the order of the cards.
    raters : tuple of str
        Known raters.
    exclusions : tuple of Exclusion
        What was left out.
    used : int
        Human grades that count.
    unknown_raters : bool
        Whether some of these are by unknown people.
    """

    cards: tuple[Scorecard, ...]
    grades: tuple[Mapping[str, Grade], ...]
    answers: tuple[Answers, ...]
    raters: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    used: int
    unknown_raters: bool

    @property
    def graded(self) -> Index:
        """Places of the cards with at least one human grade."""
        return np.unique(np.concatenate([answers.items for answers in self.answers]))
