"""The cluster bootstrap on whole arrays: every figure of a benchmark on the same drawn groups.

`bootstrap.cluster_bootstrap` asks for a figure once a resample. Here a figure is an array over all
resamples, its estimate first, so that a lead of one method over another is a difference of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import ROUNDS, Figure

__all__ = ["Resampler", "figure"]

Array = NDArray[np.float64]

_CELLS: Final = 4_000_000
"""Weights held at a time."""


class Resampler:
    """Draws of whole groups, as often as there are groups.

    Parameters
    ----------
    groups : sequence of str
        Of each text, what it shares with others.
    rounds : int, default 1000
        Number of resamples.
    seed : int, default 0
        Of the random numbers.

    Examples
    --------
    >>> resampler = Resampler(["a", "a", "b", "c"])
    >>> totals = resampler.totals(np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0]]))
    >>> print(figure(totals[:, 0] / totals[:, 1]))
    0.75 (0.50 to 1.00)
    """

    def __init__(self, groups: Sequence[str], *, rounds: int = ROUNDS, seed: int = 0) -> None:
        _, self._owner = np.unique(np.asarray(groups), return_inverse=True)
        size = int(self._owner.max()) + 1
        random = np.random.default_rng(seed)
        self._counts = np.ones((rounds + 1, size))
        for row in range(1, rounds + 1):
            self._counts[row] = np.bincount(random.integers(0, size, size), minlength=size)
        self.groups = size

    def totals(self, columns: Array) -> Array:
        """Add up columns over the drawn texts.

        Parameters
        ----------
        columns : ndarray, shape (texts, k)
            What to add up.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, k)
            Over all texts, then over those of each resample.
        """
        sums = np.array([np.bincount(self._owner, column, self.groups) for column in columns.T])
        return np.asarray(self._counts @ sums.T)

    def each(self, measure: Callable[[Array], Array]) -> Array:
        """Measure what is no sum.

        Parameters
        ----------
        measure : callable
            Weights of the texts, shape (some rounds, texts) -> figures, shape (some rounds,).

        Returns
        -------
        ndarray of float64, shape (rounds + 1,)
            On all texts, then on each resample.
        """
        step = max(1, _CELLS // len(self._owner))
        starts = range(0, len(self._counts), step)
        return np.concatenate(
            [measure(self._counts[start : start + step][:, self._owner]) for start in starts]
        )


def figure(draws: Array) -> Figure:
    """Give the estimate and the interval of a figure.

    Parameters
    ----------
    draws : ndarray, shape (rounds + 1,)
        On all texts, then on each resample; a resample that cannot be measured is NaN.

    Returns
    -------
    Figure
        With a 95 % interval over the resamples that can be measured.

    Raises
    ------
    ValueError
        When the figure cannot be measured on all texts.
    """
    if not np.isfinite(draws[0]):
        raise ValueError("cannot be measured on these texts")
    low, high = np.nanquantile(draws[1:], [0.025, 0.975])
    return Figure(float(draws[0]), float(low), float(high))
