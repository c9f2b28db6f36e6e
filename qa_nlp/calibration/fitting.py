"""Learn one criterion: strengths by cross-validation, then a model, and one for each fold.

First the rubric's weights as a whole are multiplied by the factor that fits best; then each may
move away from there. Below `FEW` graded transcripts the strength of the pull is fixed; above,
another strength, or no score of the text as a whole, is taken where left-out groups are predicted
clearly better with it. Every choice is made anew within the grades that a fold's model sees.

What needs scikit-learn or an optimiser is imported where it is used: they take a second or more to
load, and who scores with what was learnt needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.choice import clearly_best
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.calibration.text_score import TextFit, fit_texts, fit_turns

if TYPE_CHECKING:
    from qa_nlp.calibration.ordinal_regression import OrdinalRegression

__all__ = ["FEW", "FittedModel", "fit_model", "level_frequencies", "split_groups"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

FEW: Final = 40
"""Graded transcripts below which strengths are fixed."""

FIXED_STRENGTH: Final = 10.0
"""A prior standard deviation of a third of a logit around the rubric's weight times its factor."""

OTHER_STRENGTHS: Final = (1.0, 100.0)
SCALE_STRENGTH: Final = 4.0
"""Of the pull towards 1 on the factor of all the rubric's weights: a standard deviation of .5."""

TEXT_STRENGTH: Final = 1.0
ABSENT_STRENGTH: Final = 4.0
SHIFT_STRENGTH: Final = 0.05
GAP_STRENGTH: Final = 1.0

_LEAST_ABSENT: Final = 5
_INNER_FOLDS: Final = 4
_LEAST_CHANCE: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """A model, and how it came about.

    Parameters
    ----------
    model : CriterionModel
        The model.
    strength : float
        Of the pull towards the rubric's weights.
    transcripts, grades : int
        How many it learnt from.
    severities : mapping of int to float
        Of the known raters, in logits on the model's scale.
    """

    model: CriterionModel
    strength: float
    transcripts: int
    grades: int
    severities: Mapping[int, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Design:
    """Columns of a fit: named signals, what is absent, and the text."""

    x: Array
    center: Array
    strength: Array
    signs: Index


def fit_model(data: CriterionData, held_out: int | None = None) -> FittedModel:
    """Fit the model of a criterion.

    Parameters
    ----------
    data : CriterionData
        Its grades.
    held_out : int, optional
        Fold whose transcripts are not looked at.

    Returns
    -------
    FittedModel
        Ready to grade.
    """
    applicable = data.level >= 0
    if held_out is not None:
        applicable &= data.folds[data.item] != held_out
    item, level, rater = data.item[applicable], data.level[applicable], data.rater[applicable]
    items, row = np.unique(item, return_inverse=True)
    absent = _often_absent(data.positions[items])
    offset, severities = _severities(data, items, row, level, rater)
    text = _texts(data, items, row, level, offset)
    few = len(items) < FEW
    scales = {
        texts: _scale(data, items, row, level, offset, texts)
        for texts in dict.fromkeys(texts for _, texts in _options(text, few))
    }
    candidates = [
        (strength, texts, _design(data, items, absent, texts, strength, scales[texts]))
        for strength, texts in _options(text, few)
    ]
    best = 0
    if len(candidates) > 1:
        inner = split_groups(data.groups[items], _INNER_FOLDS)
        losses = [_losses(data, d, row, level, offset, inner) for _, _, d in candidates]
        best = clearly_best(losses, data.groups[items][row])
    strength, chosen, design = candidates[best]
    fitted = _regression(data, design).fit(design.x[row], level, offset=offset)
    model = _as_model(data, fitted, absent, chosen)
    return FittedModel(model, strength, len(items), len(level), severities)


def _options(texts: tuple[TextFit, ...], few: bool) -> Iterator[tuple[float, tuple[TextFit, ...]]]:
    """Give the strengths and text scores to choose from; the first is kept in doubt."""
    yield FIXED_STRENGTH, texts
    if not few:
        yield from ((strength, texts) for strength in OTHER_STRENGTHS)
        if texts:
            yield FIXED_STRENGTH, ()


def _often_absent(positions: Array) -> list[int]:
    """Choose the signals whose being absent can tell something."""
    missing = np.isnan(positions).sum(axis=0)
    least = np.minimum(missing, len(positions) - missing)
    return [int(column) for column in np.flatnonzero(least >= _LEAST_ABSENT)]


def _severities(
    data: CriterionData, items: Index, row: Index, level: Index, rater: Index
) -> tuple[Array, dict[int, float]]:
    from qa_nlp.calibration.rater_model import fit_severities

    known = np.unique(rater[rater >= 0])
    if len(known) < 2:
        return np.zeros(len(level)), dict.fromkeys(known.tolist(), 0.0)
    design = _design(data, items, [], (), FIXED_STRENGTH)
    rough = _regression(data, design).fit(design.x[row], level)
    code = np.where(rater >= 0, np.searchsorted(known, rater), -1)
    levels = len(data.criterion.levels)
    found = fit_severities(level, row, code, levels, rough.decision_function(design.x[row]))
    severity = np.append(found.marginal, 0.0)
    return -severity[code], dict(zip(known.tolist(), found.marginal.tolist(), strict=True))


def _texts(
    data: CriterionData, items: Index, row: Index, level: Index, offset: Array
) -> tuple[TextFit, ...]:
    """Fit the scores of the text, of the whole and of its turns."""
    if data.views is None:
        return ()
    values = np.array([one.value for one in data.criterion.levels])
    # levels for a logit, about: enough to take most of a rater's severity out of a mean
    step = float(np.ptp(values) / np.ptp(data.prior.cutpoints)) if len(values) > 2 else 0.0
    mean = np.bincount(row, values[level] - step * offset) / np.bincount(row)
    groups = data.groups[items]
    whole = fit_texts(data.views, items, groups, mean)
    if data.turns is None:
        return whole
    return whole + fit_turns(data.turns, data.views.summaries, items, np.unique(groups))


def _scale(
    data: CriterionData,
    items: Index,
    row: Index,
    level: Index,
    offset: Array,
    texts: tuple[TextFit, ...],
) -> float:
    """Give the factor by which the rubric's weights as a whole fit best."""
    from qa_nlp.calibration.ordinal_regression import OrdinalRegression

    weights = np.array([term.weight for term in data.prior.terms])
    whole = np.nan_to_num(data.positions[items]) @ weights
    x = np.column_stack([whole, *(text.left_out for text in texts)])
    zeros = [0.0] * len(texts)
    fitted = OrdinalRegression(
        [SCALE_STRENGTH, *(TEXT_STRENGTH for _ in texts)],
        prior_coef=[1.0, *zeros],
        prior_cutpoints=data.prior.cutpoints,
        shift_strength=SHIFT_STRENGTH,
        gap_strength=GAP_STRENGTH,
        signs=[1] * (1 + len(texts)),
    ).fit(x[row], level, offset=offset)
    return float(fitted.coef_[0])


def _design(
    data: CriterionData,
    items: Index,
    absent: list[int],
    texts: tuple[TextFit, ...],
    strength: float,
    scale: float = 1.0,
) -> _Design:
    positions = data.positions[items]
    weights = scale * np.array([term.weight for term in data.prior.terms])
    blocks = [np.nan_to_num(positions), np.isnan(positions[:, absent]).astype(np.float64)]
    center = [weights, np.zeros(len(absent))]
    pull = [np.full(len(weights), strength), np.full(len(absent), ABSENT_STRENGTH)]
    signs = [
        np.sign([term.weight for term in data.prior.terms]).astype(np.int64),
        np.zeros(len(absent), dtype=np.int64),
    ]
    for text in texts:
        blocks.append(text.left_out[:, None])
        center.append(np.zeros(1))
        pull.append(np.array([TEXT_STRENGTH]))
        signs.append(np.ones(1, dtype=np.int64))
    return _Design(
        np.hstack(blocks), np.concatenate(center), np.concatenate(pull), np.concatenate(signs)
    )


def _regression(data: CriterionData, design: _Design) -> OrdinalRegression:
    from qa_nlp.calibration.ordinal_regression import OrdinalRegression

    return OrdinalRegression(
        design.strength,
        prior_coef=design.center,
        prior_cutpoints=data.prior.cutpoints,
        shift_strength=SHIFT_STRENGTH,
        gap_strength=GAP_STRENGTH,
        signs=design.signs,
    )


def _losses(
    data: CriterionData, design: _Design, row: Index, level: Index, offset: Array, inner: Index
) -> Array:
    """Give the log loss of each grade, its group left out."""
    losses = np.zeros(len(level))
    for fold in range(int(inner.max()) + 1):
        held = inner[row] == fold
        if held.all() or not held.any():
            continue
        kept = ~held
        fit = _regression(data, design).fit(design.x[row[kept]], level[kept], offset=offset[kept])
        chances = fit.predict_proba(design.x[row[held]], offset[held])
        right = chances[np.arange(len(chances)), level[held]]
        losses[held] = -np.log(np.maximum(right, _LEAST_CHANCE))
    return losses


def _as_model(
    data: CriterionData, fitted: OrdinalRegression, absent: list[int], texts: tuple[TextFit, ...]
) -> CriterionModel:
    terms = tuple(
        replace(term, weight=float(weight))
        for term, weight in zip(data.prior.terms, fitted.coef_, strict=False)
    )
    rest = fitted.coef_[len(terms) :]
    return CriterionModel(
        terms,
        tuple(float(cut) for cut in fitted.cutpoints_),
        {terms[column].column: float(rest[place]) for place, column in enumerate(absent)},
        tuple(
            replace(text.term, weight=float(weight))
            for text, weight in zip(texts, rest[len(absent) :], strict=True)
        ),
    )


def level_frequencies(level: Index, levels: int) -> Array:
    """Give the share of each level among grades, none of them 0.

    Parameters
    ----------
    level : ndarray of int64, shape (n,)
        Positions.
    levels : int
        How many there are.

    Returns
    -------
    ndarray of float64, shape (levels,)
        Sums to 1; one grade is spread over all levels.
    """
    counts = np.bincount(level, minlength=levels) + 1.0 / levels
    return np.asarray(counts / counts.sum())


def split_groups(groups: Index, folds: int, seed: int = 0) -> Index:
    """Deal groups to folds of almost equal numbers of groups.

    Parameters
    ----------
    groups : ndarray of int64, shape (n,)
        Group of each row.
    folds : int
        How many; fewer where there are fewer groups.
    seed : int, default 0
        Of the order of the groups.

    Returns
    -------
    ndarray of int64, shape (n,)
        Fold of each row.
    """
    distinct, owner = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    fold = np.empty(len(distinct), dtype=np.int64)
    fold[order] = np.arange(len(distinct)) % max(1, min(folds, len(distinct)))
    return np.asarray(fold[owner])
