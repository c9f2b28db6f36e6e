"""Pairs of grades of one item, and tables that count them: what every statistic on levels is from.

A table has a row per level of the first grade and a column per level of the second. Tables of
items add up, so each statistic is a function of summed tables, and a resample of clusters is a
weighted sum of their tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.level_gaps import check_choice
from qa_nlp.agreement.ratings import level_positions, ratings_rows
from qa_nlp.errors import GradesError

__all__ = [
    "PairWeight",
    "Pairs",
    "both_orders",
    "cluster_tables",
    "cross_tables",
    "human_pairs",
    "item_tables",
    "machine_pairs",
]

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

PairWeight: TypeAlias = Literal["pairs", "item", "krippendorff"]
"""What the pairs of an item count."""

_WEIGHTS: Final = get_args(PairWeight)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of grades of one item.

    Parameters
    ----------
    item : ndarray of int64, shape (pairs,)
        The row of the item.
    first, second : ndarray of int64, shape (pairs,)
        Positions of the two levels.
    weight : ndarray of float64, shape (pairs,)
        What the pair counts, above 0.
    """

    item: Codes
    first: Codes
    second: Codes
    weight: Array


def human_pairs(ratings: ArrayLike, weight: PairWeight = "pairs") -> Pairs:
    """Pair each rater's grade of an item with that of every other rater, in both orders.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Positions of levels; negative or NaN where there is none.
    weight : {"pairs", "item", "krippendorff"}, default "pairs"
        What an item with m grades counts: m (m - 1), so that every pair counts 1; 1, so that every
        item counts the same; or m, so that the table is one of coincidences (Krippendorff, 2011,
        "Computing Krippendorff's Alpha-Reliability"). Items with fewer than two have no pair.

    Returns
    -------
    Pairs
        By item.

    Raises
    ------
    GradesError
        For what is no position of a level.
    ValueError
        For an unknown weight.

    Examples
    --------
    >>> pairs = human_pairs([[0, 1], [2, -1]])
    >>> pairs.item, pairs.first, pairs.second, pairs.weight
    (array([0, 0]), array([0, 1]), array([1, 0]), array([1., 1.]))
    """
    check_choice("weight", weight, _WEIGHTS)
    given = ratings_rows(ratings)
    item, column = np.nonzero(given >= 0)
    level = given[item, column]
    grades = np.bincount(item, minlength=len(given))
    start = np.cumsum(grades) - grades
    # Each grade meets all grades of its item, itself included, which is then left out.
    times = grades[item]
    one = np.repeat(np.arange(len(item)), times)
    steps = np.arange(len(one)) - np.repeat(np.cumsum(times) - times, times)
    other = start[item[one]] + steps
    one, other = one[one != other], other[one != other]
    partners = grades[item[one]] - 1.0
    counts = {
        "pairs": np.ones(len(one)),
        "item": 1.0 / (partners * (partners + 1.0)),
        "krippendorff": 1.0 / partners,
    }
    return Pairs(item[one], level[one], level[other], counts[weight])


def machine_pairs(
    ratings: ArrayLike, machine: ArrayLike, weight: Literal["item", "pairs"] = "item"
) -> Pairs:
    """Pair each rater's grade of an item (first) with the machine's (second).

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Positions of levels that people gave; negative or NaN where there is none.
    machine : array_like, shape (n,)
        Positions of levels that the machine gave; negative or NaN where there is none.
    weight : {"item", "pairs"}, default "item"
        What an item counts: 1, shared by its raters; or 1 per rater.

    Returns
    -------
    Pairs
        By item.

    Raises
    ------
    GradesError
        For what is no position of a level, or different numbers of items.
    ValueError
        For an unknown weight.

    Examples
    --------
    >>> pairs = machine_pairs([[0, 1], [2, -1]], [1, 1])
    >>> pairs.first, pairs.second, pairs.weight
    (array([0, 1, 2]), array([1, 1, 1]), array([0.5, 0.5, 1. ]))
    """
    check_choice("weight", weight, ("item", "pairs"))
    given, answers = ratings_rows(ratings), level_positions(machine)
    if answers.shape != given.shape[:1]:
        raise GradesError(
            f"machine grades of shape {answers.shape} for {len(given):,} items: give one per item"
        )
    known = (given >= 0) & (answers >= 0)[:, None]
    item, column = np.nonzero(known)
    raters = known.sum(axis=1)[item]
    counts = 1.0 / raters if weight == "item" else np.ones(len(item))
    return Pairs(item, given[item, column], answers[item], counts)


def cluster_tables(pairs: Pairs, codes: Codes, size: int, levels: int) -> Array:
    """Count pairs by cluster.

    Parameters
    ----------
    pairs : Pairs
        Of all items.
    codes : ndarray of int64, shape (n,)
        The cluster of each item, from 0.
    size : int
        How many clusters there are.
    levels : int
        How many levels there are.

    Returns
    -------
    ndarray of float64, shape (size, levels, levels)
        Sums of weights; row: first grade, column: second.

    Raises
    ------
    GradesError
        Where a position is beyond the levels.

    Examples
    --------
    >>> cluster_tables(human_pairs([[0, 1], [1, 1]]), np.array([0, 0]), 1, 2)
    array([[[0., 1.],
            [1., 2.]]])
    """
    highest = max(pairs.first.max(initial=0), pairs.second.max(initial=0))
    if highest >= levels:
        raise GradesError(
            f"position {highest} is beyond a scale of {levels} levels (0 to {levels - 1})"
        )
    cell = (codes[pairs.item] * levels + pairs.first) * levels + pairs.second
    sums = np.bincount(cell, pairs.weight, minlength=size * levels * levels)
    return sums.astype(np.float64, copy=False).reshape(size, levels, levels)


def item_tables(ratings: ArrayLike, levels: int, weight: PairWeight = "pairs") -> Array:
    """Count the pairs of raters of each item.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `human_pairs` takes them.
    levels : int
        How many levels there are.
    weight : {"pairs", "item", "krippendorff"}, default "pairs"
        As `human_pairs` takes it.

    Returns
    -------
    ndarray of float64, shape (n, levels, levels)
        Symmetric; zeros for items with fewer than two grades.

    Examples
    --------
    >>> item_tables([[0, 0, 1]], 2, weight="item").round(2)
    array([[[0.33, 0.33],
            [0.33, 0.  ]]])
    """
    size = len(ratings_rows(ratings))
    return cluster_tables(human_pairs(ratings, weight), np.arange(size), size, levels)


def cross_tables(
    human: ArrayLike, machine: ArrayLike, levels: int, weight: Literal["item", "pairs"] = "item"
) -> Array:
    """Count the pairs of people (rows) and machine (columns) of each item.

    Parameters
    ----------
    human : array_like, shape (n, raters)
        As `machine_pairs` takes them.
    machine : array_like, shape (n,)
        As `machine_pairs` takes them.
    levels : int
        How many levels there are.
    weight : {"item", "pairs"}, default "item"
        As `machine_pairs` takes it.

    Returns
    -------
    ndarray of float64, shape (n, levels, levels)
        Zeros for items without grades of both.

    Examples
    --------
    >>> cross_tables([[0, 1]], [1], 2)
    array([[[0. , 0.5],
            [0. , 0.5]]])
    """
    size = len(ratings_rows(human))
    return cluster_tables(machine_pairs(human, machine, weight), np.arange(size), size, levels)


def both_orders(tables: Array) -> Array:
    """Count each pair in both orders, so that it does not matter who gave which grade.

    Parameters
    ----------
    tables : ndarray, shape (..., levels, levels)
        Of pairs in one order.

    Returns
    -------
    ndarray of float64, shape (..., levels, levels)
        Symmetric. Where each item counted 1, it is a table of coincidences, as
        `alpha_of_tables` takes it.

    Examples
    --------
    >>> both_orders(np.array([[1.0, 2.0], [0.0, 3.0]]))
    array([[2., 2.],
           [2., 6.]])
    """
    return np.asarray(tables + np.swapaxes(tables, -1, -2), dtype=np.float64)
