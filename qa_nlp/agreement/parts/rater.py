"""How each rater grades beside the others who graded the same items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.material import Material
from qa_nlp.agreement.moments import (
    MOMENTS,
    continuous_kappa_of_moments,
    item_moments,
    pearson_of_moments,
)

__all__ = ["FEWEST_SHARED", "rater_rows"]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

FEWEST_SHARED: Final = 10
"""Shared grades below which a rater has no figures."""


def rater_rows(material: Material) -> list[dict[str, Any]]:
    """Compare each rater with the mean of the others on the same items.

    Severity is how many levels lower a rater grades than the others do on the same conversations
    and criteria; it hangs on who the others were. `qa_nlp.rater_effects` separates the raters of a
    whole network of shared items. Consistency is the correlation with the others' mean, which
    severity leaves as it is; agreement is the quadratic kappa of numbers with it, which severity
    lowers. Levels of different criteria are put on one scale: worst 0, best 1.

    Parameters
    ----------
    material : Material
        Of the study.

    Returns
    -------
    list of dict
        ``rater``, ``grades``, ``items_shared``, ``severity``, ``consistency``, ``agreement``; most
        severe first, then raters without figures.
    """
    names = material.joined.raters
    shared = _shared(material)
    given = _given(material, len(names))
    width = len(MOMENTS) + 1
    size = material.bootstrap.size
    parts = np.column_stack([item_moments(shared.others, shared.own), shared.gap])
    cells = shared.rater[:, None] * width + np.arange(width)
    codes = np.repeat(shared.code, width)
    counts = sparse.csr_array(
        (parts.ravel(), (codes, cells.ravel())), (size, max(len(names), 1) * width)
    )
    draws = material.bootstrap.draws_of_sparse(counts).reshape(-1, max(len(names), 1), width)
    rows = []
    for at, name in enumerate(names):
        own = shared.rater == at
        n, clusters = int(own.sum()), len(np.unique(shared.code[own]))
        sums = draws[:, at, :-1]
        figures = {
            "severity": -draws[:, at, -1] / np.where(sums[:, 0] > 0, sums[:, 0], np.nan),
            "consistency": pearson_of_moments(sums),
            "agreement": continuous_kappa_of_moments(sums),
        }
        few = Estimate(None, n=n, reason=f"fewer than {FEWEST_SHARED} grades beside others'")
        rows.append(
            {"rater": name, "grades": int(given[at]), "items_shared": n}
            | {
                figure: material.bootstrap.estimate(of, n, clusters, "grades do not vary here")
                if n >= FEWEST_SHARED
                else few
                for figure, of in figures.items()
            }
        )
    return sorted(rows, key=_by_severity)


def _by_severity(row: dict[str, Any]) -> tuple[bool, float, str]:
    value = row["severity"].value
    return (value is None, -(value or 0.0), row["rater"])


def _given(material: Material, raters: int) -> Index:
    counts = np.zeros(raters, dtype=np.int64)
    for answers in material.joined.answers:
        known = answers.rater[(answers.human >= -1) & (answers.rater >= 0)]
        counts += np.bincount(known, minlength=raters)
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """Grades beside which others stand; own and the others' mean from 0 (worst) to 1 (best)."""

    rater: Index
    code: Index
    own: Array
    others: Array
    gap: Array  # own minus the others' mean, in levels


def _shared(material: Material) -> _Shared:
    found = []
    for answers in material.joined.answers:
        given = answers.human >= 0
        count = given.sum(axis=1)
        position = np.where(given, answers.human, 0).astype(np.float64)
        row, column = np.nonzero(given & (count > 1)[:, None] & (answers.rater >= 0))
        own = position[row, column]
        others = (position.sum(axis=1)[row] - own) / (count[row] - 1)
        best = max(len(answers.levels) - 1.0, 1.0)
        code = material.codes(answers)[row]
        found.append((answers.rater[row, column], code, own / best, others / best, own - others))
    return _Shared(*map(np.concatenate, zip(*found, strict=True)))
