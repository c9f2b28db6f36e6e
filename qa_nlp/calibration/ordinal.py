"""The cumulative-logit model of ordered levels: its probabilities and its penalised likelihood.

``P(level >= k) = logistic(sum_j coef_j x_j + offset - cutpoint_k)`` (McCullagh 1980, "Regression
Models for Ordinal Data"). `OrdinalRegression` fits it; what is learnt is read without scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

__all__ = ["cutpoints_of", "level_probabilities", "penalised_loss"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def penalised_loss(
    parameters: Array,
    x: Array,
    levels: Index,
    weight: Array,
    offset: Array,
    strength: Array,
    center: Array,
    shift_strength: float,
    gap_strength: float,
) -> tuple[float, Array]:
    """Give the penalised negative log-likelihood and its gradient.

    Parameters
    ----------
    parameters : ndarray, shape (features + levels - 1,)
        Coefficients, the first cutpoint, and the logarithm of each gap to the next.
    x : ndarray, shape (n, features)
        Without NaN.
    levels : ndarray of int64, shape (n,)
        Positions from 0.
    weight, offset : ndarray, shape (n,)
        Of each observation.
    strength : ndarray, shape (features,)
        Of the penalty on each coefficient.
    center : ndarray, shape (features + levels - 1,)
        Where the penalty is 0.
    shift_strength, gap_strength : float
        Of the penalty on the mean cutpoint and on each logarithm of a gap.

    Returns
    -------
    tuple of (float, ndarray)
        Loss, and its gradient with the shape of `parameters`.
    """
    features = x.shape[1]
    cutpoints = cutpoints_of(parameters[features:])
    logits = x @ parameters[:features] + offset
    bounds = np.concatenate([[-np.inf], cutpoints, [np.inf]])
    above, below = logits - bounds[levels], logits - bounds[levels + 1]
    gap = above - below
    # log(s(a) - s(b)) = log s(a) + log s(-b) + log(1 - e^(b - a)), for any size of a and b
    with np.errstate(over="ignore", divide="ignore"):
        inside = np.log(-np.expm1(-gap))
        ratio = np.where(np.isinf(gap), 0.0, 1.0 / np.expm1(np.minimum(gap, 700.0)))
    chance = log_expit(above) + log_expit(-below) + inside
    upper, lower = expit(-above), expit(below)
    slope = weight * (upper - lower)
    size = len(bounds) - 1
    by_cut: Array = np.bincount(levels, -weight * (upper + ratio), size)[1:].astype(np.float64)
    by_cut += np.bincount(levels, weight * (lower + ratio), size)[:-1]
    penalty, pull = _penalty(parameters, features, strength, center, shift_strength, gap_strength)
    loss = -float(weight @ chance) + penalty
    gradient = np.concatenate([-(x.T @ slope), -_through_gaps(by_cut, parameters[features:])])
    return loss, gradient + pull


def _penalty(
    parameters: Array, features: int, strength: Array, center: Array, shift: float, gap: float
) -> tuple[float, Array]:
    away = parameters - center
    pull = np.zeros_like(parameters)
    pull[:features] = strength * away[:features]
    pull[features + 1 :] = gap * away[features + 1 :]
    total = 0.5 * float(pull @ away)
    moved = float(np.mean(cutpoints_of(parameters[features:]) - cutpoints_of(center[features:])))
    total += 0.5 * shift * moved**2
    cuts = len(parameters) - features
    pull[features:] += (
        shift * moved * _through_gaps(np.full(cuts, 1.0 / cuts), parameters[features:])
    )
    return total, pull


def cutpoints_of(stored: Array) -> Array:
    """Give the cutpoints that an optimiser holds as the first one and the logarithms of gaps.

    Parameters
    ----------
    stored : ndarray, shape (levels - 1,)
        The first cutpoint, and the logarithm of each gap to the next.

    Returns
    -------
    ndarray of float64, shape (levels - 1,)
        Increasing.

    Examples
    --------
    >>> cutpoints_of(np.array([-1.0, 0.0]))
    array([-1.,  0.])
    """
    return np.asarray(stored[0] + np.concatenate([[0.0], np.cumsum(np.exp(stored[1:]))]))


def _through_gaps(by_cut: Array, stored: Array) -> Array:
    """Turn a gradient by cutpoint into one by first cutpoint and logarithms of gaps."""
    tails = np.cumsum(by_cut[::-1])[::-1]
    return np.concatenate([tails[:1], tails[1:] * np.exp(stored[1:])])


def level_probabilities(logits: Array, cutpoints: Array) -> Array:
    """Give the probability of each level.

    Parameters
    ----------
    logits : ndarray, shape (n,)
        Higher = better.
    cutpoints : ndarray, shape (levels - 1,)
        Increasing.

    Returns
    -------
    ndarray of float64, shape (n, levels)
        Worst level first; rows sum to 1.

    Examples
    --------
    >>> level_probabilities(np.array([0.0]), np.array([0.0]))
    array([[0.5, 0.5]])
    """
    reached = expit(logits[:, None] - cutpoints[None, :])
    sides = np.ones((len(logits), 1))
    return np.asarray(np.hstack([sides, reached]) - np.hstack([reached, 0.0 * sides]))
