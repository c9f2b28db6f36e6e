"""Human grades of some transcripts beside machine scores of all, checked, with their variances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.errors import GradesError

__all__ = [
    "FEWEST",
    "GradedSample",
    "check_length",
    "codes_of",
    "finite_vector",
    "graded_sample",
]

Vector: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.intp]

FEWEST: Final = 3
"""Groups that must be graded for an interval: one for the mean, one for the slope, one to spare."""

_LEAST_SPREAD: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class GradedSample:
    """The graded transcripts, and what is known of all.

    Parameters
    ----------
    human, machine : ndarray of float64, shape (n,)
        Human grade and machine score of each graded transcript.
    weights, chances : ndarray of float64, shape (n,)
        1 ÷ inclusion probability, at least 1; and that probability, 0 where the finite population
        does not count.
    codes : ndarray of int, shape (n,)
        Group of each graded transcript, from 0 without gaps.
    machine_all : ndarray of float64, shape (N,)
        Machine score of all transcripts.
    pairs : float or None
        Ordered pairs among all transcripts that share a group; None where not known.
    """

    human: Vector
    machine: Vector
    weights: Vector
    chances: Vector
    codes: Codes
    machine_all: Vector
    pairs: float | None

    @property
    def groups(self) -> int:
        """Number of groups among the graded."""
        return int(self.codes.max()) + 1

    def mean(self, values: Vector) -> float:
        """Mean of values, shape (n,), by weight."""
        return float(np.average(values, weights=self.weights))

    def slopes(self) -> Vector:
        """Give for each graded transcript the slope among those of all other groups, shape (n,)."""
        w, codes, size = self.weights, self.codes, self.groups
        x = self.machine - self.mean(self.machine)
        y = self.human - self.mean(self.human)

        def others(values: Vector) -> Vector:
            rest: Vector = values.sum() - np.bincount(codes, values, minlength=size)
            return rest

        weight = others(w)
        covariance = others(w * x * y) - others(w * x) * others(w * y) / weight
        variance = others(w * x * x) - others(w * x) ** 2 / weight
        # a sample that shows next to none of the machine's spread cannot tell a slope
        least = _LEAST_SPREAD * float(np.var(self.machine_all)) * weight
        divisor = np.maximum(variance, least)
        usable = divisor > 1e-12 * (1 + float(np.mean(self.machine_all**2))) * weight
        slopes: Vector = np.divide(covariance, divisor, out=np.zeros(size), where=usable)
        return slopes[codes]

    def variance(self, residuals: Vector) -> float:
        """Linearised variance of a weighted mean of residuals, shape (n,), groups drawn as one."""
        parts = self.weights * residuals * np.sqrt(1 - self.chances) / self.weights.sum()
        sums = np.bincount(self.codes, parts)
        # each group pulled the mean towards itself by its share; equal shares give C ÷ (C - 1)
        shares = np.bincount(self.codes, self.weights) / self.weights.sum()
        return float(np.sum(sums**2 / (1 - shares)))

    def independent(self) -> float:
        """Give the number of groups of equal weight that would tell the variance as well."""
        squares = np.bincount(self.codes, self.weights / self.weights.mean()) ** 2
        return float(squares.sum() ** 2 / np.sum(squares**2))

    def process_variance(self) -> float:
        """Variance of the mean of N human grades about that of their process."""
        y = self.human - self.mean(self.human)
        n, total = y.size, self.machine_all.size
        spread = self.mean(y**2) * self.groups / (self.groups - 1)
        counts = np.bincount(self.codes)
        drawn = float(np.sum(counts * (counts - 1)))
        if not drawn:
            return spread / total
        together = float(np.sum(np.bincount(self.codes, y) ** 2 - np.bincount(self.codes, y**2)))
        partners = drawn / n if self.pairs is None else self.pairs / total
        return (spread + max(together / drawn, 0.0) * partners) / total


def graded_sample(
    human: ArrayLike,
    machine: ArrayLike,
    machine_all: ArrayLike,
    weights: ArrayLike | None,
    groups: Sequence[Any] | None,
    groups_all: Sequence[Any] | None,
) -> GradedSample:
    """Check the arrays that `prediction_powered_mean` takes.

    Parameters
    ----------
    human, machine, machine_all, weights, groups, groups_all
        As given there.

    Returns
    -------
    GradedSample
        With groups as codes.

    Raises
    ------
    GradesError
        When lengths differ, a number is not finite, a weight is below 1, or fewer than 3 groups
        are graded.
    """
    y, x = finite_vector(human, "human"), finite_vector(machine, "machine")
    everything = finite_vector(machine_all, "machine_all")
    check_length(x, y, "machine")
    if y.size > everything.size:
        raise GradesError(
            f"{y.size} graded transcripts but {everything.size} machine scores; machine_all holds "
            "the score of every transcript, the graded ones included"
        )
    codes, names = codes_of(range(y.size) if groups is None else groups)
    check_length(codes, y, "groups")
    if len(names) < FEWEST:
        raise GradesError(
            f"human grades of {len(names)} independent groups of transcripts; at least {FEWEST} "
            "are needed for an interval, so grade more"
        )
    w = np.full(y.size, everything.size / y.size)
    if weights is not None:
        w = finite_vector(weights, "weights")
        check_length(w, y, "weights")
        if (w < 1 - 1e-9).any():
            raise GradesError(
                f"weights[{int(np.argmin(w))}] is {w.min():g}; a weight is 1 ÷ inclusion "
                "probability, so at least 1"
            )
    chances = np.minimum(1 / w, 1.0)
    return GradedSample(y, x, w, chances, codes, everything, _pairs(groups_all, everything))


def _pairs(groups_all: Sequence[Any] | None, everything: Vector) -> float | None:
    """Give the number of ordered pairs of transcripts that share a group."""
    if groups_all is None:
        return None
    sizes = Counter(groups_all)
    if sizes.total() != everything.size:
        raise GradesError(
            f"groups_all has {sizes.total()} entries for {everything.size} transcripts"
        )
    return float(sum(size * (size - 1) for size in sizes.values()))


def codes_of(values: Iterable[Any]) -> tuple[Codes, dict[Any, int]]:
    """Give each value a number.

    Parameters
    ----------
    values : iterable
        Any that can be hashed.

    Returns
    -------
    tuple of (ndarray of int, shape (n,); dict to int)
        The number of each, from 0 in the order of appearance, and the number by value.

    Examples
    --------
    >>> codes, number = codes_of(["b", "a", "b"])
    >>> codes.tolist(), number
    ([0, 1, 0], {'b': 0, 'a': 1})
    """
    number: dict[Any, int] = {}
    codes = [number.setdefault(value, len(number)) for value in values]
    return np.array(codes, dtype=np.intp), number


def finite_vector(values: ArrayLike, name: str) -> Vector:
    """Check numbers.

    Parameters
    ----------
    values : array_like, shape (n,)
        The numbers.
    name : str
        What messages call them.

    Returns
    -------
    ndarray of float64, shape (n,)
        The numbers.

    Raises
    ------
    GradesError
        When they have another shape, or one is not finite.
    """
    vector = np.asarray(values, dtype=float)
    if vector.ndim != 1:
        raise GradesError(f"{name} must be one-dimensional, not of shape {vector.shape}")
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise GradesError(
            f"{name}[{bad[0]}] is {vector[bad[0]]}; leave transcripts without a number out"
        )
    return vector


def check_length(vector: NDArray[Any], human: Vector, name: str) -> None:
    """Check that there is one entry for each human grade.

    Parameters
    ----------
    vector, human : ndarray, shape (n,)
        The entries and the human grades.
    name : str
        What messages call the entries.

    Raises
    ------
    GradesError
        When there are more or fewer.
    """
    if vector.size != human.size:
        raise GradesError(f"{name} has {vector.size} entries for {human.size} human grades")
