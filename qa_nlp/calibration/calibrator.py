"""What was learnt from human grades: for each criterion a model, its twins of every fold, and sets.

Graded transcripts are dealt to folds by group. The model of a fold saw no grade of its groups: what
it says of them is what figures about agreement, coverage or a mean may use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.applicability import Applicability
from qa_nlp.calibration.conformal import LEAST_GROUPS, LevelSets, conformity
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.fitting import FittedModel, fit_model, level_frequencies
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.signals.summary import Summarised, Summary

__all__ = ["LEAST_GRADED", "Calibrator", "LearntCriterion", "fold_count", "learn_criterion"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LEAST_GRADED: Final = LEAST_GROUPS
"""Graded conversations below which a criterion keeps the rubric's own model."""

_FOLDS: Final = ((300, 5), (0, 10))
"""Folds by number of graded groups: many small ones where grades are few."""

_LENGTH_ROOM: Final = 3.0
"""How many times shorter or longer than all graded transcripts is unlike them."""


def fold_count(groups: int) -> int:
    """Choose the number of folds.

    Parameters
    ----------
    groups : int
        Graded groups.

    Returns
    -------
    int
        5 from 300 groups, else 10.
    """
    return next(folds for least, folds in _FOLDS if groups >= least)


@dataclass(frozen=True, slots=True, eq=False)
class LearntCriterion:
    """What was learnt of one criterion.

    Parameters
    ----------
    model : CriterionModel
        Learnt from all grades.
    folds : tuple of CriterionModel
        Each learnt without the grades of its fold.
    sets : LevelSets
        For sets of levels.
    applicability : Applicability
        Whether the criterion applies.
    fold_applicability : tuple of Applicability
        Each learnt without the grades of its fold.
    strength : float
        Of the pull towards the rubric's weights.
    transcripts, grades, not_applicable : int
        How many transcripts and grades it learnt from, and how many grades were N/A.
    severities : mapping of str to float
        Logits of the known raters.
    """

    model: CriterionModel
    folds: tuple[CriterionModel, ...]
    sets: LevelSets
    applicability: Applicability
    fold_applicability: tuple[Applicability, ...]
    strength: float
    transcripts: int
    grades: int
    not_applicable: int
    severities: Mapping[str, float]

    def level_set(
        self,
        values: Mapping[str, float],
        summary: Summary | None,
        level: int,
        without: int | None = None,
    ) -> tuple[int, int]:
        """Give the first and the last level of a transcript's set.

        Parameters
        ----------
        values : mapping of str to float
            Measured columns.
        summary : Summary, optional
            Of its text.
        level : int
            The level it was given.
        without : int, optional
            The fold that holds the transcript.

        Returns
        -------
        tuple of int
            Positions of levels.
        """

        def chances(model: CriterionModel) -> Array:
            return model.probabilities(sum(model.contributions(values, summary).values()))

        if without is None:
            unseen = [chances(model) for model in self.folds]
        else:  # the model of that fold alone is asked
            unseen = [chances(self.folds[without])] * len(self.folds)
        return self.sets.members(unseen, level, without=without)


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """What was learnt for a rubric.

    Parameters
    ----------
    criteria : mapping of str to LearntCriterion
        By criterion; the others keep the rubric's own model.
    fold_of : mapping of str to int
        Fold of each graded group.
    languages, channels : frozenset of str
        Of the graded transcripts; others are unlike them.
    words : tuple of int
        Least and greatest number of words of a graded transcript.
    total_error : float, optional
        How far a person's total lies from the machine's in 9 of 10 conversations.
    """

    criteria: Mapping[str, LearntCriterion]
    fold_of: Mapping[str, int]
    languages: frozenset[str]
    channels: frozenset[str]
    words: tuple[int, int]
    total_error: float | None = None

    @property
    def summarised(self) -> Summarised:
        """How the text must be summarised: not at all, at its end, or after each turn too."""
        terms = [
            term
            for learnt in self.criteria.values()
            for model in (learnt.model, *learnt.folds)
            for term in model.text
        ]
        if any(term.turns_of is not None for term in terms):
            return "turns"
        return "end" if terms else "no"

    def unlike(self, language: str | None, channel: str | None, words: int) -> str | None:
        """Say in what a transcript is unlike all graded ones.

        Parameters
        ----------
        language, channel : str, optional
            Of the transcript.
        words : int
            Its number of words.

        Returns
        -------
        str or None
            The reason, or None where it is not unlike them.
        """
        least, most = self.words
        if language is not None and self.languages and language not in self.languages:
            return f"no graded conversation was in this language ({language})"
        if channel is not None and self.channels and channel not in self.channels:
            return f"no graded conversation was on this channel ({channel})"
        if not least / _LENGTH_ROOM <= words <= most * _LENGTH_ROOM:
            return f"its {words:,} words are far from the {least:,} to {most:,} of graded ones"
        return None


def learn_criterion(
    data: CriterionData,
    raters: Sequence[str],
    folds: int,
    progress: Callable[[], None] = lambda: None,
) -> LearntCriterion:
    """Learn one criterion, once from all grades and once for each fold.

    Parameters
    ----------
    data : CriterionData
        Its grades.
    raters : sequence of str
        Names of the known raters.
    folds : int
        How many the calibration has; some may hold no transcript of this criterion.
    progress : callable, optional
        Called after each fit.

    Returns
    -------
    LearntCriterion
        Ready to grade.
    """
    fits: list[FittedModel] = []
    for held_out in (None, *range(folds)):
        fits.append(fit_model(data, held_out))
        progress()
    full, *parts = fits
    models = tuple(part.model for part in parts)
    outside = int((data.level < 0).sum())
    return LearntCriterion(
        full.model,
        models,
        _level_sets(data, models),
        Applicability.fit(data),
        tuple(Applicability.fit(data, fold) for fold in range(folds)),
        full.strength,
        full.transcripts,
        full.grades,
        outside,
        {raters[number]: value for number, value in full.severities.items()},
    )


def _level_sets(data: CriterionData, models: Sequence[CriterionModel]) -> LevelSets:
    drawn = data.level[data.drawn]
    size = np.bincount(data.groups[drawn >= 0], minlength=int(data.groups.max()) + 1)
    scores, weights, frequencies = [], [], []
    for fold, model in enumerate(models):
        seen = (data.folds[data.item] != fold) & (data.level >= 0)
        frequency = level_frequencies(data.level[seen], len(model.cutpoints) + 1)
        rows = np.flatnonzero((data.folds == fold) & (drawn >= 0))
        fit = conformity(data.chances(model, rows), frequency)
        scores.append(fit[np.arange(len(rows)), drawn[rows]])
        weights.append(1.0 / size[data.groups[rows]])
        frequencies.append(frequency)
    return LevelSets(tuple(scores), tuple(weights), tuple(frequencies))
