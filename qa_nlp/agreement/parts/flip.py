"""How often a grade changes when only names, spellings or gendered words of a conversation do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qa_nlp.agreement.estimates import Bootstrap
from qa_nlp.agreement.figures import as_share
from qa_nlp.errors import GradesError

__all__ = ["flip_part"]

_FIELDS = ("transcript_id", "group_id", "kind", "criterion", "flipped")


def flip_part(counterfactuals: Any, rounds: int, level: float = 0.95) -> dict[str, Any] | None:
    """Sum up a table of counterfactual grades.

    Parameters
    ----------
    counterfactuals : object or mapping, optional
        With ``to_dict()``, or what that gives: ``rows`` of ``transcript_id``, ``group_id``,
        ``kind``, ``criterion``, ``flipped``, ``expected`` and ``changed_expected``.
    rounds : int
        Resamples of whole groups.
    level : float, default 0.95
        Of confidence.

    Returns
    -------
    dict or None
        ``kinds``: for each kind of words and criterion ``pairs``, ``flip_rate`` and
        ``mean_shift``, which is in values of the level and above 0 where the change raised grades.

    Raises
    ------
    GradesError
        When it is no such table.
    """
    if counterfactuals is None:
        return None
    table = counterfactuals.to_dict() if hasattr(counterfactuals, "to_dict") else counterfactuals
    rows = table.get("rows") if isinstance(table, Mapping) else None
    if rows is None or any(name not in row for row in rows for name in _FIELDS):
        raise GradesError("counterfactuals must be what Scorer.counterfactuals gives")
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["criterion"]), []).append(row)
    return {
        "kinds": [
            {"kind": kind, "criterion": criterion, **_figures(own, rounds, level)}
            for (kind, criterion), own in groups.items()
        ]
    }


def _figures(rows: Sequence[Mapping[str, Any]], rounds: int, level: float) -> dict[str, Any]:
    bootstrap = Bootstrap([row["group_id"] for row in rows], rounds, level=level)
    flipped = np.array([float(row["flipped"]) for row in rows])
    shift = np.array([_shift(row) for row in rows], dtype=np.float64)
    known = np.isfinite(shift)
    columns = (flipped, np.ones(len(rows)), np.where(known, shift, 0.0), known.astype(float))
    sums = bootstrap.sums(np.column_stack(columns))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, mean = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
    return {
        "pairs": len(rows),
        "flip_rate": as_share(bootstrap.estimate(rate, len(rows)), level),
        "mean_shift": bootstrap.estimate(
            mean, int(known.sum()), len(set(bootstrap.codes[known].tolist())), "no expected values"
        ),
    }


def _shift(row: Mapping[str, Any]) -> float:
    before, after = row.get("expected"), row.get("changed_expected")
    return float("nan") if before is None or after is None else after - before
