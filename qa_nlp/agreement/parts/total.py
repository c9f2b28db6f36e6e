"""Agreement on sections and on the whole scorecard, from 0 to 100."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.figures import number_draws, spearman_draws
from qa_nlp.agreement.joined import NOT_APPLICABLE, Answers
from qa_nlp.agreement.material import MEAN, Compared, Material
from qa_nlp.agreement.moments import MOMENTS, item_moments, ratio_or_nan
from qa_nlp.agreement.parts.people_totals import people_figures
from qa_nlp.agreement.probabilities import lift_of_sums, lift_parts
from qa_nlp.scorecard import Grade, GradeStatus

__all__ = ["Totals", "lift_of_totals", "section_rows", "total_figures", "totals_of"]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Totals of the cards whose criteria people answered completely.

    Parameters
    ----------
    cards : ndarray of int64, shape (n,)
        Places in `Joined.cards`.
    human, machine : ndarray of float64, shape (n,)
        100 × points ÷ possible points over what applies; people's points are the mean over raters,
        the machine's are expected points.
    """

    cards: Index
    human: Array
    machine: Array


def totals_of(material: Material, criteria: set[str] | None = None) -> Totals:
    """Add up points.

    Parameters
    ----------
    material : Material
        Of the study.
    criteria : set of str, optional
        Which ones, as of a section; default: all that the scorecards hold.

    Returns
    -------
    Totals
        Of the cards on which people answered every one of them that applies to the machine. What
        only one side calls N/A counts for the other side alone.
    """
    joined = material.joined
    points = _Points(len(joined.cards))
    answered: dict[int, set[str]] = {}
    for compared in material.compared.values():
        answers = compared.answers
        if criteria is not None and answers.criterion not in criteria:
            continue
        own = [joined.grades[at][answers.criterion] for at in answers.items.tolist()]
        worth = material.points[answers.criterion]
        mean = _human_points(compared, material.reference, worth)
        points.human(answers.items, mean, float(worth.max()))
        points.machine(answers.items, _machine_points(own, answers, worth), float(worth.max()))
        for at in answers.items[(compared.people >= NOT_APPLICABLE).any(axis=1)].tolist():
            answered.setdefault(at, set()).add(answers.criterion)
    complete = [
        at
        for at, names in sorted(answered.items())
        if all(
            name in names or grade.status is GradeStatus.NOT_APPLICABLE
            for name, grade in joined.grades[at].items()
            if criteria is None or name in criteria
        )
    ]
    cards = np.array(complete, dtype=np.int64)
    human, machine = points.totals(cards)
    known = np.isfinite(human) & np.isfinite(machine)
    return Totals(cards[known], human[known], machine[known])


class _Points:
    def __init__(self, size: int) -> None:
        self._sums = np.zeros((4, size))  # of people, their possible; of the machine, its possible

    def human(self, items: Index, points: Array, possible: float) -> None:
        self._add(0, items, points, possible)

    def machine(self, items: Index, points: Array, possible: float) -> None:
        self._add(2, items, points, possible)

    def _add(self, row: int, items: Index, points: Array, possible: float) -> None:
        known = np.isfinite(points)
        self._sums[row, items[known]] += points[known]
        self._sums[row + 1, items[known]] += possible

    def totals(self, cards: Index) -> tuple[Array, Array]:
        own, possible, machine, machine_possible = self._sums[:, cards]
        return 100 * ratio_or_nan(own, possible), 100 * ratio_or_nan(machine, machine_possible)


def _human_points(compared: Compared, reference: str, worth: Array) -> Array:
    """Give the mean of people's points; NaN where the criterion does not apply to them."""
    # The level nearest to a mean is the lower of two as near: totals of it would be too low.
    people = compared.answers.human if reference == MEAN else compared.people
    given = people >= 0
    points = np.where(given, worth[np.maximum(people, 0)], 0.0).sum(axis=1)
    applies = (compared.people >= 0).any(axis=1)
    return np.where(applies, ratio_or_nan(points, given.sum(axis=1)), np.nan)


def _machine_points(own: Sequence[Grade], answers: Answers, worth: Array) -> Array:
    """Give expected points, or those of the level; NaN where the criterion does not apply."""
    expected = np.array([np.nan if grade.points is None else grade.points for grade in own])
    of_level = np.where(answers.machine >= 0, worth[answers.machine], np.nan)
    found = np.where(np.isfinite(expected), expected, of_level)
    return np.where(answers.machine == NOT_APPLICABLE, np.nan, found)


def total_figures(
    material: Material, totals: Totals, criteria: set[str] | None = None
) -> dict[str, Any]:
    """Give how machine and people agree on totals, and two people with each other.

    Parameters
    ----------
    material : Material
        Of the study.
    totals : Totals
        Of the whole card or of a section.
    criteria : set of str, optional
        Those of the section.

    Returns
    -------
    dict
        ``items``, figures of machine and people, and those of `people_figures`.
    """
    n = len(totals.cards)
    people = people_figures(material, totals.cards, totals.machine, criteria)
    if n < 2:
        reason = "people answered every criterion of fewer than two conversations"
        names = [*number_draws(np.zeros(len(MOMENTS))), "spearman"]
        none = dict.fromkeys(names, Estimate(None, n=n, reason=reason))
        return {"items": n, **none, **people}
    sums, estimate = _of_totals(material, totals)
    draws = number_draws(sums(item_moments(totals.human - 50, totals.machine - 50)))
    codes = material.code[totals.cards]
    pairs = (totals.human, totals.machine, np.ones(n))
    draws["spearman"] = spearman_draws(material.bootstrap, codes, *pairs)
    found = {name: estimate(of) for name, of in draws.items()}
    correlations = {name: found[name].within(-1, 1) for name in ("pearson", "spearman")}
    return {"items": n, **found, **correlations, **people}


def _of_totals(
    material: Material, totals: Totals
) -> tuple[Callable[[Array], Array], Callable[[Array], Estimate]]:
    bootstrap, code = material.bootstrap, material.code[totals.cards]
    clusters = len(np.unique(code))

    def sums(parts: Array) -> Array:
        return bootstrap.sums(parts, code)

    def estimate(draws: Array) -> Estimate:
        reason = "totals do not vary here"
        return bootstrap.estimate(draws, len(totals.cards), clusters, reason)

    return sums, estimate


def section_rows(material: Material, sections: Mapping[str, set[str]]) -> list[dict[str, Any]]:
    """Give the figures of each section.

    Parameters
    ----------
    material : Material
        Of the study.
    sections : mapping of str to set of str
        Section to its criteria.

    Returns
    -------
    list of dict
        In order.
    """
    return [
        {"section": name, **total_figures(material, totals_of(material, criteria), criteria)}
        for name, criteria in sections.items()
    ]


def lift_of_totals(material: Material, totals: Totals, poorest: float = 0.1) -> Estimate | None:
    """Tell how many more poor conversations the machine's lowest tenth holds than any tenth.

    Parameters
    ----------
    material : Material
        Of the study.
    totals : Totals
        Of the whole card.
    poorest : float, default 0.1
        Share of conversations that count as poor, by people's totals.

    Returns
    -------
    Estimate or None
        1 = no more than by chance; None where there are fewer than 10 totals.
    """
    if len(totals.cards) < 10:
        return None
    poor = totals.human <= np.quantile(totals.human, poorest)
    sums, estimate = _of_totals(material, totals)
    found = estimate(lift_of_sums(sums(lift_parts(totals.machine, poor.astype(float)))))
    return found.within(0, 10)  # a tenth cannot hold more than all of them
