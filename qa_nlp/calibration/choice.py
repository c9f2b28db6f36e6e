"""Choose between ways of fitting by how well left-out groups are predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["clearly_best"]

Array = NDArray[np.float64]


def clearly_best(losses: Sequence[Array], groups: NDArray[np.int64]) -> int:
    """Choose the first way, unless another is better by more than one standard error.

    What is chosen by a hair's breadth changes from fold to fold and makes models worse (Breiman et
    al. 1984, "Classification and Regression Trees", section 3.4.3).

    Parameters
    ----------
    losses : sequence of ndarray, each shape (n,)
        Loss of each left-out row, by way of fitting.
    groups : ndarray of int64, shape (n,)
        Group of each row; its rows count as one.

    Returns
    -------
    int
        Position of the way.

    Examples
    --------
    >>> first, hardly, clearly = np.array([1.0, 2.0]), np.array([0.0, 2.9]), np.array([0.5, 1.4])
    >>> clearly_best([first, hardly], np.arange(2)), clearly_best([first, clearly], np.arange(2))
    (0, 1)
    """
    best = min(range(len(losses)), key=lambda way: float(losses[way].sum()))
    _, owner = np.unique(groups, return_inverse=True)
    gains = np.bincount(owner, losses[0] - losses[best])
    is_sure = gains.sum() > gains.std() * np.sqrt(len(gains))
    return best if is_sure else 0
