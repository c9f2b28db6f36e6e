"""What a few grades reach, beside all of them and beside the baselines.

Some conversations are drawn, one grade of each is learnt from, and the groups that were not drawn
are graded. All methods see the same draws, so that a lead is measured draw by draw.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import Figure
from benchmarks.parts.calibration_kept import once
from benchmarks.parts.calibration_methods import METHODS, OWN, Told, own_out_of_fold
from benchmarks.parts.calibration_sets import CORPORA, MAIA_SETS, GradedSet, graded_set
from benchmarks.parts.measures import rank_correlation
from benchmarks.parts.resampling import Resampler
from qa_nlp.agreement.statistics import quadratic_kappa

__all__ = [
    "DRAWS",
    "SETS",
    "SIZES",
    "draw",
    "draw_rows",
    "figures_of",
    "measure_few",
    "summarise",
]

Index = NDArray[np.int64]

DRAWS: Final = 30
SIZES: Final[Mapping[str, Sequence[int]]] = {
    "MAIA": (25, 50, 100),
    **dict.fromkeys(CORPORA, (25, 50, 100, 200)),
}
SETS: Final = (
    *(f"MAIA {kind}" for kind in MAIA_SETS),
    *(f"{corpus} {kind}" for corpus in CORPORA for kind in ("turns", "dialogues")),
)
KAPPA: Final = "QWK"
RHO: Final = "rho"


def measure_few(folder: Path, draws: int = DRAWS) -> dict[str, Any]:
    """Measure every set and number of grades.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    draws : int, default `DRAWS`
        How often grades are drawn.

    Returns
    -------
    dict
        By set: ``all`` (out of fold, by all grades), then by number of grades ``figures`` by
        method and ``leads`` of the library: mean over the draws and its 95 % interval.
    """
    found = {}
    for name in SETS:
        graded = graded_set(folder, name)
        found[name] = once("few", graded, draws, functools.partial(_measure, graded, draws))
    return found


def _measure(graded: GradedSet, draws: int) -> dict[str, Any]:
    every = figures_of(graded, np.arange(len(graded.truth)), own_out_of_fold(graded))
    cells: dict[str, Any] = {"all": {what: round(value, 4) for what, value in every.items()}}
    for size in SIZES[graded.name.split()[0]]:
        cells[str(size)] = summarise(list(_draws(graded, size, draws)))
        print(f"  {graded.name}, {size}: {cells[str(size)]['figures'][OWN]}", flush=True)
    return cells


def _draws(graded: GradedSet, size: int, draws: int) -> Iterator[dict[str, dict[str, float]]]:
    for seed in range(draws):
        known, learn, judge = draw(graded, size, seed)
        yield {
            name: figures_of(graded, judge, method(known, learn, judge))
            for name, method in METHODS.items()
        }


def draw(graded: GradedSet, size: int, seed: int) -> tuple[GradedSet, Index, Index]:
    """Draw conversations of different groups, and one grade of each.

    Parameters
    ----------
    graded : GradedSet
        With all grades.
    size : int
        How many; no more than there are groups.
    seed : int
        Of the draw.

    Returns
    -------
    tuple of (GradedSet, ndarray of int64, ndarray of int64)
        The same conversations, those drawn with one grade each; which were drawn; and those of the
        other groups.
    """
    groups = graded.data.groups
    learn = draw_rows(groups, size, seed)
    judge = np.flatnonzero(~np.isin(groups, groups[learn]))
    return _single_grades(graded, learn), learn, judge


def draw_rows(groups: Index, size: int, seed: int) -> Index:
    """Draw rows of different groups.

    Parameters
    ----------
    groups : ndarray of int64, shape (n,)
        Group of each row.
    size : int
        How many; no more than there are groups.
    seed : int
        Of the draw.

    Returns
    -------
    ndarray of int64, shape (size,)
        In order.

    Examples
    --------
    >>> rows = draw_rows(np.array([0, 0, 1, 1, 2]), 3, 0)
    >>> np.array([0, 0, 1, 1, 2])[rows].tolist()
    [0, 1, 2]
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    return np.sort(order[random.permutation(first)[:size]])


def _single_grades(graded: GradedSet, learn: Index) -> GradedSet:
    """Leave of what is learnt from the grade that was drawn; other conversations keep theirs."""
    data = graded.data
    kept = ~np.isin(data.item, learn)
    kept[data.drawn[learn]] = True
    number = np.cumsum(kept) - 1
    return replace(
        graded,
        data=replace(
            data,
            item=data.item[kept],
            rater=data.rater[kept],
            level=data.level[kept],
            drawn=number[data.drawn],
        ),
    )


def figures_of(graded: GradedSet, rows: Index, told: Told) -> dict[str, float]:
    """Compare what a method says with what people said.

    Parameters
    ----------
    graded : GradedSet
        With all grades.
    rows : ndarray of int64, shape (n,)
        What was judged.
    told : Told
        Of these rows.

    Returns
    -------
    dict
        ``rho`` with the mean grade, and on MAIA, where each conversation has one grade, ``QWK``; 0
        where a method says the same of all.
    """
    all_rows = Resampler([str(row) for row in rows], rounds=0)
    found = {RHO: float(rank_correlation(all_rows, graded.truth[rows], told.expected)[0])}
    if graded.name.startswith("MAIA"):
        level = graded.data.level[rows]  # in the order of the conversations
        found[KAPPA] = quadratic_kappa(level, told.level, len(graded.values))
    return {name: 0.0 if np.isnan(value) else value for name, value in found.items()}


def summarise(draws: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """Average figures and paired leads over draws.

    Parameters
    ----------
    draws : sequence of mapping
        Of each draw, figures by method.

    Returns
    -------
    dict
        ``figures`` by method and ``leads`` over each other method: mean over the draws, and its
        95 % interval by their scatter.
    """
    figures = {
        name: {what: _mean([one[name][what] for one in draws]) for what in draws[0][name]}
        for name in draws[0]
    }
    leads = {
        name: {
            what: _mean([one[OWN][what] - one[name][what] for one in draws])
            for what in draws[0][name]
        }
        for name in draws[0]
        if name != OWN
    }
    return {"draws": len(draws), "figures": figures, "leads": leads}


def _mean(values: Sequence[float]) -> dict[str, float]:
    middle = float(np.mean(values))
    reach = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return Figure(middle, middle - reach, middle + reach).to_dict()
