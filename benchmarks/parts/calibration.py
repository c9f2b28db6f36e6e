"""Whether probabilities mean what they say: calibration error and Brier skill.

The error of even perfect probabilities is not 0 on a finite sample, since frequencies scatter; what
labels drawn from the probabilities themselves would give is therefore taken off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.resampling import Resampler

__all__ = ["BINS", "CalibrationError", "brier_skill", "calibration_error", "equal_mass_bins"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS: Final = 15
DRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """Class-wise expected calibration error beside what perfect probabilities would show.

    Parameters
    ----------
    raw : float
        Mean over the classes of the mean distance of frequency and probability over the bins.
    chance : float
        Its mean over labels drawn from the probabilities.
    chance_high : float
        Their 95 % quantile.
    """

    raw: float
    chance: float
    chance_high: float

    @property
    def excess(self) -> float:
        """What is not chance; below 0 when the labels scatter less than drawn ones."""
        return self.raw - self.chance


def equal_mass_bins(probabilities: Array, bins: int = BINS) -> NDArray[np.int64]:
    """Put equally many texts into each bin; equal probabilities stay together.

    Parameters
    ----------
    probabilities : ndarray, shape (texts,)
        Of one class.
    bins : int, default 15
        How many at most.

    Returns
    -------
    ndarray of int64, shape (texts,)
        Bin of each text, from 0.

    Examples
    --------
    >>> equal_mass_bins(np.array([0.9, 0.1, 0.1, 0.4]), bins=2).tolist()
    [1, 0, 0, 1]
    """
    below = np.searchsorted(np.sort(probabilities), probabilities, side="left")
    return np.asarray(below * bins // len(probabilities), dtype=np.int64)


def calibration_error(
    probabilities: Array, labels: Flags, *, exclusive: bool, draws: int = DRAWS, seed: int = 0
) -> CalibrationError:
    """Measure the class-wise calibration error (Kull et al. 2019, "Beyond temperature scaling").

    Parameters
    ----------
    probabilities : ndarray, shape (texts, classes)
        Of each class.
    labels : ndarray of bool, shape (texts, classes)
        Which hold.
    exclusive : bool
        Whether exactly one class holds for each text; it says how labels are drawn.
    draws : int, default 200
        How often labels are drawn from the probabilities.
    seed : int, default 0
        Of the random numbers.

    Returns
    -------
    CalibrationError
        Raw, and what chance makes of it.
    """
    texts, classes = probabilities.shape
    places = np.column_stack([equal_mass_bins(column) for column in probabilities.T])
    cells = places + BINS * np.arange(classes)

    def sums(values: Array) -> Array:
        found = np.bincount(cells.ravel(), values.ravel(), BINS * classes)
        return np.asarray(found, dtype=np.float64)

    expected = sums(probabilities)

    def error(found: Array) -> float:
        return float(np.abs(found - expected).sum() / (texts * classes))

    raw = error(sums(labels.astype(np.float64)))
    random = np.random.default_rng(seed)
    drawn = _exclusive(probabilities, random) if exclusive else _independent(probabilities, random)
    scatter = [error(sums(next(drawn).astype(np.float64))) for _ in range(draws)]
    return CalibrationError(raw, float(np.mean(scatter)), float(np.quantile(scatter, 0.95)))


def _exclusive(probabilities: Array, random: np.random.Generator) -> Iterator[Flags]:
    edges = np.cumsum(probabilities, axis=1)
    edges /= edges[:, -1:]
    classes = np.arange(probabilities.shape[1])
    while True:
        drawn = (random.random((len(edges), 1)) >= edges).sum(axis=1)
        yield drawn[:, None] == classes


def _independent(probabilities: Array, random: np.random.Generator) -> Iterator[Flags]:
    while True:
        yield random.random(probabilities.shape) < probabilities


def brier_skill(resampler: Resampler, probabilities: Array, labels: Flags) -> Array:
    """Measure how much better than the base rates probabilities are (Brier 1950; Murphy 1973).

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    probabilities : ndarray, shape (texts, classes)
        Of each class.
    labels : ndarray of bool, shape (texts, classes)
        Which hold.

    Returns
    -------
    ndarray of float64, shape (rounds + 1,)
        1 = perfect, 0 = no better than always giving the base rates of the drawn texts.
    """
    distance = ((probabilities - labels) ** 2).sum(axis=1, keepdims=True)
    totals = resampler.totals(np.hstack([distance, np.ones_like(distance), labels]))
    rates = totals[:, 2:] / totals[:, 1:2]
    base = (rates * (1 - rates)).sum(axis=1) * totals[:, 1]
    return np.asarray(1 - totals[:, 0] / np.where(base > 0, base, np.nan))
