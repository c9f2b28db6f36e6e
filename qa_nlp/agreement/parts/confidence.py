"""How far the machine knows when it is right: chances, coverage, and the poor ones it finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.figures import as_share
from qa_nlp.agreement.joined import ABSTAINED, Answers
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.moments import ratio_or_nan
from qa_nlp.agreement.parts.level import rounded
from qa_nlp.agreement.probabilities import (
    COVERAGES,
    chosen_level_hits,
    expected_calibration_error_of_sums,
    lift_of_sums,
    lift_parts,
    reliability_of_sums,
    reliability_parts,
    selective_agreement_of_sums,
    selective_parts,
)

__all__ = [
    "agreed_share",
    "confidence",
    "coverage_rows",
    "lift_of_worst",
    "reliability",
    "selective",
]

Array: TypeAlias = NDArray[np.float64]


def agreed_share(compared: Compared) -> Array:
    """Tell how far people gave the machine's likely level.

    Parameters
    ----------
    compared : Compared
        Of a criterion.

    Returns
    -------
    ndarray of float64, shape (n,)
        Share of the reference's levels that are the machine's most plausible one, also where it
        abstained; NaN where either has no level.
    """
    people, likely = compared.people, compared.answers.likely
    given = people >= 0
    same = (people == likely[:, None]) & given
    found = ratio_or_nan(same.sum(axis=1), given.sum(axis=1))
    return np.where(likely >= 0, found, np.nan)


def confidence(answers: Answers) -> Array:
    """Give how sure the machine is of its level.

    Parameters
    ----------
    answers : Answers
        Of a criterion.

    Returns
    -------
    ndarray of float64, shape (n,)
        The highest chance of a level; 1 less where it abstained, so that these come last; NaN
        without chances.
    """
    with np.errstate(invalid="ignore"):
        surest = np.where(np.isnan(answers.chances[:, 0]), np.nan, answers.chances.max(axis=1))
    return np.where(answers.machine == ABSTAINED, surest - 1.0, surest)


def selective(material: Material, compared: Compared) -> list[dict[str, Any]]:
    """Give the agreement at each coverage, surest grades first.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of a criterion.

    Returns
    -------
    list of dict
        ``coverage`` and ``agreement``; empty without chances.
    """
    answers = compared.answers
    sure, agreed = confidence(answers), agreed_share(compared)
    rows = np.flatnonzero(np.isfinite(sure) & np.isfinite(agreed))
    if not len(rows):
        return []
    parts = selective_parts(sure[rows], agreed[rows])
    curve = selective_agreement_of_sums(material.sums(answers, rows, parts))
    return coverage_rows(
        [material.of_items(of, answers, rows) for of in curve.T], material.bootstrap.level
    )


def coverage_rows(agreement: Sequence[Estimate], level: float) -> list[dict[str, Any]]:
    """Put the agreement at each coverage in rows.

    Parameters
    ----------
    agreement : sequence of Estimate
        In the order of `COVERAGES`.
    level : float
        Of confidence.

    Returns
    -------
    list of dict
        ``coverage`` and ``agreement``.
    """
    return [
        {"coverage": coverage, "agreement": as_share(found, level, coverage * found.clusters)}
        for coverage, found in zip(COVERAGES, agreement, strict=True)
    ]


def reliability(material: Material, compared: Compared) -> dict[str, Any] | None:
    """Compare the chance of the machine's level with how often people gave it.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of a criterion.

    Returns
    -------
    dict or None
        ``curve`` and ``error`` (expected calibration error); None without chances.
    """
    answers, pairs = compared.answers, compared.levels
    chances = answers.chances[pairs.item]
    chance, hit = chosen_level_hits(np.nan_to_num(chances), pairs.second, pairs.first)
    known = np.isfinite(chances[:, 0])
    if not known.any():
        return None
    items = pairs.item[known]
    parts = reliability_parts(chance[known], hit[known]) * pairs.weight[known][:, None]
    sums = material.sums(answers, items, parts)
    predicted, observed, n = (column[0] for column in reliability_of_sums(sums))
    curve = [
        {"predicted": rounded(p), "observed": rounded(o), "n": round(float(m))}
        for p, o, m in zip(predicted, observed, n, strict=True)
        if m > 0
    ]
    error = material.of_items(expected_calibration_error_of_sums(sums), answers, items)
    return {"curve": curve, "error": error.within(0, 1)}


def lift_of_worst(material: Material, compared: Compared) -> Estimate:
    """Tell how many more of the lowest grades the machine's lowest tenth holds than any tenth.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of a criterion.

    Returns
    -------
    Estimate
        1 = no more than by chance.
    """
    answers, people = compared.answers, compared.people
    given = people >= 0
    poor = ratio_or_nan(((people == 0) & given).sum(axis=1), given.sum(axis=1))
    rows = np.flatnonzero(np.isfinite(answers.expected) & np.isfinite(poor))
    sums = material.sums(answers, rows, lift_parts(answers.expected[rows], poor[rows]))
    reason = "nobody gave the lowest level here"
    return material.of_items(lift_of_sums(sums), answers, rows, reason)
