"""The grade a rubric itself implies, before any human grade is known.

Each criterion states its signals with a direction, a threshold and a weight on the signals' fixed
scales. With ``z = (value - threshold) / typical range``, cut to [-1, 1] and signed by direction,
the levels follow a cumulative logit model (McCullagh 1980, "Regression Models for Ordinal Data"):
``P(level >= k) = logistic(sum of weight * z - cutpoint k)``. A signal that could not be measured
adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from qa_nlp.rubric import Criterion
from qa_nlp.signals.base import SignalSpec

__all__ = ["PriorModel", "Term"]


@dataclass(frozen=True, slots=True)
class Term:
    """One signal's part in a criterion.

    Parameters
    ----------
    column : str
        Name of the measured column.
    threshold : float
        Where it speaks neither for nor against.
    scale : float
        Width of the signal's typical range.
    weight : float
        Logits for one typical range; below 0 where less is better.
    """

    column: str
    threshold: float
    scale: float
    weight: float

    def contribution(self, value: float) -> float:
        """Give the logits that a value adds.

        Parameters
        ----------
        value : float
            The measured value, not NaN.

        Returns
        -------
        float
            Between ``-abs(weight)`` and ``abs(weight)``.

        Examples
        --------
        >>> Term("phrase.greeting", 0.5, 1.0, 4.0).contribution(0.9)
        1.6
        """
        return self.weight * max(-1.0, min(1.0, (value - self.threshold) / self.scale))


@dataclass(frozen=True, slots=True)
class PriorModel:
    """Turns the signals of one criterion into the probability of each level.

    Parameters
    ----------
    terms : tuple of Term
        The criterion's signals.
    cutpoints : tuple of float
        Increasing logits between neighbouring levels, shape (levels - 1,).
    """

    terms: tuple[Term, ...]
    cutpoints: tuple[float, ...]

    @classmethod
    def of(cls, criterion: Criterion, specs: Mapping[str, SignalSpec]) -> Self:
        """Build the model that a criterion states.

        Parameters
        ----------
        criterion : Criterion
            With its signals.
        specs : mapping of str to SignalSpec
            The signals' fixed scales, by signal name.

        Returns
        -------
        PriorModel
            Ready to use.
        """
        terms = tuple(
            Term(
                use.column,
                use.threshold,
                specs[use.signal].scale,
                use.weight if use.direction == "more" else -use.weight,
            )
            for use in criterion.signals
        )
        return cls(terms, criterion.prior_cutpoints)

    def contributions(self, values: Mapping[str, float]) -> dict[str, float]:
        """Give the logits that each measured signal adds.

        Parameters
        ----------
        values : mapping of str to float
            By column; NaN = not measured.

        Returns
        -------
        dict of str to float
            By column, without those not measured.
        """
        return {
            term.column: term.contribution(values[term.column])
            for term in self.terms
            if not math.isnan(values[term.column])
        }

    def share_of(self, columns: Collection[str]) -> float:
        """Give the share of the criterion's weight that some of its signals carry.

        Parameters
        ----------
        columns : collection of str
            Column names.

        Returns
        -------
        float
            0 to 1.
        """
        total = math.fsum(abs(term.weight) for term in self.terms)
        return math.fsum(abs(t.weight) for t in self.terms if t.column in columns) / total

    def probabilities(self, logit: float) -> NDArray[np.float64]:
        """Give the probability of each level.

        Parameters
        ----------
        logit : float
            Sum of the contributions.

        Returns
        -------
        ndarray of float64, shape (levels,)
            Worst level first; sums to 1.

        Examples
        --------
        >>> PriorModel((), (0.0,)).probabilities(0.0)
        array([0.5, 0.5])
        """
        reached = np.concatenate([[1.0], expit(logit - np.array(self.cutpoints)), [0.0]])
        return np.asarray(reached[:-1] - reached[1:])
