"""Figures of classifiers over all resamples at once: F1, kappa, correlation, ranking."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.resampling import Resampler

__all__ = [
    "Draws",
    "class_draws",
    "label_draws",
    "level_draws",
    "rank_correlation",
    "ranking_draws",
    "score_draws",
]

Array = NDArray[np.float64]
Draws = dict[str, Array]
"""Figures by name, each of shape (rounds + 1,)."""

LEVELS: Final = 3


def class_draws(
    resampler: Resampler, truth: NDArray[np.int64], answer: NDArray[np.int64], classes: int
) -> Draws:
    """Measure answers of one class a text.

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    truth, answer : ndarray of int64, shape (texts,)
        Classes, from 0.
    classes : int
        How many there are.

    Returns
    -------
    dict of str to ndarray
        ``macro-F1`` over the classes that occur or are given, and ``accuracy``.
    """
    wanted, said = np.eye(classes)[truth], np.eye(classes)[answer]
    hits, true, given = _split(resampler.totals(np.hstack([wanted * said, wanted, said])))
    return {
        "macro-F1": _macro(hits, true, given),
        "accuracy": hits.sum(axis=1) / true.sum(axis=1),
    }


def level_draws(resampler: Resampler, truth: NDArray[np.int64], answer: NDArray[np.int64]) -> Draws:
    """Measure answers on the scale 0, 1, 2.

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    truth, answer : ndarray of int64, shape (texts,)
        Levels.

    Returns
    -------
    dict of str to ndarray
        ``macro-F1``, ``accuracy`` and ``QWK``, the quadratically weighted kappa (Cohen 1968,
        "Weighted kappa"), NaN where only one level occurs.
    """
    cells = resampler.totals(np.eye(LEVELS**2)[truth * LEVELS + answer])
    matrix = cells.reshape(-1, LEVELS, LEVELS)
    levels = np.arange(LEVELS)
    gap = (levels[:, None] - levels[None, :]) ** 2
    chance = matrix.sum(axis=2)[:, :, None] * matrix.sum(axis=1)[:, None, :]
    expected = (gap * chance).sum(axis=(1, 2)) / matrix.sum(axis=(1, 2))
    observed = (gap * matrix).sum(axis=(1, 2))
    kappa = 1 - observed / np.where(expected > 0, expected, np.nan)
    return class_draws(resampler, truth, answer, LEVELS) | {"QWK": kappa}


def label_draws(resampler: Resampler, truth: NDArray[np.bool_], answer: NDArray[np.bool_]) -> Draws:
    """Measure answers of any number of labels a text.

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    truth, answer : ndarray of bool, shape (texts, labels)
        Which labels hold, and which were given.

    Returns
    -------
    dict of str to ndarray
        ``macro-F1`` over the labels that occur or are given, and ``micro-F1``.
    """
    columns = np.hstack([truth & answer, truth, answer]).astype(np.float64)
    hits, true, given = _split(resampler.totals(columns))
    micro = 2 * hits.sum(axis=1) / np.maximum((true + given).sum(axis=1), 1e-12)
    return {"macro-F1": _macro(hits, true, given), "micro-F1": micro}


def score_draws(resampler: Resampler, truth: Array, answer: Array) -> Draws:
    """Measure how scores go along with the true ones.

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    truth, answer : ndarray, shape (texts,)
        Scores.

    Returns
    -------
    dict of str to ndarray
        Pearson's ``r`` and Spearman's ``rho``; 0 for an answer that never changes.
    """
    return {
        "r": resampler.each(lambda weights: _correlation(weights, truth[None], answer[None])),
        "rho": rank_correlation(resampler, truth, answer),
    }


def rank_correlation(resampler: Resampler, truth: Array, answer: Array) -> Array:
    """Measure Spearman's correlation, the ranks taken anew in every resample.

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    truth, answer : ndarray, shape (texts,)
        Scores.

    Returns
    -------
    ndarray of float64, shape (rounds + 1,)
        -1 to 1.
    """
    return resampler.each(
        lambda weights: _correlation(weights, _ranks(truth, weights), _ranks(answer, weights))
    )


def ranking_draws(resampler: Resampler, truth: NDArray[np.bool_], answer: Array) -> Draws:
    """Measure how far up the texts stand that are meant; equal scores share a place.

    Parameters
    ----------
    resampler : Resampler
        Of the texts.
    truth : ndarray of bool, shape (texts,)
        Which are meant.
    answer : ndarray, shape (texts,)
        Higher = more likely.

    Returns
    -------
    dict of str to ndarray
        ``AUC``, ``AP`` (average precision) and ``AP / prevalence``; NaN where a resample holds only
        one kind of text.
    """
    order = np.argsort(-answer, kind="stable")
    starts = _starts(answer[order])

    def both(weights: Array) -> tuple[Array, Array]:
        ordered = weights[:, order]
        hits = np.add.reduceat(ordered * truth[order], starts, axis=1)
        return hits, np.add.reduceat(ordered, starts, axis=1)

    def area(weights: Array) -> Array:
        hits, given = both(weights)
        misses = given - hits
        after = misses.sum(axis=1, keepdims=True) - np.cumsum(misses, axis=1)
        pairs = hits.sum(axis=1) * misses.sum(axis=1)
        won = (hits * (after + misses / 2)).sum(axis=1)
        return np.asarray(won / np.where(pairs > 0, pairs, np.nan))

    def precision(weights: Array) -> Array:
        hits, given = both(weights)
        true = hits.sum(axis=1)
        at_rank = np.cumsum(hits, axis=1) / np.maximum(np.cumsum(given, axis=1), 1e-12)
        return np.asarray((hits * at_rank).sum(axis=1) / np.where(true > 0, true, np.nan))

    average = resampler.each(precision)
    totals = resampler.totals(np.column_stack([truth, np.ones(len(truth))]).astype(np.float64))
    return {
        "AUC": resampler.each(area),
        "AP": average,
        "AP / prevalence": average * totals[:, 1] / np.maximum(totals[:, 0], 1e-12),
    }


def _split(totals: Array) -> tuple[Array, Array, Array]:
    hits, true, given = np.split(totals, 3, axis=1)
    return hits, true, given


def _macro(hits: Array, true: Array, given: Array) -> Array:
    both = true + given
    scores = np.where(both > 0, 2 * hits / np.maximum(both, 1e-12), 0.0)
    return np.asarray(scores.sum(axis=1) / np.maximum((both > 0).sum(axis=1), 1))


def _starts(ordered: Array) -> NDArray[np.intp]:
    """Give where each run of equal values begins."""
    return np.flatnonzero(np.append(True, np.diff(ordered) != 0))


def _ranks(values: Array, weights: Array) -> Array:
    """Rank the drawn texts, a text drawn twice standing there twice; equal values share a rank."""
    order = np.argsort(values, kind="stable")
    starts = _starts(values[order])
    sizes = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(sizes, axis=1) - sizes / 2
    run = np.empty(len(values), dtype=np.intp)
    run[order] = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
    return np.asarray(middle[:, run])


def _correlation(weights: Array, first: Array, second: Array) -> Array:
    total = weights.sum(axis=1, keepdims=True)
    first = first - (weights * first).sum(axis=1, keepdims=True) / total
    second = second - (weights * second).sum(axis=1, keepdims=True) / total
    spread = (weights * first**2).sum(axis=1) * (weights * second**2).sum(axis=1)
    shared = (weights * first * second).sum(axis=1)
    return np.asarray(np.where(spread > 1e-18, shared / np.sqrt(np.maximum(spread, 1e-18)), 0.0))
