"""Learn from draws of graded conversations, and resample what was graded with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.statistics import kappas_of_tables
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.fitting import fit_model
from qa_nlp.calibration.grading import middle_level

__all__ = ["RESAMPLES", "draw", "resample"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

RESAMPLES: Final = 400
"""Of groups and draws, for intervals."""


def draw(
    data: CriterionData,
    groups: Index,
    sizes: Sequence[int],
    repeats: int,
    seed: int,
    progress: Callable[[], None],
) -> list[Array]:
    """Learn from draws of each size and grade the other groups.

    Parameters
    ----------
    data : CriterionData
        The grades.
    groups : ndarray of int64, shape (groups,)
        Those with a grade other than N/A, in increasing order.
    sizes : sequence of int
        How many groups to learn from, each below the number of groups.
    repeats : int
        Draws; a larger draw holds the smaller ones of the same repeat.
    seed : int
        Of the draws.
    progress : callable
        Called after each repeat.

    Returns
    -------
    list of ndarray of float64, shapes (repeats, groups, levels * levels)
        By size: how often each pair of levels occurs among the grades of the groups left out of
        each draw; machine times levels plus person.
    """
    found: list[list[Array]] = [[] for _ in sizes]
    for repeat in range(repeats):
        order = np.random.default_rng([seed, repeat]).permutation(groups)
        for place, size in enumerate(sizes):
            if size or not repeat:  # the rubric's own model is the same in every draw
                found[place].append(_test(data, groups, order[:size]))
            else:
                found[place].append(found[place][0])
        progress()
    return [np.array(draws) for draws in found]


def _test(data: CriterionData, groups: Index, chosen: Index) -> Array:
    inside = np.isin(data.groups, chosen)
    model = fit_model(_seen(data, inside), held_out=0).model if len(chosen) else data.prior
    tested = (data.level >= 0) & ~inside[data.item]
    item, people = data.item[tested], data.level[tested]
    rows, place = np.unique(item, return_inverse=True)
    machine = np.array([middle_level(one) for one in data.chances(model, rows)])[place]
    levels = len(data.criterion.levels)
    cell = np.searchsorted(groups, data.groups[item]) * levels**2 + machine * levels + people
    counts = np.bincount(cell, minlength=len(groups) * levels**2).astype(np.float64)
    return counts.reshape(len(groups), levels**2)


def _seen(data: CriterionData, inside: NDArray[np.bool_]) -> CriterionData:
    """Hold out all other rows; what text models keep for reuse must not outlive one draw."""
    views, turns = data.views, data.turns
    return replace(
        data,
        folds=np.where(inside, 1, 0),
        views=None if views is None else views.fresh(),
        turns=None if turns is None else replace(turns, views=turns.views.fresh()),
    )


def resample(tested: Sequence[Array], levels: int, seed: int) -> Array:
    """Give kappa on resampled groups and draws, the same ones for all sizes.

    All draws come from the same groups, which the resampling, done after learning, does not see.
    Kappa averaged over draws is a U-statistic of the groups (Hoeffding 1948, "A class of statistics
    with asymptotically normal distribution"): its variance for this reason is about n ÷ groups
    times that between calibrations, by which the replicates are widened.

    Parameters
    ----------
    tested : sequence of ndarray
        What `draw` gave.
    levels : int
        How many levels there are.
    seed : int
        Of the resampling.

    Returns
    -------
    ndarray of float64, shape (resamples, sizes)
        NaN where a resample has no kappa.
    """
    repeats, groups, _ = tested[0].shape
    random = np.random.default_rng([seed, repeats, 1])
    times = random.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES).astype(np.float64)
    draws = random.multinomial(repeats, np.full(repeats, 1 / repeats), RESAMPLES)
    found = []
    for drawn in tested:
        pooled = np.zeros((RESAMPLES, levels**2))
        for repeat, counts in enumerate(drawn):
            pooled += draws[:, repeat, None] * (times @ counts)
        kappas = kappas_of_tables(pooled.reshape(-1, levels, levels))
        fixed = kappas_of_tables((times @ drawn.sum(axis=0)).reshape(-1, levels, levels))
        single = kappas_of_tables(drawn.sum(axis=1).reshape(-1, levels, levels))
        tested_groups = float(np.mean((drawn.sum(axis=2) > 0).sum(axis=1)))
        between = _learning_variance(single, _variance(fixed), tested_groups, groups)
        found.append(_widened(kappas, (1.0 - tested_groups / groups) * between))
    return np.array(found).T


def _variance(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.var(ddof=1)) if len(known) > 1 else 0.0


def _learning_variance(single: Array, fixed: float, tested: float, groups: int) -> float:
    """Give the variance between calibrations, without that of their test parts."""
    return max(0.0, _variance(single) - fixed * (groups - tested) / tested)


def _widened(kappas: Array, more: float) -> Array:
    """Spread values around their median so that their variance grows by as much."""
    spread = _variance(kappas)
    if spread <= 0.0:
        return kappas
    middle = float(np.nanmedian(kappas))
    return np.clip(middle + (kappas - middle) * math.sqrt(1.0 + more / spread), -1.0, 1.0)
