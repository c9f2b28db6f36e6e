"""Agreement of gradings, from arrays of ratings: each function makes one table and judges it."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.chance import (
    AlphaMetric,
    adjacent_of_tables,
    alpha_of_tables,
    cohen_kappa_of_tables,
    exact_of_tables,
)
from qa_nlp.agreement.gwet import gwet_ac2_of_tables, item_shares
from qa_nlp.agreement.level_gaps import LevelWeights, Values
from qa_nlp.agreement.pair_tables import (
    Pairs,
    PairWeight,
    cluster_tables,
    human_pairs,
    machine_pairs,
)
from qa_nlp.agreement.ratings import level_count, ratings_rows

__all__ = [
    "adjacent_agreement",
    "cohen_kappa",
    "exact_agreement",
    "gwet_ac1",
    "gwet_ac2",
    "krippendorff_alpha",
    "linear_kappa",
    "quadratic_kappa",
    "ratings_table",
]

Array = NDArray[np.float64]


def ratings_table(ratings: ArrayLike, levels: int | None = None) -> Array:
    """Count all pairs of a sample in one table.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Positions of levels; negative or NaN where there is none. Two columns are two raters: the
        first has the rows of the table, the second its columns. Of more columns all ordered pairs
        are counted, as those of `human_pairs`.
    levels : int, optional
        How many levels there are; default: one more than the highest position.

    Returns
    -------
    ndarray of float64, shape (levels, levels)
        How often each pair of levels occurs.

    Raises
    ------
    GradesError
        For what is no position of one of the levels.

    Examples
    --------
    >>> ratings_table([[0, 1], [1, 1], [1, -1]])
    array([[0., 1.],
           [0., 1.]])
    """
    given = ratings_rows(ratings, levels)
    two = given.shape[1] == 2
    pairs = machine_pairs(given[:, :1], given[:, 1]) if two else human_pairs(given)
    return _table(pairs, given, levels)


def exact_agreement(ratings: ArrayLike, levels: int | None = None) -> float:
    """Give the share of pairs of raters that gave the same level.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `ratings_table` takes them.
    levels : int, optional
        How many levels there are.

    Returns
    -------
    float
        From 0 to 1; NaN without pairs.

    Examples
    --------
    >>> exact_agreement([[0, 0], [1, 0], [1, 1], [2, 2]])
    0.75
    """
    return float(exact_of_tables(ratings_table(ratings, levels)))


def adjacent_agreement(ratings: ArrayLike, levels: int | None = None) -> float:
    """Give the share of pairs of raters that gave the same level or neighbouring ones.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `ratings_table` takes them.
    levels : int, optional
        How many levels there are.

    Returns
    -------
    float
        From 0 to 1; NaN without pairs.

    Examples
    --------
    >>> adjacent_agreement([[0, 0], [1, 0], [1, 1], [2, 0]])
    0.75
    """
    return float(adjacent_of_tables(ratings_table(ratings, levels)))


def cohen_kappa(
    ratings: ArrayLike,
    levels: int | None = None,
    *,
    weights: LevelWeights = "nominal",
    values: Values = None,
) -> float:
    """Give Cohen's kappa of two raters, or that of all ordered pairs of more.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `ratings_table` takes them. Two columns are two raters with margins of their own; pairs
        of more share one margin, which makes the plain kappa of complete ratings that of Fleiss.
    levels : int, optional
        How many levels there are.
    weights : {"nominal", "linear", "quadratic", "ordinal"}, default "nominal"
        What a disagreement costs, see `level_gaps`.
    values : sequence of float, shape (levels,), optional
        What the levels are worth; default: their positions.

    Returns
    -------
    float
        As `cohen_kappa_of_tables`, where the sources are named.

    Examples
    --------
    >>> round(cohen_kappa([[0, 0], [0, 0], [1, 0], [1, 1]]), 2)
    0.5
    """
    table = ratings_table(ratings, levels)
    return float(cohen_kappa_of_tables(table, weights, values))


def linear_kappa(ratings: ArrayLike, levels: int | None = None) -> float:
    """Give the linearly weighted kappa.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `cohen_kappa` takes them.
    levels : int, optional
        How many levels there are.

    Returns
    -------
    float
        As `cohen_kappa`.

    Examples
    --------
    >>> round(linear_kappa([[0, 0], [1, 1], [2, 1], [2, 2]]), 2)
    0.71
    """
    return cohen_kappa(ratings, levels, weights="linear")


@overload
def quadratic_kappa(first: ArrayLike, second: ArrayLike, levels: int) -> float: ...


@overload
def quadratic_kappa(ratings: ArrayLike, levels: int | None = None, /) -> float: ...


@overload
def quadratic_kappa(ratings: ArrayLike, /, *, levels: int | None = None) -> float: ...


def quadratic_kappa(
    first: ArrayLike, second: ArrayLike | int | None = None, levels: int | None = None
) -> float:
    """Give the quadratically weighted kappa.

    It takes ratings as all functions here do, or two gradings and the number of levels.

    Parameters
    ----------
    first : array_like, shape (n, raters) or (n,)
        Ratings as `cohen_kappa` takes them, or a first grading.
    second : array_like, shape (n,), optional
        The second grading, where the first argument is one.
    levels : int, optional
        How many levels there are; with ratings it may come second.

    Returns
    -------
    float
        As `cohen_kappa`.

    Examples
    --------
    >>> round(quadratic_kappa(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]), 3), 2)
    0.8
    >>> round(quadratic_kappa([[0, 0], [1, 1], [2, 1], [2, 2]], 3), 2)
    0.8
    """
    if second is None or isinstance(second, int | np.integer):
        scale = levels if second is None else int(second)
        return cohen_kappa(first, scale, weights="quadratic")
    return cohen_kappa(np.column_stack([first, second]), levels, weights="quadratic")


def krippendorff_alpha(
    ratings: ArrayLike,
    levels: int | None = None,
    *,
    metric: AlphaMetric = "ordinal",
    values: Values = None,
) -> float:
    """Give Krippendorff's alpha of any number of raters, with any grades missing.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `human_pairs` takes them.
    levels : int, optional
        How many levels there are; levels that nobody gave change nothing.
    metric : {"nominal", "ordinal", "interval"}, default "ordinal"
        As `alpha_of_tables` takes it.
    values : sequence of float, shape (levels,), optional
        As `alpha_of_tables` takes them.

    Returns
    -------
    float
        As `alpha_of_tables`, where the source is named.

    Examples
    --------
    >>> round(krippendorff_alpha([[0, 0, -1], [1, 1, 2], [2, 2, 2], [0, 1, 0]]), 2)
    0.77
    """
    return float(alpha_of_tables(_pooled(ratings, levels, "krippendorff"), metric, values))


def gwet_ac1(ratings: ArrayLike, levels: int | None = None) -> float:
    """Give Gwet's AC1 of any number of raters, with any grades missing.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `human_pairs` takes them.
    levels : int, optional
        How many levels there are; levels that nobody gave count, so name it.

    Returns
    -------
    float
        As `gwet_ac2` with nominal weights.

    Examples
    --------
    >>> round(gwet_ac1([[1, 1], [1, 1], [1, 1], [1, 0]], 2), 2)
    0.68
    """
    return gwet_ac2(ratings, levels, weights="nominal")


def gwet_ac2(
    ratings: ArrayLike,
    levels: int | None = None,
    *,
    weights: LevelWeights = "quadratic",
    values: Values = None,
) -> float:
    """Give Gwet's AC2 of any number of raters, with any grades missing.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `human_pairs` takes them. Items with one grade have no pair, but their grades count in
        the shares of levels.
    levels : int, optional
        How many levels there are; levels that nobody gave count, so name it.
    weights : {"nominal", "linear", "quadratic", "ordinal"}, default "quadratic"
        What a disagreement costs, see `level_gaps`.
    values : sequence of float, shape (levels,), optional
        What the levels are worth; default: their positions.

    Returns
    -------
    float
        As `gwet_ac2_of_tables`, where the sources are named.

    Examples
    --------
    >>> round(gwet_ac2([[2, 2], [2, 2], [1, 2], [0, 0]], 3), 2)
    0.87
    """
    table = _pooled(ratings, levels, "item")
    shares = item_shares(ratings, len(table)).sum(axis=0)
    return float(gwet_ac2_of_tables(table, weights, values, shares))


def _pooled(ratings: ArrayLike, levels: int | None, weight: PairWeight) -> Array:
    given = ratings_rows(ratings, levels)
    return _table(human_pairs(given, weight), given, levels)


def _table(pairs: Pairs, given: NDArray[np.int64], levels: int | None) -> Array:
    codes = np.zeros(len(given), dtype=np.int64)
    return np.asarray(cluster_tables(pairs, codes, 1, level_count(given, levels))[0])
