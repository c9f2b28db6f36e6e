"""Ways to learn a grade from graded conversations: the library's, and simple baselines.

Each learns from some conversations as if no other had been graded, and grades others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.calibration_figures import BAD
from benchmarks.parts.calibration_kept import once
from benchmarks.parts.calibration_sets import GradedSet, take
from qa_nlp.calibration.fitting import fit_model
from qa_nlp.calibration.grading import middle_level
from qa_nlp.calibration.group_ridge import GroupRidge, RidgeBasis
from qa_nlp.signals.summary import VIEWS

__all__ = [
    "BASELINES",
    "METHODS",
    "OWN",
    "PLAIN_RIDGE",
    "RIDGE",
    "Told",
    "every_out_of_fold",
    "levels_of_chances",
    "mean_grades",
    "out_of_fold",
    "own_out_of_fold",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

OWN: Final = "qa_nlp"
RIDGE: Final = "ridge on chosen vectors"
"""Frozen sentence vectors of the stretches of the conversation that suit best."""
PLAIN_RIDGE: Final = "ridge on mean vectors"
"""Frozen sentence vectors, the mean of the customer's and that of the agent's."""
FROZEN_WIDTH: Final = 384
"""Columns of a summary's block that are the mean of the frozen sentence vectors."""

_LEAST_LEAF: Final = 5
_WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a method says of conversations.

    Parameters
    ----------
    expected : ndarray of float64, shape (n,)
        Expected grade, on the values of the levels.
    level : ndarray of int64, shape (n,)
        Position of the level it gives.
    bad : ndarray of float64, shape (n,)
        Higher = rather a bad grade: its probability, or else the expected grade with a minus.
    chances : ndarray of float64, shape (n, levels), optional
        Probability of each level, where the method has one.
    """

    expected: Array
    level: Index
    bad: Array
    chances: Array | None = None


Method = Callable[[GradedSet, Index, Index], Told]


def levels_of_chances(chances: Array, values: Array) -> Told:
    """Read grades off probabilities as the library does.

    Parameters
    ----------
    chances : ndarray, shape (n, levels)
        Probability of each level.
    values : ndarray, shape (levels,)
        Of the levels.

    Returns
    -------
    Told
        The middle level, the expected value and the chance of a bad one.
    """
    level = np.array([middle_level(row) for row in chances], dtype=np.int64)
    return Told(chances @ values, level, chances[:, values <= BAD].sum(axis=1), chances)


def _of_expected(expected: Array, values: Array) -> Told:
    nearest = np.abs(expected[:, None] - values[None, :]).argmin(axis=1)
    return Told(expected, nearest, -expected)


def mean_grades(graded: GradedSet, rows: Index) -> Array:
    """Give the mean grade of some conversations.

    Parameters
    ----------
    graded : GradedSet
        With the grades.
    rows : ndarray of int64, shape (n,)
        Which.

    Returns
    -------
    ndarray of float64, shape (n,)
        On the values of the levels.
    """
    data = graded.data
    total = np.bincount(data.item, graded.values[data.level], len(data.rows))
    return np.asarray((total / np.bincount(data.item, minlength=len(data.rows)))[rows])


def _own(graded: GradedSet, learn: Index, judge: Index) -> Told:
    model = fit_model(take(graded.data, learn)).model
    return levels_of_chances(graded.data.chances(model, judge), graded.values)


def _rubric(graded: GradedSet, _: Index, judge: Index) -> Told:
    return levels_of_chances(graded.data.chances(graded.data.prior, judge), graded.values)


def _ridge(graded: GradedSet, learn: Index, judge: Index) -> Told:
    """Fit the stretches of the conversation that predict left-out groups best."""
    return _ridge_on(graded, learn, judge, tuple(VIEWS))


def _plain_ridge(graded: GradedSet, learn: Index, judge: Index) -> Told:
    return _ridge_on(graded, learn, judge, (_WHOLE,))


def _ridge_on(graded: GradedSet, learn: Index, judge: Index, views: Sequence[str]) -> Told:
    y = mean_grades(graded, learn)
    best: tuple[GroupRidge, str] | None = None
    for view in views:
        fit = RidgeBasis(_frozen(graded, view, learn), graded.data.groups[learn]).fit(y)
        if best is None or fit.loss < best[0].loss:
            best = fit, view
    assert best is not None
    fit, view = best
    return _of_expected(fit.predict(_frozen(graded, view, judge)), graded.values)


def _frozen(graded: GradedSet, view: str, rows: Index) -> Array:
    views = graded.data.views
    assert views is not None
    told = [views.summaries[row].view(view) for row in rows]
    width = len(told[0]) // len(VIEWS[view])
    return np.array(told).reshape(len(told), -1, width)[:, :, :FROZEN_WIDTH].reshape(len(told), -1)


def _logistic(graded: GradedSet, learn: Index, judge: Index) -> Told:
    from sklearn.linear_model import LogisticRegression

    data = graded.data
    known = np.isin(data.item, learn)
    x = np.nan_to_num(data.positions)
    levels = data.level[known]
    chances = np.zeros((len(judge), len(graded.values)))
    if len(np.unique(levels)) < 2:
        chances[:, levels[0]] = 1.0
    else:
        fit = LogisticRegression(max_iter=1000).fit(x[data.item[known]], levels)
        chances[:, fit.classes_] = fit.predict_proba(x[judge])
    return levels_of_chances(chances, graded.values)


def _boosting(graded: GradedSet, learn: Index, judge: Index) -> Told:
    from sklearn.ensemble import HistGradientBoostingRegressor

    places = graded.data.positions
    leaf = max(_LEAST_LEAF, min(20, len(learn) // 10))
    fit = HistGradientBoostingRegressor(min_samples_leaf=leaf, learning_rate=0.05, random_state=0)
    fit.fit(places[learn], mean_grades(graded, learn))
    return _of_expected(fit.predict(places[judge]), graded.values)


BASELINES: Final[Mapping[str, Method]] = {
    RIDGE: _ridge,
    PLAIN_RIDGE: _plain_ridge,
    "logistic regression": _logistic,
    "gradient boosting": _boosting,
}
METHODS: Final[Mapping[str, Method]] = {
    OWN: _own,
    "rubric alone": _rubric,
    **BASELINES,
}


def out_of_fold(graded: GradedSet, method: str) -> Told:
    """Grade every conversation by what was learnt without its fold.

    Parameters
    ----------
    graded : GradedSet
        With the folds, whole groups each.
    method : str
        Of `METHODS`.

    Returns
    -------
    Told
        Of all conversations.
    """
    folds = graded.data.folds
    parts = []
    order = []
    for fold in np.unique(folds):
        judge = np.flatnonzero(folds == fold)
        parts.append(METHODS[method](graded, np.flatnonzero(folds != fold), judge))
        order.append(judge)
    back = np.argsort(np.concatenate(order))
    chances = [part.chances for part in parts if part.chances is not None]
    return Told(
        np.concatenate([part.expected for part in parts])[back],
        np.concatenate([part.level for part in parts])[back],
        np.concatenate([part.bad for part in parts])[back],
        np.concatenate(chances)[back] if chances else None,
    )


def own_out_of_fold(graded: GradedSet) -> Told:
    """Grade every conversation as `out_of_fold` does by the library, once for all parts.

    Parameters
    ----------
    graded : GradedSet
        With the folds.

    Returns
    -------
    Told
        With probabilities.
    """

    def chances() -> list[list[float]]:
        told = out_of_fold(graded, OWN)
        assert told.chances is not None
        rows: list[list[float]] = told.chances.tolist()
        return rows

    return levels_of_chances(np.array(once("methods", graded, 1, chances)), graded.values)


def every_out_of_fold(graded: GradedSet, methods: Iterable[str] = METHODS) -> dict[str, Told]:
    """Grade every conversation by several methods.

    Parameters
    ----------
    graded : GradedSet
        With the folds.
    methods : iterable of str, optional
        Of `METHODS`; default: all.

    Returns
    -------
    dict of str to Told
        As `own_out_of_fold` gives it for the library, `out_of_fold` for other methods.
    """
    return {
        name: own_out_of_fold(graded) if name == OWN else out_of_fold(graded, name)
        for name in methods
    }
