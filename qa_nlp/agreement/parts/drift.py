"""Whether agreement changes between periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.chance import exact_of_tables
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.figures import number_draws
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.parts.group import SMALLEST_GROUP

__all__ = ["drift_rows"]

Array: TypeAlias = NDArray[np.float64]

_SHOWN: Final = 12


def drift_rows(material: Material, periods: Sequence[str | None]) -> list[dict[str, Any]]:
    """Compare each period with the one before, criterion by criterion.

    Parameters
    ----------
    material : Material
        Of the study.
    periods : sequence of (str or None)
        The period of each card, as text that sorts by time, such as ``"2025-03"``.

    Returns
    -------
    list of dict
        For the last 12 periods with 10 or more items: ``exact``, ``standardised_mean_difference``
        and ``change`` of the exact agreement since the period before. Empty with fewer than two.
    """
    found = []
    for compared in material.compared.values():
        answers = compared.answers
        own = np.array([periods[at] or "" for at in answers.items])
        paired = np.zeros(len(own), dtype=bool)
        paired[compared.rows] = True
        names, counts = np.unique(own[paired & (own != "")], return_counts=True)
        kept = [name for name, n in zip(names, counts, strict=True) if n >= SMALLEST_GROUP]
        if len(kept) > 1:
            parts = [(str(name), compared.where(own == name)) for name in kept[-_SHOWN:]]
            found += _rows(material, answers.criterion, parts)
    return found


def _rows(
    material: Material, criterion: str, parts: Sequence[tuple[str, Compared]]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    before: tuple[Array, Compared] | None = None
    for name, part in parts:
        pairs, answers = part.levels, part.answers
        exact = exact_of_tables(material.tables(pairs, answers))
        numbers = number_draws(
            material.moments(answers, pairs.item, (part.human, part.machine), pairs.weight)
        )
        smd = numbers["standardised_mean_difference"]
        first = Estimate(None, n=len(part.rows), reason="it is the first period")
        rows.append(
            {
                "period": name,
                "criterion": criterion,
                "items": len(part.rows),
                "exact": material.estimate(exact, part),
                "standardised_mean_difference": material.estimate(smd, part),
                "change": first if before is None else _change(material, exact, part, before),
            }
        )
        before = (exact, part)
    return rows


def _change(
    material: Material, exact: Array, part: Compared, before: tuple[Array, Compared]
) -> Estimate:
    earlier, smaller = (
        before[0],
        min(part, before[1], key=lambda one: len(_clusters(material, one))),
    )
    clusters = len(_clusters(material, smaller))
    return material.bootstrap.estimate(exact - earlier, len(part.rows), clusters)


def _clusters(material: Material, part: Compared) -> set[int]:
    return set(material.codes(part.answers)[part.rows].tolist())
