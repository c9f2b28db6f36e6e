"""Whether the machine errs otherwise for some groups than for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.fairness import (
    GroupCoefficient,
    GroupEffect,
    conditional_score_difference,
    overall_score_accuracy,
    overall_score_difference,
)
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.parts.group import protected_groups
from qa_nlp.agreement.parts.level import rounded

__all__ = ["fairness_rows"]

_TESTS = {
    "accuracy": overall_score_accuracy,
    "difference": overall_score_difference,
    "conditional": conditional_score_difference,
}


def fairness_rows(
    material: Material, groups: Mapping[str, Sequence[str | None]]
) -> list[dict[str, Any]]:
    """Tell what groups explain of the machine's errors, criterion by criterion.

    Parameters
    ----------
    material : Material
        Of the study.
    groups : mapping of str to sequence of (str or None)
        By what to group, to the group of each card; protected groups are left out.

    Returns
    -------
    list of dict
        ``accuracy``, ``difference`` and ``conditional`` (share of variance explained and p-value,
        see `qa_nlp.agreement.fairness`), and ``groups``: each group's difference of mean error from
        the largest one, ``reference``, alone and at equal human grades, in values of the level.
    """
    found = []
    for by, of_cards in groups.items():
        for compared in material.compared.values():
            row = _row(material, compared, [of_cards[at] for at in compared.answers.items])
            if row is not None:
                found.append({"by": by, "criterion": compared.answers.criterion, **row})
    return found


def _row(
    material: Material, compared: Compared, own: Sequence[str | None]
) -> dict[str, Any] | None:
    pairs, answers = compared.levels, compared.answers
    # One row for each item: several raters of an item are no independent errors.
    rows, first = np.unique(pairs.item, return_index=True)
    weight = np.bincount(pairs.item, pairs.weight, minlength=len(answers.items))[rows]
    total = np.bincount(pairs.item, pairs.weight * compared.human, minlength=len(answers.items))
    human = total[rows] / weight
    nearest = np.abs(answers.values[None, :] - human[:, None]).argmin(axis=1)
    names = [own[row] for row in rows]
    sizes = Counter(name for name in names if name is not None)
    shown = set(sizes) - protected_groups(sizes, len(names) - sizes.total())
    if len(shown) < 2:
        return None
    kept = np.array([name in shown for name in names], dtype=bool)
    clusters = material.codes(answers)[rows[kept]].tolist()
    machine = compared.machine[first][kept]
    groups = [name for name, keep in zip(names, kept, strict=True) if keep]
    level = material.bootstrap.level
    effects: dict[str, GroupEffect] = {}
    for name, test in _TESTS.items():
        people = answers.values[nearest][kept] if name == "conditional" else human[kept]
        effects[name] = test(people, machine, groups, clusters, level)
    return {
        **{name: _explained(effect) for name, effect in effects.items()},
        "reference": effects["difference"].reference,
        "groups": [
            {
                "group": group.group,
                "difference": _estimate(group),
                "conditional": _estimate(same),
            }
            for group, same in zip(
                effects["difference"].groups, effects["conditional"].groups, strict=True
            )
        ],
    }


def _explained(effect: GroupEffect) -> dict[str, float | None]:
    return {
        "share": rounded(effect.share),
        "adjusted_share": rounded(effect.adjusted_share),
        "p": rounded(effect.p_value),
    }


def _estimate(group: GroupCoefficient) -> Estimate:
    value, low, high = (rounded(one) for one in (group.coefficient, group.low, group.high))
    reason = "it cannot be told apart here" if value is None else None
    return Estimate(value, low, high, n=group.n, reason=reason)
