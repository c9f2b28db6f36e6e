"""Statistics of agreement: pure functions on arrays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["quadratic_kappa"]


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
    if not len(first):
        return math.nan
    table = np.bincount(first * levels + second, minlength=levels * levels)
    observed = table.reshape(levels, levels) / len(first)
    place = np.arange(levels)
    gap = (place[:, None] - place[None, :]) ** 2
    expected = float((gap * np.outer(observed.sum(axis=1), observed.sum(axis=0))).sum())
    return 1.0 - float((gap * observed).sum()) / expected if expected > 0 else math.nan
