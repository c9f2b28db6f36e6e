"""Sets of levels over splits of the groups, and whether probabilities mean what they say."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import Figure
from benchmarks.parts.calibration import brier_skill, calibration_error
from benchmarks.parts.calibration_figures import BAD, constant_width
from benchmarks.parts.calibration_kept import once
from benchmarks.parts.calibration_methods import levels_of_chances, own_out_of_fold
from benchmarks.parts.calibration_sets import CORPORA, GradedSet, graded_set, take
from benchmarks.parts.resampling import figure
from qa_nlp.calibration.calibrator import LearntCriterion, learn_criterion
from qa_nlp.calibration.fitting import split_groups

__all__ = ["SETS", "SPLITS", "measure_level_sets", "split_rows"]

Index = NDArray[np.int64]

SPLITS: Final = 200
SETS: Final = (
    "MAIA task_success",
    *(f"{corpus} {kind}" for corpus in CORPORA for kind in ("turns", "dialogues")),
)
MOST_ROWS: Final = 1000
"""Conversations, or turns drawn from all dialogues, that the splits are made of."""

_SHARE: Final = {"MAIA": 0.6}
_FOLDS: Final = 5
_SEED: Final = 5


def measure_level_sets(folder: Path, splits: int = SPLITS) -> dict[str, Any]:
    """Measure sets and probabilities.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    splits : int, default `SPLITS`
        How often the groups are split.

    Returns
    -------
    dict
        By set: ``sets`` (means over the splits) and ``probabilities`` (out of fold).
    """
    found = {}
    for name in SETS:
        graded = graded_set(folder, name)
        found[name] = once(
            "level_sets", graded, splits, functools.partial(_measure, graded, splits)
        )
        print(f"  {name}: {found[name]}", flush=True)
    return found


def _measure(graded: GradedSet, splits: int) -> dict[str, Any]:
    return {"sets": _sets(graded, splits), "probabilities": _probabilities(graded)}


def split_rows(groups: Index, share: float, seed: int) -> tuple[Index, Index]:
    """Split rows in two by group.

    Parameters
    ----------
    groups : ndarray of int64, shape (n,)
        Group of each row.
    share : float
        Of the groups, in the first part.
    seed : int
        Of the draw.

    Returns
    -------
    tuple of ndarray of int64
        Rows of either part.

    Examples
    --------
    >>> first, second = split_rows(np.array([0, 0, 1, 1]), 0.5, 0)
    >>> len(first), len(second)
    (2, 2)
    """
    distinct = np.unique(groups)
    drawn = np.random.default_rng(seed).permutation(distinct)[: round(share * len(distinct))]
    inside = np.isin(groups, drawn)
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def _sets(graded: GradedSet, splits: int) -> dict[str, Any]:
    rows = np.arange(len(graded.data.rows))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(_SEED).choice(rows, MOST_ROWS, replace=False))
    share = _SHARE.get(graded.name.split()[0], 0.5)
    drawn = [_split(graded, rows, share, seed) for seed in range(splits)]
    figures = {name: [one[name] for one in drawn if np.isfinite(one[name])] for name in drawn[0]}
    narrower = 1 - np.mean(figures["width"]) / np.mean(figures["constant width"])
    return {
        "conversations or turns": len(rows),
        "splits": splits,
        "narrower than constant sets": round(float(narrower), 4),
        **{name: _spread(values) for name, values in figures.items()},
    }


def _spread(values: list[float]) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return Figure(float(np.mean(values)), float(low), float(high)).to_dict()


def _split(graded: GradedSet, rows: Index, share: float, seed: int) -> dict[str, float]:
    data = graded.data
    first, second = split_rows(data.groups[rows], share, seed)
    learn, judge = rows[first], rows[second]
    folds = split_groups(data.groups[learn], _FOLDS, seed)
    learnt = learn_criterion(take(data, learn, folds), [], _FOLDS)
    low, high = _members(graded, learnt, judge)
    place = np.full(len(data.rows), -1)
    place[judge] = np.arange(len(judge))
    known = place[data.item] >= 0
    item, level = place[data.item[known]], data.level[known]
    inside = ((low[item] <= level) & (level <= high[item])).astype(np.float64)
    # each conversation counts once, however many graded it: one rater drawn at random
    weight = 1.0 / np.bincount(item, minlength=len(judge))[item]
    bad = graded.values[level] <= BAD
    cover = float(weight @ inside / weight.sum())
    shares = np.bincount(level, weight, len(graded.values)) / weight.sum()
    group = np.unique(data.groups[judge], return_inverse=True)[1]
    by_group = weight / np.bincount(group)[group][item]
    return {
        "coverage": cover,
        "coverage, each group once": float(by_group @ inside / by_group.sum()),
        "width": float(np.mean(high - low + 1)),
        "constant width": constant_width(shares, cover),
        "coverage of bad": float(weight[bad] @ inside[bad] / weight[bad].sum())
        if bad.any()
        else float("nan"),
    }


def _members(graded: GradedSet, learnt: LearntCriterion, judge: Index) -> tuple[Index, Index]:
    """Give the first and the last level of each set, as a scorecard shows it."""
    data = graded.data
    level = levels_of_chances(data.chances(learnt.model, judge), graded.values).level
    chances = np.stack([data.chances(model, judge) for model in learnt.folds], axis=1)
    found = [
        learnt.sets.members(list(each), int(given))
        for each, given in zip(chances, level, strict=True)
    ]
    low, high = np.array(found, dtype=np.int64).T
    return low, high


def _probabilities(graded: GradedSet) -> dict[str, Any]:
    """Measure the probabilities of each single grade's level."""
    data = graded.data
    told = own_out_of_fold(graded)
    assert told.chances is not None
    chances = told.chances[data.item]
    labels = np.eye(len(graded.values), dtype=bool)[data.level]
    error = calibration_error(chances, labels, exclusive=True)
    resampler = graded.resampler(data.item)
    return {
        "grades": len(data.level),
        "ECE": round(error.raw, 4),
        "ECE of drawn labels": round(error.chance, 4),
        "ECE less that of drawn labels": round(error.excess, 4),
        "Brier skill": figure(brier_skill(resampler, chances, labels)).to_dict(),
    }
