"""How far calibrated grades agree with single people, all graded out of fold."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.agreement_figures import (
    degradation_draws,
    estimates,
    machine_draws,
    people_draws,
    prmse_draws,
    to_dicts,
)
from benchmarks.parts.agreement_ratings import MISSING, graded_by_several
from benchmarks.parts.calibration_methods import Told, own_out_of_fold
from benchmarks.parts.calibration_sets import CORPORA, MAIA_SETS, GradedSet, graded_set
from qa_nlp.agreement.estimates import Bootstrap
from qa_nlp.agreement.true_score import kappa_ceilings

__all__ = ["GRADED_SETS", "machine_figures", "measure_machine", "ratings_by_item"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

GRADED_SETS: Final = (
    *(f"MAIA {kind}" for kind in MAIA_SETS),
    *(f"{corpus} {kind}" for corpus in CORPORA for kind in ("dialogues", "turns")),
)
"""The turns are of the first dialogues of each part, as in the benchmark of calibration."""


def measure_machine(folder: Path) -> dict[str, Any]:
    """Measure the calibrated scorer on MAIA and USS.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    dict
        By set, see `machine_figures`.
    """
    found = {}
    for name in GRADED_SETS:
        graded = graded_set(folder, name)
        found[name] = machine_figures(graded, own_out_of_fold(graded))
        print(f"  {name}: {found[name]['machine and person']['quadratic kappa']}", flush=True)
    return found


def machine_figures(graded: GradedSet, told: Told) -> dict[str, Any]:
    """Measure one set.

    Parameters
    ----------
    graded : GradedSet
        With the grades of people.
    told : Told
        What the machine says of every transcript.

    Returns
    -------
    dict
        Sizes and ``machine and person``; where items have two grades or more also ``people`` and
        ``degradation`` on these, ``PRMSE`` and ``ceilings``.
    """
    ratings = ratings_by_item(graded.data.item, graded.data.level, len(graded.data.rows))
    bootstrap = Bootstrap(graded.data.groups.tolist())
    several = graded_by_several(ratings)
    machine = (ratings, told.level, told.expected, graded.values)
    compared = machine_draws(bootstrap, *machine)
    everyone = np.ones(len(ratings), dtype=np.bool_)
    found: dict[str, Any] = {
        "items": len(ratings),
        "groups": bootstrap.size,
        "grades": len(graded.data.item),
        "graded by several": int(several.sum()),
        "machine and person": to_dicts(estimates(bootstrap, compared, everyone)),
    }
    return found | (_beside_people(bootstrap, several, *machine) if several.any() else {})


def _beside_people(
    bootstrap: Bootstrap,
    several: NDArray[np.bool_],
    ratings: Index,
    level: Index,
    expected: Array,
    values: Array,
) -> dict[str, Any]:
    people = people_draws(bootstrap, ratings, len(values))
    degraded = degradation_draws(bootstrap, ratings, level, expected, values)
    explained = {"PRMSE": prmse_draws(bootstrap, ratings, expected, values)}
    ceilings = kappa_ceilings(float(people["ICC(1)"][0]))
    return {
        "people": to_dicts(estimates(bootstrap, people, several)),
        "degradation": to_dicts(estimates(bootstrap, degraded, several)),
        **to_dicts(estimates(bootstrap, explained, np.ones_like(several))),
        "ceilings": {
            "ideal": _known(ceilings.ideal),
            "human-like": _known(ceilings.human_like),
        },
    }


def _known(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def ratings_by_item(item: Index, level: Index, items: int) -> Index:
    """Bring a list of grades into a table with a row for each item.

    Parameters
    ----------
    item : ndarray of int64, shape (grades,)
        What was graded.
    level : ndarray of int64, shape (grades,)
        Positions of levels.
    items : int
        How many there are.

    Returns
    -------
    ndarray of int64, shape (items, most grades)
        In the order of the list; `MISSING` after the last grade of an item.

    Examples
    --------
    >>> ratings_by_item(np.array([1, 0, 1]), np.array([4, 2, 3]), 2).tolist()
    [[2, -2], [4, 3]]
    """
    order = np.argsort(item, kind="stable")
    counts = np.bincount(item, minlength=items)
    seat = np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((items, int(counts.max(initial=0))), MISSING, dtype=np.int64)
    table[item[order], seat] = level[order]
    return table
