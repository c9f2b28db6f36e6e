"""Agreement of two people on sections and totals, and what the machine loses beside them."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.figures import number_draws
from qa_nlp.agreement.joined import NOT_APPLICABLE
from qa_nlp.agreement.material import Material
from qa_nlp.agreement.moments import item_moments, ratio_or_nan
from qa_nlp.agreement.pair_tables import Pairs, human_pairs, machine_pairs

__all__ = ["people_figures", "person_totals"]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

_FIGURES: Final = ("pearson", "mean_absolute_error")
_ALONE: Final = "no two known raters answered every criterion of the same conversations"
_MIDDLE: Final = 50.0


def person_totals(material: Material, cards: Index, criteria: set[str] | None = None) -> Array:
    """Give each known rater's total of each card.

    Parameters
    ----------
    material : Material
        Of the study.
    cards : ndarray of int64, shape (n,)
        Places in `Joined.cards`.
    criteria : set of str, optional
        Which ones, as of a section; default: all that were graded.

    Returns
    -------
    ndarray of float64, shape (n, r)
        100 × points ÷ possible points over what applies to the rater; NaN where there are fewer
        totals. A rater's total counts where they answered all that any rater of the card did.
    """
    raters = len(material.joined.raters)
    place = np.full(len(material.joined.cards), -1, dtype=np.int64)
    place[cards] = np.arange(len(cards))
    points, possible, answered = (np.zeros((len(cards), raters)) for _ in range(3))
    asked = np.zeros(len(cards))
    for compared in material.compared.values():
        answers = compared.answers
        if criteria is not None and answers.criterion not in criteria:
            continue
        worth = material.points[answers.criterion]
        here = place[answers.items]
        given = (answers.human >= NOT_APPLICABLE) & (answers.rater >= 0) & (here >= 0)[:, None]
        asked[here[(here >= 0) & (answers.human >= NOT_APPLICABLE).any(axis=1)]] += 1
        row, column = np.nonzero(given)
        level, cell = answers.human[row, column], (here[row], answers.rater[row, column])
        applies = level >= 0
        np.add.at(answered, cell, 1.0)
        np.add.at(points, cell, np.where(applies, worth[np.maximum(level, 0)], 0.0))
        np.add.at(possible, cell, np.where(applies, worth.max(), 0.0))
    whole = (answered > 0) & (answered == asked[:, None])
    totals = np.where(whole, 100 * ratio_or_nan(points, possible), np.nan)
    # only as many columns as one card has totals
    totals = np.sort(totals, axis=1)
    most = int(np.isfinite(totals).sum(axis=1).max(initial=0))
    return np.asarray(totals[:, :most])


def people_figures(
    material: Material, cards: Index, machine: Array, criteria: set[str] | None = None
) -> dict[str, Any]:
    """Give how two people agree on totals, and what is lost with the machine in place of one.

    Parameters
    ----------
    material : Material
        Of the study.
    cards : ndarray of int64, shape (n,)
        Places in `Joined.cards`.
    machine : ndarray of float64, shape (n,)
        The machine's totals of these.
    criteria : set of str, optional
        As `person_totals` takes it.

    Returns
    -------
    dict
        ``human_human`` and ``degradation``, each with ``pearson`` and ``mean_absolute_error``; an
        item counts 1. A degradation of the error above 0 means that the machine is further off.
    """
    totals = person_totals(material, cards, criteria)
    twice = np.isfinite(totals).sum(axis=1) > 1
    n = int(twice.sum())
    if n < 2:
        none = dict.fromkeys(_FIGURES, Estimate(None, n=n, reason=_ALONE))
        return {"human_human": none, "degradation": none}
    columns = np.arange(totals.shape[1])
    slots = np.where(np.isfinite(totals) & twice[:, None], columns, -1)
    among = human_pairs(slots, "item")
    single = machine_pairs(slots, np.where(twice, 0, -1))
    code = material.code[cards]
    clusters = len(np.unique(code[twice]))

    def draws(pairs: Pairs, second: Array) -> dict[str, Array]:
        first = totals[pairs.item, pairs.first]
        parts = item_moments(first - _MIDDLE, second - _MIDDLE, pairs.weight)
        bootstrap = material.bootstrap
        return number_draws(bootstrap.sums(parts, code[pairs.item]))

    human = draws(among, totals[among.item, among.second])
    beside = draws(single, machine[single.item])

    def estimate(of: Array) -> Estimate:
        return material.bootstrap.estimate(of, n, clusters, "totals do not vary here")

    return {
        "human_human": {name: estimate(human[name]) for name in _FIGURES},
        "degradation": {name: estimate(beside[name] - human[name]) for name in _FIGURES},
    }
