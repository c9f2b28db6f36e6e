"""What a fitted model of raters expects of the grades: fair levels, and how well raters fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from qa_nlp.calibration.rater_likelihood import NODES, evaluate
from qa_nlp.calibration.rater_model import Severities

__all__ = ["Expectations", "expectations"]

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Expectations:
    """What the fitted model expects of each of n grades, given all grades of its item.

    Parameters
    ----------
    own, average : ndarray of float64, shape (n,)
        Expected value of the level, by this rater and by the average one.
    squared, variance, standardised : ndarray of float64, shape (n,)
        Posterior means of the squared residual of the level's position, of that position's
        variance, and of their ratio.
    """

    own: Floats
    average: Floats
    squared: Floats
    variance: Floats
    standardised: Floats


def expectations(fit: Severities, values: Sequence[Floats]) -> Expectations:
    """Tell what a fitted model expects of the grades it was fitted to.

    A draw of the item effect from its posterior and the observed grade have the same joint
    distribution as both under the model. Averages over the posterior therefore keep the expected
    mean squares at 1; at a point estimate of the effect they would come out too small.

    Parameters
    ----------
    fit : Severities
        Of the grades.
    values : sequence of ndarray of float64, shapes (n_levels,)
        Values of the levels, by criterion.

    Returns
    -------
    Expectations
        In the order of the grades.
    """
    rows = fit.rows
    order = np.argsort(rows.item, kind="stable")
    level, criterion, rater = rows.level[order], rows.criterion[order], rows.rater[order]
    own = np.append(fit.severity, 0.0)[rater]
    eta = (rows.offset + fit.caseload)[order]
    cuts = np.full((len(values), int(rows.n_levels.max()) + 1), np.inf)
    steps = np.zeros_like(cuts)
    for number, scale in enumerate(values):
        cuts[number, 0] = -np.inf
        cuts[number, 1 : len(scale)] = fit.cutpoints[number]
        steps[number, 1 : len(scale)] = np.diff(scale)
    starts = np.flatnonzero(np.diff(rows.item[order], prepend=-1))
    lower, upper = cuts[criterion, level], cuts[criterion, level + 1]
    state = evaluate(eta - own, lower, upper, starts, fit.sigma)
    lengths = np.diff(np.append(starts, len(order)))
    posterior = np.repeat(state.posterior, lengths, axis=0)
    effects = eta[:, None] + fit.sigma * NODES
    value, position, square = _moments(effects - own[:, None], cuts[criterion], steps[criterion])
    average = _moments(effects, cuts[criterion], steps[criterion])[0]
    worst = np.array([scale[0] for scale in values])[criterion]
    squared = (level[:, None] - position) ** 2
    variance = np.maximum(square - position**2, 1e-12)
    columns = (value, average, squared, variance, squared / variance)
    means = np.stack([(column * posterior).sum(axis=1) for column in columns])
    means[:2] += worst
    back = np.empty_like(means)
    back[:, order] = means
    return Expectations(*back)


def _moments(eta: Floats, cuts: Floats, steps: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean value above the worst level, mean position and mean squared position."""
    value, position, square = (np.zeros_like(eta) for _ in range(3))
    for k in range(1, cuts.shape[1] - 1):
        reached = expit(eta - cuts[:, k, None])
        value += steps[:, k, None] * reached
        position += reached
        square += (2 * k - 1) * reached
    return value, position, square
