"""Agreement within groups of conversations, such as teams and languages; small groups protected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats

from qa_nlp.agreement.chance import cohen_kappa_of_tables, exact_of_tables
from qa_nlp.agreement.criterion_figures import GroupFigures
from qa_nlp.agreement.estimates import TOO_FEW_CLUSTERS, Estimate
from qa_nlp.agreement.fairness import holm
from qa_nlp.agreement.figures import estimates
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.moments import (
    difference_of_standardised_means_of_moments,
    pearson_of_moments,
    standardised_mean_difference_of_moments,
)
from qa_nlp.agreement.rules import Rules

__all__ = ["SMALLEST_GROUP", "GroupRow", "group_part"]

SMALLEST_GROUP: Final = 10
"""Graded conversations below which a group's figures are not shown: they would tell of persons."""

_FIGURES: Final = (
    "quadratic_kappa",
    "pearson",
    "exact",
    "standardised_mean_difference",
    "difference_of_standardised_means",
)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Agreement on one criterion within one group.

    Parameters
    ----------
    by, group : str
        What groups are of, and which.
    items, clusters : int
        Its size.
    found : dict of str to Estimate
        Figures; empty where the group is too small to be shown.
    figures : GroupFigures, optional
        What the decision reads; None where the group is too small to be shown.
    """

    by: str
    group: str
    items: int
    clusters: int
    found: dict[str, Estimate]
    figures: GroupFigures | None

    def to_dict(self) -> dict[str, Any]:
        """Give the row as a mapping; estimates stay as they are.

        Returns
        -------
        dict
            As the study holds it.
        """
        small = Estimate(None, n=self.items, reason="the group is too small to be shown")
        return {
            "by": self.by,
            "group": self.group,
            "items": self.items,
            "clusters": self.clusters,
            "shown": self.figures is not None,
            **{name: self.found.get(name, small) for name in _FIGURES},
            "p_adjusted": None if self.figures is None else self.figures.p_adjusted,
        }


def group_part(
    material: Material,
    compared: Compared,
    by: str,
    groups: Sequence[str | None],
    rules: Rules,
) -> list[GroupRow]:
    """Compute the figures of each group on one criterion.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of the criterion.
    by : str
        What groups are of.
    groups : sequence of (str or None)
        The group of each card; None leaves it out.
    rules : Rules
        From how many items on a group is judged: p-values are adjusted over these.

    Returns
    -------
    list of GroupRow
        Largest first; empty where there is one group only.
    """
    answers = compared.answers
    own = np.array(["" if (g := groups[at]) is None else f"={g}" for at in answers.items])
    paired = np.zeros(len(own), dtype=bool)
    paired[compared.rows] = True
    names, counts = np.unique(own[paired & (own != "")], return_counts=True)
    if len(names) < 2:
        return []
    order = sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda g: (-g[1], g[0]))
    pairs = compared.levels
    numbers = (compared.human, compared.machine)
    everyone = material.moments(answers, pairs.item, numbers, pairs.weight)
    rows, chances = [], {}
    for name, items in order:
        part = compared.where(own == name)
        clusters = len(np.unique(material.codes(answers)[part.rows]))
        found = _figures(material, part, everyone) if items >= SMALLEST_GROUP else {}
        if found and items >= rules.group_items:
            chances[name] = _chance(found["difference_of_standardised_means"], rules.level)
        rows.append((name, items, clusters, found))
    known = {name: p for name, p in chances.items() if p is not None}
    adjusted = (
        dict(zip(known, np.atleast_1d(holm(list(known.values()))), strict=True)) if known else {}
    )
    return [
        GroupRow(
            by,
            name[1:],
            items,
            clusters,
            found,
            GroupFigures(
                by,
                name[1:],
                items,
                clusters,
                found["difference_of_standardised_means"],
                float(adjusted[name]) if name in adjusted else None,
            )
            if found
            else None,
        )
        for name, items, clusters, found in rows
    ]


def _figures(
    material: Material, part: Compared, everyone: np.ndarray[Any, Any]
) -> dict[str, Estimate]:
    answers, pairs = part.answers, part.levels
    tables = material.tables(pairs, answers)
    moments = material.moments(answers, pairs.item, (part.human, part.machine), pairs.weight)
    draws = {
        "quadratic_kappa": cohen_kappa_of_tables(tables, "quadratic"),
        "exact": exact_of_tables(tables),
        "pearson": pearson_of_moments(moments),
        "standardised_mean_difference": standardised_mean_difference_of_moments(moments),
        "difference_of_standardised_means": difference_of_standardised_means_of_moments(
            moments, everyone
        ),
    }
    return estimates(material, answers, draws, pairs.item, tables[0])


def _chance(found: Estimate, level: float) -> float | None:
    """Give the p-value of a difference of 0, from the length of its interval."""
    if found.value is None or found.low is None or found.high is None:
        return None
    freedom = max(found.clusters - 1, TOO_FEW_CLUSTERS)
    reach = (found.high - found.low) / 2
    if reach <= 0:
        return 1.0 if found.value == 0 else 0.0
    error = reach / float(stats.t.ppf((1 + level) / 2, freedom))
    return float(2 * stats.t.sf(abs(found.value) / error, freedom))
