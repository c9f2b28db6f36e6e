"""How the signals of one criterion become the probability of each level.

With ``z = (value - threshold) / typical range``, cut to [-1, 1], the levels follow a cumulative
logit model (McCullagh 1980, "Regression Models for Ordinal Data"):
``P(level >= k) = logistic(sum of weight * z - cutpoint k)``. A signal that could not be measured
adds nothing, or what was learnt of its being absent. The rubric's own model has the weights and
cutpoints that the criterion states; calibration learns others from human grades.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.ordinal import level_probabilities
from qa_nlp.calibration.text_score import TextTerm
from qa_nlp.rubric import Criterion
from qa_nlp.signals.base import SignalSpec
from qa_nlp.signals.summary import Summary

__all__ = ["ABSENT", "CriterionModel", "Term"]

Array = NDArray[np.float64]

ABSENT: Final = " (not measured)"
"""What is added to a column's name for the effect of its having no value."""


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

    def position(self, value: float) -> float:
        """Give a value's place on the signal's fixed scale.

        Parameters
        ----------
        value : float
            The measured value, not NaN.

        Returns
        -------
        float
            -1 to 1; 0 at the threshold.
        """
        return max(-1.0, min(1.0, (value - self.threshold) / self.scale))

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
        return self.weight * self.position(value)


@dataclass(frozen=True, slots=True)
class CriterionModel:
    """Turns the signals of one criterion into the probability of each level.

    Parameters
    ----------
    terms : tuple of Term
        The criterion's signals.
    cutpoints : tuple of float
        Increasing logits between neighbouring levels, shape (levels - 1,).
    absent : mapping of str to float, optional
        By column, the logits that its having no value adds.
    text : tuple of TextTerm, default ()
        What was learnt from the text as a whole.
    """

    terms: tuple[Term, ...]
    cutpoints: tuple[float, ...]
    absent: Mapping[str, float] = field(default_factory=dict)
    text: tuple[TextTerm, ...] = ()

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
        CriterionModel
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

    def contributions(
        self, values: Mapping[str, float], summary: Summary | None = None
    ) -> dict[str, float]:
        """Give the logits that each measured signal adds.

        Parameters
        ----------
        values : mapping of str to float
            By column; NaN = not measured.
        summary : Summary, optional
            Of the transcript's text, where the model reads it.

        Returns
        -------
        dict of str to float
            By column, without those not measured.
        """
        parts = {
            term.column: term.contribution(values[term.column])
            for term in self.terms
            if not math.isnan(values[term.column])
        }
        parts |= {
            column + ABSENT: weight
            for column, weight in self.absent.items()
            if math.isnan(values[column])
        }
        if summary is not None and len(summary.rows):
            own = [term for term in self.text if term.encoder == summary.encoder]
            parts |= {term.name: term.contribution(summary) for term in own}
        return parts

    def share_of(self, columns: Collection[str]) -> float:
        """Give the share of the criterion's weight that some of its signals carry.

        Parameters
        ----------
        columns : collection of str
            Column names.

        Returns
        -------
        float
            0 to 1; the share of their number where no signal has weight left.
        """
        found = [term for term in self.terms if term.column in columns]
        total = math.fsum(abs(term.weight) for term in self.terms)
        if total <= 0:
            return len(found) / len(self.terms)
        return math.fsum(abs(term.weight) for term in found) / total

    def probabilities(self, logit: float) -> Array:
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
        >>> CriterionModel((), (0.0,)).probabilities(0.0)
        array([0.5, 0.5])
        """
        return np.asarray(level_probabilities(np.array([logit]), np.array(self.cutpoints))[0])
