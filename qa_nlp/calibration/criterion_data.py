"""The grades and signals of one criterion, lined up for fitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.model import CriterionModel
from qa_nlp.calibration.ordinal import level_probabilities
from qa_nlp.calibration.text_score import TextViews, TurnGrades
from qa_nlp.grades import CriterionGrades
from qa_nlp.rubric import Criterion

__all__ = ["CriterionData", "line_up"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_SEED: Final = 20251
"""Of the draw of one grade of each transcript."""


@dataclass(frozen=True, slots=True, eq=False)
class CriterionData:
    """What there is to learn one criterion from.

    Parameters
    ----------
    criterion : Criterion
        The question.
    prior : CriterionModel
        The rubric's own model.
    rows : ndarray of int64, shape (transcripts,)
        Where each stands among all graded transcripts.
    positions : ndarray of float64, shape (transcripts, signals)
        Place of each signal on its fixed scale, -1 to 1; NaN = not measured.
    rule : ndarray of bool, shape (transcripts,)
        Whether the rubric's rule says that the criterion does not apply.
    groups, folds : ndarray of int64, shape (transcripts,)
        Group of each transcript, and the part of the calibration that holds it out.
    item, rater, level : ndarray of int64, shape (grades,)
        Row of the transcript, number of the rater (-1: unknown) and position of the level
        (-1: N/A) of each grade; each rater's grade of a transcript once.
    drawn : ndarray of int64, shape (transcripts,)
        Which of its grades was drawn for conformal sets.
    views : TextViews, optional
        Of the transcripts' text.
    turns : TurnGrades, optional
        Grades of the same criterion on conversations up to a turn.
    """

    criterion: Criterion
    prior: CriterionModel
    rows: Index
    positions: Array
    rule: NDArray[np.bool_]
    groups: Index
    folds: Index
    item: Index
    rater: Index
    level: Index
    drawn: Index
    views: TextViews | None = None
    turns: TurnGrades | None = None

    @property
    def graded_groups(self) -> Index:
        """Groups with a grade other than N/A, increasing."""
        return np.unique(self.groups[self.item[self.level >= 0]])

    def chances(self, model: CriterionModel, rows: Index) -> Array:
        """Give the probability of each level of some transcripts.

        Parameters
        ----------
        model : CriterionModel
            Of this criterion.
        rows : ndarray of int64, shape (n,)
            Which transcripts.

        Returns
        -------
        ndarray of float64, shape (n, levels)
            Worst level first.
        """
        places = self.positions[rows]
        logits = np.nan_to_num(places) @ np.array([term.weight for term in model.terms])
        absent = [model.absent.get(term.column, 0.0) for term in model.terms]
        logits += np.isnan(places) @ np.array(absent)
        if self.views is not None:
            told = [self.views.summaries[row] for row in rows]
            for term in model.text:
                logits += [term.contribution(one) for one in told]
        return level_probabilities(logits, np.array(model.cutpoints))


def line_up(
    grades: CriterionGrades,
    prior: CriterionModel,
    rows: Mapping[str, int],
    values: Mapping[str, Array],
    rule: NDArray[np.bool_],
    groups: Index,
    folds: Index,
    raters: Sequence[str],
) -> CriterionData:
    """Line up grades with what was measured.

    Parameters
    ----------
    grades : CriterionGrades
        Of one criterion; those of transcripts without a row are left out.
    prior : CriterionModel
        The rubric's own model.
    rows : mapping of str to int
        Row of each transcript id.
    values : mapping of str to ndarray, each shape (transcripts,)
        Signals by column.
    rule : ndarray of bool, shape (transcripts,)
        Whether the rubric's rule says that the criterion does not apply.
    groups, folds : ndarray of int64, shape (transcripts,)
        Of each transcript.
    raters : sequence of str
        Known raters, in a fixed order.

    Returns
    -------
    CriterionData
        Of the graded transcripts; rows and grades in a fixed order, whatever that of the grades.
    """
    number = {rater: position for position, rater in enumerate(raters)}
    found = sorted(
        {
            (rows[identifier], -1 if rater is None else number[rater], int(level), copy)
            for identifier, rater, level, copy in _copies(grades)
            if identifier in rows
        }
    )
    table = np.array(found, dtype=np.int64).reshape(-1, 4)
    kept, item = np.unique(table[:, 0], return_inverse=True)
    positions = np.full((len(kept), len(prior.terms)), np.nan)
    for column, term in enumerate(prior.terms):
        place = (values[term.column][kept] - term.threshold) / term.scale
        positions[:, column] = np.clip(place, -1.0, 1.0)
    random = np.random.default_rng(_SEED)
    share = random.random(len(kept))
    counts = np.bincount(item, minlength=len(kept))
    starts = np.cumsum(counts) - counts
    return CriterionData(
        grades.criterion,
        prior,
        kept,
        positions,
        rule[kept],
        groups[kept],
        folds[kept],
        item.astype(np.int64),
        table[:, 1],
        table[:, 2],
        starts + np.floor(share * counts).astype(np.int64),
    )


def _copies(grades: CriterionGrades) -> list[tuple[str, str | None, int, int]]:
    """Keep what unknown people gave, who may agree; a known rater's repeated grade is one."""
    seen: dict[tuple[str, int], int] = {}
    rows = []
    for identifier, rater, level in zip(
        grades.transcript_ids, grades.raters, grades.levels.tolist(), strict=True
    ):
        copy = 0
        if rater is None:
            copy = seen[identifier, level] = seen.get((identifier, level), -1) + 1
        rows.append((identifier, rater, level, copy))
    return rows
