"""Agreement within groups of conversations, such as teams and languages; small groups protected."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from qa_nlp.agreement.chance import cohen_kappa_of_tables, exact_of_tables
from qa_nlp.agreement.estimates import TOO_FEW_CLUSTERS, Estimate
from qa_nlp.agreement.fairness import holm
from qa_nlp.agreement.figures import estimates
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.moments import (
    difference_of_standardised_means_of_moments,
    pearson_of_moments,
    standardised_mean_difference_of_moments,
)
from qa_nlp.agreement.verdicts.figures import GroupFigures
from qa_nlp.agreement.verdicts.rules import Rules

__all__ = ["SMALLEST_GROUP", "GroupRow", "group_part", "protected_groups"]

Array: TypeAlias = NDArray[np.float64]

SMALLEST_GROUP: Final = 10
"""Graded conversations below which a group's figures are not shown: they would tell of persons."""

_SMALL: Final = "the group is too small to be shown"
_BESIDE: Final = "a smaller group could be worked out from its figures, so they are not shown"

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
        Figures; empty where they are not shown.
    figures : GroupFigures
        What the decision reads.
    """

    by: str
    group: str
    items: int
    clusters: int
    found: dict[str, Estimate]
    figures: GroupFigures

    def to_dict(self) -> dict[str, Any]:
        """Give the row as a mapping; estimates stay as they are.

        Returns
        -------
        dict
            As the study holds it.
        """
        hidden = Estimate(None, n=self.items, reason=self.figures.dsm.reason)
        return {
            "by": self.by,
            "group": self.group,
            "items": self.items,
            "clusters": self.clusters,
            "shown": bool(self.found),
            **{name: self.found.get(name, hidden) for name in _FIGURES},
            "p_adjusted": self.figures.p_adjusted,
        }


def protected_groups(sizes: Mapping[str, int], ungrouped: int = 0) -> frozenset[str]:
    """Tell which groups of one grouping must not be shown.

    Those of fewer than 10 items, since their figures would tell of persons. A group that is hidden
    alone is the whole less the groups that are shown, so the next smallest is hidden with it, until
    two groups of 10 items together are hidden (complementary suppression; Hundepool and others,
    2012, "Statistical Disclosure Control", ch. 4). Items of no group hide others as a group does.

    Parameters
    ----------
    sizes : mapping of str to int
        Items of each group.
    ungrouped : int, default 0
        Items of no group.

    Returns
    -------
    frozenset of str
        Groups to hide.

    Examples
    --------
    >>> sorted(protected_groups({"north": 6, "south": 40, "west": 80}))
    ['north', 'south']
    >>> sorted(protected_groups({"en": 44, "pt": 7, "ro": 6}))
    ['pt', 'ro']
    """
    upwards = sorted(sizes, key=lambda name: (sizes[name], name))
    hidden = [name for name in upwards if sizes[name] < SMALLEST_GROUP]
    if not hidden:
        return frozenset()
    for name in upwards[len(hidden) :]:
        items = ungrouped + sum(sizes[one] for one in hidden)
        if len(hidden) + (ungrouped > 0) > 1 and items >= SMALLEST_GROUP:
            break
        hidden.append(name)
    return frozenset(hidden)


def group_part(
    material: Material,
    compared: Compared,
    groups: Mapping[str, Sequence[str | None]],
    rules: Rules,
) -> list[GroupRow]:
    """Compute the figures of each group on one criterion.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of the criterion.
    groups : mapping of str to sequence of (str or None)
        By what to group, to the group of each card; None leaves it out.
    rules : Rules
        From how many items on a group is judged: p-values are adjusted over these, of all
        groupings.

    Returns
    -------
    list of GroupRow
        By grouping, largest first; nothing of a grouping that has one group only.
    """
    answers, pairs = compared.answers, compared.levels
    numbers = (compared.human, compared.machine)
    everyone = material.moments(answers, pairs.item, numbers, pairs.weight)
    rows = [
        row
        for by, of_cards in groups.items()
        for row in _rows(material, compared, by, [of_cards[at] for at in answers.items], everyone)
    ]
    chances = [
        _chance(row.figures.dsm, rules.level) if row.items >= rules.group_items else math.nan
        for row in rows
    ]
    adjusted = holm(chances).tolist()
    return [
        row if math.isnan(p) else replace(row, figures=replace(row.figures, p_adjusted=p))
        for row, p in zip(rows, adjusted, strict=True)
    ]


def _rows(
    material: Material, compared: Compared, by: str, own: Sequence[str | None], everyone: Array
) -> Iterator[GroupRow]:
    sizes = Counter(name for row in compared.rows if (name := own[row]) is not None)
    if len(sizes) < 2:
        return
    codes = material.codes(compared.answers)
    hidden = protected_groups(sizes, len(compared.rows) - sizes.total())
    for name, items in sorted(sizes.items(), key=lambda size: (-size[1], size[0])):
        part = compared.where(np.array([one == name for one in own], dtype=bool))
        clusters = len(np.unique(codes[part.rows]))
        if name in hidden:
            reason = _SMALL if items < SMALLEST_GROUP else _BESIDE
            found, dsm = {}, Estimate(None, n=items, clusters=clusters, reason=reason)
        else:
            found = _figures(material, part, everyone)
            dsm = found["difference_of_standardised_means"]
        figures = GroupFigures(by, name, items, clusters, dsm)
        yield GroupRow(by, name, items, clusters, found, figures)


def _figures(material: Material, part: Compared, everyone: Array) -> dict[str, Estimate]:
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


def _chance(found: Estimate, level: float) -> float:
    """Give the p-value of a difference of 0, from the length of its interval; NaN without one."""
    if found.value is None or found.low is None or found.high is None:
        return math.nan
    freedom = max(found.clusters - 1, TOO_FEW_CLUSTERS)
    reach = (found.high - found.low) / 2
    if reach <= 0:
        return 1.0 if found.value == 0 else 0.0
    error = reach / float(stats.t.ppf((1 + level) / 2, freedom))
    return float(2 * stats.t.sf(abs(found.value) / error, freedom))
