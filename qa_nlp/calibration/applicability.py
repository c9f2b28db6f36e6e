"""Whether a criterion applies at all: a small model of its own, never a level.

Logistic regression whose centre is the rubric's rule: where the rule says that a criterion does not
apply, people are expected to agree nineteen times in twenty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.model import CriterionModel

__all__ = ["UNSURE", "Applicability"]

Array = NDArray[np.float64]

UNSURE: Final = (0.35, 0.65)
"""Probabilities of N/A between which a person must decide."""

_RULE: Final = 3.0
"""Logits that the rule speaks for N/A, and its silence against it: about 19 to 1."""

_STRENGTH: Final = 1.0
_SIGNAL_STRENGTH: Final = 4.0
_ENOUGH: Final = 10


@dataclass(frozen=True, slots=True)
class Applicability:
    """Gives the probability that a criterion does not apply.

    Parameters
    ----------
    intercept, rule : float
        Logits of N/A, and what the rubric's rule adds (or takes away where it is silent).
    signals, absent : tuple of float, default ()
        Logits for each signal's place on its scale, and for its having no value.
    """

    intercept: float
    rule: float
    signals: tuple[float, ...] = ()
    absent: tuple[float, ...] = ()

    @classmethod
    def fit(cls, data: CriterionData, held_out: int | None = None) -> Self:
        """Learn from grades that were N/A and grades that were not.

        Parameters
        ----------
        data : CriterionData
            Grades of a criterion.
        held_out : int, optional
            Fold whose transcripts are not looked at.

        Returns
        -------
        Applicability
            The rubric's rule itself where nobody graded N/A and the rule is silent.
        """
        # here, since scikit-learn takes more than a second to load, and scoring needs none of it
        from qa_nlp.calibration.ordinal_regression import OrdinalRegression

        kept = np.ones(len(data.level), dtype=bool)
        if held_out is not None:
            kept &= data.folds[data.item] != held_out
        item = data.item[kept]
        outside = (data.level[kept] < 0).astype(np.int64)
        columns = [np.where(data.rule, 1.0, -1.0)[:, None]]
        if min(int(outside.sum()), int(len(outside) - outside.sum())) >= _ENOUGH:
            columns += [np.nan_to_num(data.positions), np.isnan(data.positions).astype(np.float64)]
        x = np.hstack(columns)
        rest = x.shape[1] - 1
        regression = OrdinalRegression(
            [_STRENGTH, *[_SIGNAL_STRENGTH] * rest],
            prior_coef=[_RULE, *[0.0] * rest],
            prior_cutpoints=[0.0],
            shift_strength=_STRENGTH,
            signs=[1, *[0] * rest],
        ).fit(x[item], outside)
        learnt = [float(weight) for weight in regression.coef_]
        half = 1 + rest // 2
        return cls(
            -float(regression.cutpoints_[0]), learnt[0], tuple(learnt[1:half]), tuple(learnt[half:])
        )

    def probability(
        self, model: CriterionModel, values: Mapping[str, float], *, rule: bool
    ) -> float:
        """Give the probability that a criterion does not apply.

        Parameters
        ----------
        model : CriterionModel
            Of the criterion; its terms are the signals.
        values : mapping of str to float
            Measured columns, NaN = not measured.
        rule : bool
            Whether the rubric's rule says so.

        Returns
        -------
        float
            0 to 1.

        Examples
        --------
        >>> round(Applicability(0.0, 3.0).probability(CriterionModel((), (0.0,)), {}, rule=True), 2)
        0.95
        """
        logit = self.intercept + (self.rule if rule else -self.rule)
        if self.signals:
            for term, weight, absent in zip(model.terms, self.signals, self.absent, strict=True):
                value = values[term.column]
                logit += absent if math.isnan(value) else weight * term.position(value)
        return 1.0 / (1.0 + math.exp(-logit))
