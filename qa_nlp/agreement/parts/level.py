"""How often each level, N/A and failure was given by people and by the machine."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.chance import cohen_kappa_of_tables, exact_of_tables
from qa_nlp.agreement.figures import as_share, estimates
from qa_nlp.agreement.joined import NOT_APPLICABLE
from qa_nlp.agreement.material import MEAN, Compared, Material
from qa_nlp.agreement.moments import ratio_or_nan
from qa_nlp.agreement.pair_tables import cluster_tables, machine_pairs
from qa_nlp.agreement.two_way import (
    failure_precision_of_tables,
    failure_recall_of_tables,
    not_failed,
)

__all__ = ["applicability", "distribution", "failures", "rounded"]

Array: TypeAlias = NDArray[np.float64]

_SHARE_FLAG: Final = 0.05
"""Difference of the shares of a level that is flagged, as RSMTool does."""


def rounded(number: float) -> float | None:
    """Give a number as files hold it.

    Parameters
    ----------
    number : float
        Perhaps NaN.

    Returns
    -------
    float or None
        To 4 decimals; None for NaN.
    """
    return round(float(number), 4) if np.isfinite(number) else None


def distribution(material: Material, compared: Compared) -> list[dict[str, Any]]:
    """Compare how often each level was given.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of a criterion.

    Returns
    -------
    list of dict
        For each level, the shares of people and machine and their difference; empty without items.
        People's are of the levels that they gave, not of the one nearest to their mean, which is
        the lower of two as near; a conversation counts once, however many graded it.
    """
    answers, rows = compared.answers, compared.rows
    if not len(rows):
        return []
    people = answers.human if material.reference == MEAN else compared.people
    levels = np.arange(len(answers.levels))
    given = (people[rows, :, None] == levels).sum(axis=1)
    parts = np.hstack([ratio_or_nan(given, given.sum(axis=1, keepdims=True)),
                       answers.machine[rows, None] == levels])  # fmt: skip
    sums = material.sums(answers, rows, parts)
    shares = ratio_or_nan(sums, sums.sum(axis=1, keepdims=True) / 2)
    human, machine = np.hsplit(shares, 2)
    found = []
    for at in levels:
        gap = material.estimate(machine[:, at] - human[:, at], compared)
        found.append(
            {
                "level": answers.levels[at],
                "human": rounded(human[0, at]),
                "machine": rounded(machine[0, at]),
                "difference": gap,
                "flag": gap.value is not None and abs(gap.value) > _SHARE_FLAG,
            }
        )
    return found


def applicability(material: Material, compared: Compared) -> dict[str, Any] | None:
    """Compare who said that the criterion does not apply.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of a criterion.

    Returns
    -------
    dict or None
        ``exact``, ``cohen_kappa`` and the table (applies, does not apply); None where all applied.
    """
    answers, people = compared.answers, compared.people
    outside = people == NOT_APPLICABLE
    if not outside.any() and not (answers.machine == NOT_APPLICABLE).any():
        return None
    person = np.where(outside, 1, np.where(people >= 0, 0, -1))
    machine = np.where(answers.machine == NOT_APPLICABLE, 1, np.where(answers.machine >= 0, 0, -1))
    pairs = machine_pairs(person, machine)
    codes, size = material.codes(answers), material.bootstrap.size
    tables = material.bootstrap.draws(cluster_tables(pairs, codes, size, 2))
    draws = {"exact": exact_of_tables(tables), "cohen_kappa": cohen_kappa_of_tables(tables)}
    named = estimates(
        material, answers, draws, pairs.item, tables[0], ("applies", "does not apply")
    )
    return {**named, "table": np.round(tables[0], 4).tolist()}


def failures(material: Material, compared: Compared) -> dict[str, Any]:
    """Compare who failed a critical criterion.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of the criterion; its lowest level is the failure, N/A is none; where the machine abstained,
        a person looks, and nothing is counted.

    Returns
    -------
    dict
        ``recall``, ``precision``, and the failures by ``human`` and ``machine``.
    """
    answers = compared.answers
    pairs = machine_pairs(not_failed(compared.people), not_failed(answers.machine))
    tables = material.bootstrap.draws(
        cluster_tables(pairs, material.codes(answers), material.bootstrap.size, 2)
    )
    of_people = pairs.item[pairs.first == 0]
    of_machine = pairs.item[pairs.second == 0]
    recall, precision = failure_recall_of_tables(tables), failure_precision_of_tables(tables)
    sides = {
        "recall": (recall, of_people, "people failed no conversation here"),
        "precision": (precision, of_machine, "the machine failed no conversation here"),
    }
    return {
        **{
            name: as_share(
                material.of_items(draws, answers, items, reason), material.bootstrap.level
            )
            for name, (draws, items, reason) in sides.items()
        },
        "human": len(np.unique(of_people)),
        "machine": len(np.unique(of_machine)),
    }
