"""Figures of graded conversations, each on all of them and on every resample of their groups."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.resampling import Resampler

__all__ = [
    "BAD",
    "constant_width",
    "drawn_kappa",
    "drawn_worst_share",
    "limit_of_others",
    "others_mean",
    "single_reliability",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]

BAD: Final = 2.0
"""Highest value of a bad grade."""

_TENTH: Final = 0.1


def _totals(owner: Index) -> Callable[[Array], Array]:
    """Add up weights by owner: shape (rounds, n) -> (rounds, owners)."""
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    return lambda weights: np.add.reduceat(weights[:, order], starts, axis=1)


def drawn_worst_share(resampler: Resampler, score: Array, hit: Flags) -> Array:
    """Give how much more often hits are in the tenth that scores highest than in all.

    Parameters
    ----------
    resampler : Resampler
        Of the rows.
    score : ndarray, shape (n,)
        Higher = more likely a hit.
    hit : ndarray of bool, shape (n,)
        Which are.

    Returns
    -------
    ndarray of float64, shape (rounds + 1,)
        Ratio of shares; of rows with equal scores at the border, a part of each counts.
    """
    total = _totals(np.unique(-score, return_inverse=True)[1])

    def measure(weights: Array) -> Array:
        mass, hits = total(weights), total(weights * hit)
        whole = mass.sum(axis=1, keepdims=True)
        room = _TENTH * whole - (np.cumsum(mass, axis=1) - mass)
        part = np.clip(room / np.maximum(mass, 1e-12), 0.0, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(((part * hits).sum(axis=1) / _TENTH) / hits.sum(axis=1))

    return resampler.each(measure)


def drawn_kappa(resampler: Resampler, truth: Index, answer: Index, levels: int) -> Array:
    """Give the quadratically weighted kappa (Cohen 1968, "Weighted kappa").

    Parameters
    ----------
    resampler : Resampler
        Of the rows.
    truth, answer : ndarray of int64, shape (n,)
        Positions of levels.
    levels : int
        How many there are.

    Returns
    -------
    ndarray of float64, shape (rounds + 1,)
        1 for agreement, 0 for what chance gives.
    """
    one, two = np.eye(levels)[truth], np.eye(levels)[answer]
    gap = (truth - answer).astype(np.float64) ** 2
    sums = resampler.totals(np.hstack([gap[:, None], one, two]))
    of_truth, of_answer = sums[:, 1 : levels + 1], sums[:, levels + 1 :]
    places = np.arange(levels)
    distance = (places[:, None] - places[None, :]) ** 2
    expected = np.einsum("ri,ij,rj->r", of_truth, distance, of_answer) / of_truth.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - sums[:, 0] / np.where(expected > 0, expected, np.nan))


def others_mean(item: Index, value: Array) -> Array:
    """Give each grade the mean of the other grades of its item.

    Parameters
    ----------
    item : ndarray of int64, shape (grades,)
        What was graded.
    value : ndarray, shape (grades,)
        The grades.

    Returns
    -------
    ndarray of float64, shape (grades,)
        NaN for the only grade of an item.

    Examples
    --------
    >>> others_mean(np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 5.0])).tolist()
    [2.5, 2.0, 1.5, nan]
    """
    count = np.bincount(item)[item] - 1
    rest = np.bincount(item, value)[item] - value
    return np.asarray(np.where(count > 0, rest / np.maximum(count, 1), np.nan))


def single_reliability(item: Index, value: Array) -> float:
    """Give the reliability of one grade: Pearson's r over ordered pairs of grades of an item.

    Parameters
    ----------
    item : ndarray of int64, shape (grades,)
        What was graded.
    value : ndarray, shape (grades,)
        The grades.

    Returns
    -------
    float
        Each pair counts in both orders; over such pairs it equals the quadratic kappa.

    Examples
    --------
    >>> single_reliability(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 3.0, 3.0]))
    1.0
    """
    count = np.bincount(item)[item] - 1
    kept = count > 0
    weight, x, y = count[kept], value[kept], others_mean(item, value)[kept]
    # the mean over a grade's pairs of x * y is x times the mean of the others
    middle = float(weight @ x / weight.sum())
    spread = float(weight @ (x - middle) ** 2)
    return float(weight @ ((x - middle) * (y - middle))) / spread if spread > 0 else float("nan")


def limit_of_others(item: Index, value: Array) -> float:
    """Give how far a perfect score can correlate with the mean of the other raters.

    Parameters
    ----------
    item : ndarray of int64, shape (grades,)
        What was graded.
    value : ndarray, shape (grades,)
        The grades.

    Returns
    -------
    float
        Mean over the grades of the root of the reliability of a mean of so many grades (Spearman
        1910, Brown 1910).
    """
    one = single_reliability(item, value)
    others = np.bincount(item)[item] - 1
    others = others[others > 0]
    return float(np.mean(np.sqrt(others * one / (1 + (others - 1) * one))))


def constant_width(shares: Sequence[float] | NDArray[Any], coverage: float) -> float:
    """Give the mean width of the narrowest sets that are the same for all.

    Parameters
    ----------
    shares : sequence of float, length levels
        Share of each level among the grades; sums to 1.
    coverage : float
        What the sets must cover, 0 to 1.

    Returns
    -------
    float
        Levels in the set, on the mean, at least one. The best two sets are mixed at random so that
        they cover exactly this.

    Examples
    --------
    >>> round(constant_width([0.1, 0.2, 0.6, 0.1], 0.7), 6)
    1.5
    """
    cover = np.concatenate([[0.0], np.cumsum(shares)])
    size = len(shares)
    best = {width: float((cover[width:] - cover[:-width]).max()) for width in range(1, size)}
    best[size] = 1.0
    alone = [width for width, covered in best.items() if covered >= coverage]
    mixed = [
        low + (coverage - one) / (two - one) * (high - low)
        for (low, one), (high, two) in itertools.combinations(best.items(), 2)
        if one < coverage <= two
    ]
    return float(min([size, *alone, *mixed]))
