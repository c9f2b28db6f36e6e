"""How reliable people are, and what that means for the machine: ICC, PRMSE, ceilings."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.joined import Answers
from qa_nlp.agreement.material import MEAN, Material
from qa_nlp.agreement.moments import pearson_of_moments
from qa_nlp.agreement.pair_tables import machine_pairs
from qa_nlp.agreement.parts.level import rounded
from qa_nlp.agreement.true_score import (
    Ceilings,
    crossed_moments,
    disattenuated_correlation,
    icc_1_of_moments,
    icc_2k_of_moments,
    icc_undefined_reason,
    kappa_ceilings,
    prmse_of_moments,
    rating_moments,
)

__all__ = ["ceilings", "intraclass", "true_scores"]

Array: TypeAlias = NDArray[np.float64]

_MOST_RATER_COLUMNS: Final = 50


def intraclass(material: Material, answers: Answers) -> dict[str, Estimate]:
    """Give the reliability of one grade, and of the mean of all raters.

    Parameters
    ----------
    material : Material
        Of the study.
    answers : Answers
        Of a criterion.

    Returns
    -------
    dict of str to Estimate
        ``icc_1`` and ``icc_2k``.
    """
    numbers = answers.human_numbers
    rows = np.flatnonzero((answers.human >= 0).any(axis=1))
    twice = answers.double_graded
    sums = material.sums(answers, rows, rating_moments(_centred(answers, numbers)[rows]))
    one = icc_1_of_moments(sums)
    found = {"icc_1": material.of_items(one, answers, twice, _why(one, numbers))}
    table = _by_rater(answers)
    if table is None:
        reason = f"it needs two or more known raters, and no more than {_MOST_RATER_COLUMNS}"
        return found | {"icc_2k": Estimate(None, n=len(twice), reason=reason)}
    crossed = icc_2k_of_moments(material.sums(answers, rows, crossed_moments(table[rows])))
    return found | {"icc_2k": material.of_items(crossed, answers, twice, _why(crossed, table))}


def _why(draws: Array, numbers: Array) -> str | None:
    """Say why a reliability is undefined, where it is; it takes a while to find out."""
    if np.isfinite(draws[0]):
        return None
    return icc_undefined_reason(numbers) or "conversations differ too little here"


def _centred(answers: Answers, numbers: Array) -> Array:
    """Take a constant off, which keeps the squares small and changes no figure."""
    return np.asarray(numbers - answers.values.mean())


def _by_rater(answers: Answers) -> Array | None:
    """Give people's grades with a column for each known rater; None where there are too many."""
    known = (answers.rater >= 0) & (answers.human >= 0)
    raters = np.unique(answers.rater[known])
    if not 1 < len(raters) <= _MOST_RATER_COLUMNS:
        return None
    numbers = _centred(answers, answers.human_numbers)
    table = np.full((len(numbers), len(raters)), np.nan)
    rows, columns = np.nonzero(known)
    table[rows, np.searchsorted(raters, answers.rater[known])] = numbers[rows, columns]
    return table


def true_scores(material: Material, answers: Answers, human_pearson: Array) -> dict[str, Estimate]:
    """Compare the machine with what many people would say on average.

    Parameters
    ----------
    material : Material
        Of the study.
    answers : Answers
        Of a criterion.
    human_pearson : ndarray, shape (rounds + 1,)
        Correlation of two people.

    Returns
    -------
    dict of str to Estimate
        ``prmse`` and ``disattenuated_correlation``.
    """
    known = (answers.machine >= 0) & (answers.human >= 0).any(axis=1)
    rows = np.flatnonzero(known)
    number = _centred(answers, answers.number)[rows]
    sums = material.sums(
        answers, rows, rating_moments(_centred(answers, answers.human_numbers)[rows], number)
    )
    alone = "no conversation was graded by two people, so their errors are unknown"
    alike = "conversations differ no more than people who grade the same one do"
    reason = None if known[answers.double_graded].any() else alone
    single = machine_pairs(answers.human, answers.machine)
    numbers = (answers.values[single.first], answers.number[single.item])
    with_one = pearson_of_moments(material.moments(answers, single.item, numbers, single.weight))
    whole = disattenuated_correlation(with_one, human_pearson)
    unrelated = reason or "two people do not correlate above 0 here"
    return {
        "prmse": material.of_items(prmse_of_moments(sums), answers, rows, reason or alike),
        "disattenuated_correlation": material.of_items(whole, answers, rows, unrelated),
    }


def ceilings(material: Material, answers: Answers, reliability: Estimate) -> dict[str, Any]:
    """Give the highest quadratic kappa that a machine can reach here.

    Parameters
    ----------
    material : Material
        Of the study.
    answers : Answers
        Of a criterion.
    reliability : Estimate
        Of one grade, ``icc_1``.

    Returns
    -------
    dict
        ``reliability``, ``ideal`` and ``human_like`` with their intervals (``ideal_interval``,
        ``human_like_interval``), or the ``reason`` why there are none.
    """
    given = (answers.human >= 0).sum(axis=1)
    raters = float(given[given > 0].mean()) if material.reference == MEAN and given.any() else 1.0
    reason = reliability.reason if reliability.value is None else None
    if reliability.value is not None and reliability.value <= 0:
        reason = "people agree no better than by chance, so there is nothing to reach"
    names = ("ideal", "human_like")
    if reliability.value is None or reliability.value <= 0:
        none = dict.fromkeys((*names, *(f"{name}_interval" for name in names)))
        return {"reliability": None, **none, "reason": reason}

    def at(value: float) -> Ceilings:
        return kappa_ceilings(min(max(value, 0.0), 1.0), raters)

    found = at(reliability.value)
    ends = (reliability.low, reliability.high)
    reached = None if ends[0] is None or ends[1] is None else (at(ends[0]), at(ends[1]))
    return {
        "reliability": round(reliability.value, 4),
        **{name: rounded(getattr(found, name)) for name in names},
        **{
            f"{name}_interval": reached and [rounded(getattr(one, name)) for one in reached]
            for name in names
        },
        "reason": None,
    }
