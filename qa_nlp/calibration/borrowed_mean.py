"""The mean of a part with few human grades, which borrows from all the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from qa_nlp.calibration.graded_sample import (
    Codes,
    GradedSample,
    Vector,
    check_length,
    codes_of,
    finite_vector,
    graded_sample,
)
from qa_nlp.calibration.prediction_powered import Interval, Population, check_choice, interval
from qa_nlp.errors import GradesError

__all__ = ["Borrowing"]

_QUANTILE: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Borrowing:
    r"""The human grades of all parts of the transcripts, for the mean of a part that has few.

    For a part (an agent, a week) with few grades. The transcripts graded there count as graded;
    the others get the machine score times :math:`\lambda`, plus the mean of human grade less
    :math:`\lambda` × machine score over all parts. The variance is the sum of the rectifier's own,
    of :math:`\tau^2`, by which rectifiers differ between parts, and of the spread of single
    transcripts. :math:`\tau^2` is the end of a one-sided 80 % interval from a one-way analysis of
    variance, since a few parts can look alike by chance; it is at most the whole variance of the
    residuals, and is that where fewer than two parts are graded. The degrees of freedom are
    Satterthwaite's.

    Parameters
    ----------
    sample : GradedSample
        The graded transcripts of all parts.
    codes : ndarray of int, shape (n,)
        Number of the part each belongs to.
    number : mapping to int
        Of each part.
    lambda_ : float
        Weight given to the machine scores.
    rectifier : float
        Mean of human grade less weighted machine score.
    left : ndarray of float64, shape (n,)
        What differs from it.
    between, freedom, within : float
        Variance of `left` between parts, its degrees of freedom, and the variance within parts.

    Notes
    -----
    A synthetic estimator (Rao and Molina, 2015, "Small Area Estimation", ch. 2 and 7);
    Satterthwaite (1946), "An approximate distribution of estimates of variance components".

    Examples
    --------
    >>> human, machine = [3, 4, 5, 3, 4, 2], [2, 3, 4, 2, 3, 1]
    >>> all_agents = Borrowing.of(human, machine, ["a", "a", "a", "b", "b", "b"])
    >>> mean, weight = all_agents.mean("c", [3, 3, 4, 4])
    >>> round(mean.value, 3), round(weight, 3)
    (4.5, 1.0)
    """

    sample: GradedSample
    codes: Codes
    number: Mapping[Any, int]
    lambda_: float
    rectifier: float
    left: Vector
    between: float
    freedom: float
    within: float

    @classmethod
    def of(
        cls,
        human: ArrayLike,
        machine: ArrayLike,
        parts: Sequence[Any],
        weights: ArrayLike | None = None,
        groups: Sequence[Any] | None = None,
    ) -> Borrowing:
        """Work out what does not depend on the part.

        Parameters
        ----------
        human, machine : array_like, shape (n,)
            Human grade and machine score of every graded transcript, of all parts.
        parts : sequence, length n
            The part each belongs to.
        weights, groups
            As in `prediction_powered_mean`.

        Returns
        -------
        Borrowing
            The same for every part.

        Raises
        ------
        GradesError
            As `prediction_powered_mean`.
        """
        sample = graded_sample(human, machine, machine, weights, groups, None)
        codes, number = codes_of(parts)
        check_length(codes, sample.human, "parts")
        lambda_ = sample.mean(sample.slopes())
        left = sample.human - lambda_ * sample.machine
        rectifier = sample.mean(left)
        left = left - rectifier
        return cls(sample, codes, number, lambda_, rectifier, left, *_between(left, codes))

    def mean(
        self,
        part: Any,
        machine_part: ArrayLike,
        population: Population = "given",
        level: float = 0.95,
    ) -> tuple[Interval, float]:
        """Estimate the mean of one part with the rectifier of all parts.

        Parameters
        ----------
        part : object
            The part to estimate; it may hold no graded transcript.
        machine_part : array_like, shape (M,)
            Machine score of all the part's transcripts, the graded ones included.
        population, level
            As in `prediction_powered_mean`.

        Returns
        -------
        tuple of (Interval, float)
            The mean, and the weight given to the machine scores.

        Raises
        ------
        GradesError
            When `machine_part` holds fewer scores than were graded or none, a score is not finite,
            or `population` or `level` is none.
        """
        check_choice(population, level)
        scores = finite_vector(machine_part, "machine_part")
        here = self.codes == self.number.get(part, -1)
        size, n = scores.size, int(here.sum())
        if n > size or not size:
            raise GradesError(
                f"{n} graded transcripts but {size} machine scores; machine_part holds one for "
                "each transcript of the part"
            )
        open_share = 1 - n / size
        value = self.lambda_ * float(scores.mean()) + self.rectifier
        value += float(self.left[here].sum()) / size
        drawn = replace(self.sample, chances=np.zeros(self.left.size))
        pieces = [
            (open_share**2 * drawn.variance(self.left), max(drawn.independent() - 2, 1.0)),
            (open_share**2 * self.between, self.freedom),
            (open_share * self.within / size, max(self.left.size - 2, 1)),
        ]
        if population == "process":
            extra = self.lambda_**2 * float(np.var(scores)) / size
            extra += self.within * (1 - open_share) / size
            pieces.append((extra, max(size - 1, 1)))
        variance = sum(piece for piece, _ in pieces)
        spread = sum(piece**2 / df for piece, df in pieces)
        freedom = variance**2 / spread if spread > 0 else 1.0
        return interval(value, float(np.sqrt(variance)), freedom, level), self.lambda_


def _between(left: Vector, codes: Codes) -> tuple[float, float, float]:
    """Give the variance between parts, its degrees of freedom, and that within parts."""
    counts = np.bincount(codes).astype(float)
    total, size = float(np.var(left, ddof=1)), left.size
    free, rest = counts.size - 1, size - counts.size
    if free < 1 or rest < 1:
        return total, max(size - 2, 1), total
    means = np.bincount(codes, left) / counts
    within = float(np.sum((left - means[codes]) ** 2)) / rest
    across = float(np.sum(counts * (means - left.mean()) ** 2)) / free
    typical = (size - float(np.sum(counts**2)) / size) / free
    least = float(stats.f.ppf(_QUANTILE, free, rest))
    between = max((across / least - within) / typical, 0.0)
    return min(between, total), size - 2, within
