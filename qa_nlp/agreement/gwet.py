"""Gwet's coefficients of agreement, AC1 and AC2: chance agreement that rare levels do not upset."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.level_gaps import LevelWeights, Values, level_gaps
from qa_nlp.agreement.moments import ratio_or_nan
from qa_nlp.agreement.ratings import ratings_rows

__all__ = ["gwet_ac1_of_tables", "gwet_ac2_of_tables", "item_shares"]

Array = NDArray[np.float64]


def gwet_ac1_of_tables(tables: ArrayLike, shares: ArrayLike | None = None) -> Array:
    """Give Gwet's first agreement coefficient, AC1, which rare levels do not upset.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        As `gwet_ac2_of_tables` takes them.
    shares : array_like, shape (..., levels), optional
        As `gwet_ac2_of_tables` takes them.

    Returns
    -------
    ndarray of float64, shape (...)
        As `gwet_ac2_of_tables` with nominal weights.

    Examples
    --------
    >>> round(float(gwet_ac1_of_tables([[40, 5], [10, 45]])), 3)
    0.701
    """
    return gwet_ac2_of_tables(tables, "nominal", shares=shares)


def gwet_ac2_of_tables(
    tables: ArrayLike,
    weights: LevelWeights = "quadratic",
    values: Values = None,
    shares: ArrayLike | None = None,
) -> Array:
    """Give Gwet's second agreement coefficient, AC2: AC1 with credit for near misses.

    Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high
    agreement", and 2014, "Handbook of Inter-Rater Reliability", 4th ed. Chance agreement depends on
    the share p of each level: the sum of p (1 - p) times the mean credit of two levels, over
    levels (levels - 1) pairs. So levels that were never given count too, and grades that are
    all the same give 1.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs; of three or more raters those weighted ``"item"``, as Gwet averages items.
    weights : {"nominal", "linear", "quadratic", "ordinal"}, default "quadratic"
        What a disagreement costs, as a share of the highest cost, see `level_gaps`.
    values : sequence of float, shape (levels,), optional
        What the levels are worth; default: their positions.
    shares : array_like, shape (..., levels), optional
        Sums of `item_shares` over all items, also those with one grade only: Gwet's form for many
        raters. Default: the mean of the two margins of the table, which is the same thing where all
        items counted have a pair.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for agreement, 0 for what chance gives; NaN without pairs or with one level only.

    Raises
    ------
    ValueError
        For unknown weights, or not one value per level.

    Examples
    --------
    >>> round(float(gwet_ac2_of_tables([[13, 0, 0], [0, 20, 7], [0, 4, 56]])), 3)
    0.94
    """
    counts = np.asarray(tables, dtype=np.float64)
    levels = counts.shape[-1]
    gaps = level_gaps(levels, weights, values)
    if levels < 2:
        return np.full(counts.shape[:-2], np.nan)
    gaps = gaps / gaps.max()
    margins = counts.sum(axis=-1) + counts.sum(axis=-2)
    of_levels = margins if shares is None else np.asarray(shares, dtype=np.float64)
    part = ratio_or_nan(of_levels, of_levels.sum(axis=-1, keepdims=True))
    credit = (1.0 - gaps).sum() / (levels * (levels - 1))
    by_chance = credit * (part * (1.0 - part)).sum(axis=-1)
    found = ratio_or_nan((gaps * counts).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))
    return 1.0 - ratio_or_nan(found, 1.0 - by_chance)


def item_shares(ratings: ArrayLike, levels: int) -> Array:
    """Give the share of each level among the grades of each item.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Positions of levels; negative or NaN where there is none.
    levels : int
        How many levels there are.

    Returns
    -------
    ndarray of float64, shape (n, levels)
        Rows add up to 1; zeros for items without a grade.

    Raises
    ------
    GradesError
        For what is no position of one of the levels.

    Examples
    --------
    >>> item_shares([[0, 1, 1, 1], [2, -1, -1, -1]], 3)
    array([[0.25, 0.75, 0.  ],
           [0.  , 0.  , 1.  ]])
    """
    given = ratings_rows(ratings, levels)
    item, column = np.nonzero(given >= 0)
    cell = item * levels + given[item, column]
    counts = np.bincount(cell, minlength=len(given) * levels).reshape(len(given), levels)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
