"""Statistics of agreement: pure functions on arrays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["kappa_of_table", "kappas_of_tables", "quadratic_kappa"]

Array = NDArray[np.float64]


def quadratic_kappa(first: NDArray[np.int64], second: NDArray[np.int64], levels: int) -> float:
    """Give the quadratically weighted kappa of two gradings.

    Cohen 1968, "Weighted kappa: nominal scale agreement with provision for scaled disagreement or
    partial credit".

    Parameters
    ----------
    first, second : ndarray of int64, shape (n,)
        Positions of levels, from 0.
    levels : int
        How many levels there are.

    Returns
    -------
    float
        1 for agreement, 0 for what chance gives, below 0 for less; NaN where both give one and the
        same level throughout, or there are no grades.

    Examples
    --------
    >>> round(quadratic_kappa(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]), 3), 2)
    0.8
    """
    table = np.bincount(first * levels + second, minlength=levels * levels)
    return kappa_of_table(table.reshape(levels, levels))


def kappa_of_table(table: NDArray[np.int64] | Array) -> float:
    """Give the quadratically weighted kappa of counted pairs of levels.

    Parameters
    ----------
    table : ndarray, shape (levels, levels)
        How often one grading gave the level of the row and the other that of the column.

    Returns
    -------
    float
        As `quadratic_kappa`.

    Examples
    --------
    >>> round(kappa_of_table(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]])), 2)
    0.8
    """
    total = table.sum()
    if not total:
        return math.nan
    observed = table / total
    gap = _squared_gaps(len(table))
    expected = float((gap * np.outer(observed.sum(axis=1), observed.sum(axis=0))).sum())
    return 1.0 - float((gap * observed).sum()) / expected if expected > 0 else math.nan


def kappas_of_tables(tables: Array) -> Array:
    """Give the quadratically weighted kappa of many tables.

    Parameters
    ----------
    tables : ndarray of float64, shape (n, levels, levels)
        Each as `kappa_of_table` takes it.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where a table has none.

    Examples
    --------
    >>> kappas_of_tables(np.array([np.eye(2), np.ones((2, 2)), np.zeros((2, 2))]))
    array([ 1.,  0., nan])
    """
    gap = _squared_gaps(tables.shape[1])
    total = tables.sum(axis=(1, 2))
    observed = (gap * tables).sum(axis=(1, 2)) * total
    expected = np.einsum("bi,ij,bj->b", tables.sum(axis=2), gap, tables.sum(axis=1))
    usable = expected > 0
    return np.where(usable, 1.0 - observed / np.where(usable, expected, 1.0), np.nan)


def _squared_gaps(levels: int) -> NDArray[np.int64]:
    place = np.arange(levels)
    return np.asarray((place[:, None] - place[None, :]) ** 2)
