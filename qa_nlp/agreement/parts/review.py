"""When a person must look: how much the machine sets aside, and how it agrees on the rest."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.figures import as_share
from qa_nlp.agreement.joined import ABSTAINED, NOT_APPLICABLE
from qa_nlp.agreement.material import Material
from qa_nlp.agreement.moments import ratio_or_nan
from qa_nlp.agreement.parts.confidence import agreed_share, confidence, coverage_rows
from qa_nlp.agreement.parts.total import Totals, lift_of_totals
from qa_nlp.agreement.probabilities import selective_agreement_of_sums, selective_parts
from qa_nlp.scorecard import TotalStatus

__all__ = ["review_part"]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]


def review_part(material: Material, totals: Totals) -> dict[str, Any]:
    """Tell what review routing does, over all criteria together.

    Parameters
    ----------
    material : Material
        Of the study.
    totals : Totals
        Of the whole card.

    Returns
    -------
    dict
        ``abstained`` (share of answers left to a person), ``wide`` (share of graded answers whose
        set of plausible levels is the whole scale, among those that have one), ``curve``
        (coverage against agreement), ``lift`` for finding poor conversations, and ``rows``: for
        each rule, the share it sends to a person and the exact agreement on what it leaves.
    """
    answers = _Pooled(material)
    open_rows = answers.machine != NOT_APPLICABLE
    abstained = answers.machine == ABSTAINED
    rules = {
        "the machine abstained": abstained,
        "the whole scale is plausible": answers.wide,
        "the card is pending review": answers.pending,
        "any of these": abstained | answers.wide | answers.pending,
    }
    known = np.isfinite(answers.sure) & np.isfinite(answers.agreed)
    curve = []
    if known.any():
        parts = selective_parts(answers.sure[known], answers.agreed[known])
        draws = selective_agreement_of_sums(answers.sums(parts, known))
        curve = coverage_rows(
            [answers.estimate(of, known) for of in draws.T], material.bootstrap.level
        )
    return {
        "abstained": answers.share(abstained, open_rows),
        "wide": answers.share(answers.wide, answers.has_set & open_rows & ~abstained),
        "curve": curve,
        "lift": lift_of_totals(material, totals),
        "rows": [
            {
                "rule": rule,
                "share": answers.share(sent, open_rows),
                "agreement_outside": answers.agreement(open_rows & ~sent),
            }
            for rule, sent in rules.items()
            if (sent & open_rows).any()
        ],
    }


class _Pooled:
    """The answers to all criteria, one row for each."""

    def __init__(self, material: Material) -> None:
        self._bootstrap = material.bootstrap
        every = list(material.compared.values())
        self.machine = np.concatenate([one.answers.machine for one in every])
        self.sure = np.concatenate([confidence(one.answers) for one in every])
        self.agreed = np.concatenate([agreed_share(one) for one in every])
        self._code = np.concatenate([material.codes(one.answers) for one in every])
        cards, grades = material.joined.cards, material.joined.grades
        places = [(at, one.answers) for one in every for at in one.answers.items]
        self.pending = np.array(
            [cards[at].total_status is TotalStatus.PENDING_REVIEW for at, _ in places], dtype=bool
        )
        sizes = np.array([len(grades[at][own.criterion].level_set) for at, own in places])
        self.has_set = sizes > 0
        self.wide = sizes == np.array([len(own.levels) for _, own in places])

    def sums(self, parts: Array, rows: NDArray[np.bool_]) -> Array:
        return self._bootstrap.sums(parts, self._code[rows])

    def estimate(self, draws: Array, rows: NDArray[np.bool_]) -> Estimate:
        clusters = len(np.unique(self._code[rows]))
        return self._bootstrap.estimate(draws, int(rows.sum()), clusters, "there are none")

    def share(self, hit: NDArray[np.bool_], among: NDArray[np.bool_]) -> Estimate:
        return self._mean(hit[among].astype(np.float64), among)

    def agreement(self, among: NDArray[np.bool_]) -> Estimate:
        known = among & np.isfinite(self.agreed)
        return self._mean(self.agreed[known], known)

    def _mean(self, values: Array, rows: NDArray[np.bool_]) -> Estimate:
        sums = self.sums(np.column_stack([values, np.ones(len(values))]), rows)
        found = self.estimate(ratio_or_nan(sums[:, 0], sums[:, 1]), rows)
        return as_share(found, self._bootstrap.level)
