"""Whether the machine knows when it is right: reliability, selective agreement, lift.

Bins, shares and thresholds are fixed on the whole sample. What an item then adds to each of them
are its parts (`reliability_parts`, `selective_parts`, `lift_parts`), and every figure is a function
of sums of parts, so that a bootstrap over clusters adds up each cluster once. A function named
`..._of_sums` takes sums of any leading shape. A missing number is NaN, and its item counts nowhere;
undefined figures are NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.moments import number_columns, ratio_or_nan
from qa_nlp.errors import GradesError

__all__ = [
    "COVERAGES",
    "ReliabilityRow",
    "SelectiveRow",
    "chosen_level_hits",
    "expected_calibration_error",
    "expected_calibration_error_of_sums",
    "lift",
    "lift_of_sums",
    "lift_parts",
    "reliability_curve",
    "reliability_of_sums",
    "reliability_parts",
    "selective_agreement",
    "selective_agreement_of_sums",
    "selective_parts",
]

Array: TypeAlias = NDArray[np.float64]

COVERAGES: Final = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Shares of conversations left to the machine, for which `selective_agreement` is shown."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Items to which the machine gave about the same probability.

    Parameters
    ----------
    predicted : float
        Their mean probability.
    observed : float
        Share of them in which the event came true.
    n : int
        How many they are.
    """

    predicted: float
    observed: float
    n: int


@dataclass(frozen=True, slots=True)
class SelectiveRow:
    """Agreement where the machine is left alone with what it is surest of.

    Parameters
    ----------
    coverage : float
        Share of items left to the machine.
    agreement : float
        Share of these in which people agree with it.
    n : float
        How many these are; not whole where equally sure items are shared out.
    """

    coverage: float
    agreement: float
    n: float


def chosen_level_hits(
    probabilities: ArrayLike, machine: ArrayLike, human: ArrayLike
) -> tuple[Array, Array]:
    """Give the probability of the machine's level, and whether it was the human one.

    Parameters
    ----------
    probabilities : array_like, shape (n, levels)
        What the machine gave each level.
    machine, human : array_like of int, shape (n,)
        Positions of levels; below 0 or NaN = none.

    Returns
    -------
    tuple of ndarray of float64, shape (n,)
        Probability and hit (0 or 1) of each item; NaN where either has no level.

    Raises
    ------
    GradesError
        When shapes do not fit, or a position is not among the levels.

    Examples
    --------
    >>> chosen_level_hits([[0.2, 0.8], [0.6, 0.4]], [1, 0], [1, 1])
    (array([0.8, 0.6]), array([1., 0.]))
    """
    table = np.asarray(probabilities, dtype=np.float64)
    first, second = number_columns(machine, human)
    if table.ndim != 2 or len(table) != len(first):
        raise GradesError(f"{len(first)} grades do not fit probabilities of shape {table.shape}")
    known = (first >= 0) & (second >= 0)
    if known.any() and max(first[known].max(), second[known].max()) >= table.shape[1]:
        raise GradesError(f"a grade is beyond the {table.shape[1]} levels that have probabilities")
    place = np.where(known, first, 0).astype(np.int64)
    chosen = table[np.arange(len(table)), place]
    return np.where(known, chosen, np.nan), np.where(known, first == second, np.nan)


def reliability_curve(
    probability: ArrayLike, hit: ArrayLike, bins: int = 10
) -> list[ReliabilityRow]:
    """Give how often events came true, by the probability that the machine gave them.

    Parameters
    ----------
    probability : array_like, shape (n,)
        From 0 to 1; NaN = missing.
    hit : array_like, shape (n,)
        Whether it came true: 0 or 1, or a share, as of several raters.
    bins : int, default 10
        Equally wide ranges of probability; each includes its upper end, the first also 0.

    Returns
    -------
    list of ReliabilityRow
        One for each range that holds items, rising.

    Raises
    ------
    GradesError
        When numbers are not between 0 and 1, or bins is below 1.

    Examples
    --------
    >>> reliability_curve([0.25, 0.75, 0.75], [0, 1, 0], bins=2)
    [ReliabilityRow(predicted=0.25, observed=0.0, n=1),
     ReliabilityRow(predicted=0.75, observed=0.5, n=2)]
    """
    sums = reliability_parts(probability, hit, bins).sum(axis=0)
    predicted, observed, counts = reliability_of_sums(sums)
    return [
        ReliabilityRow(float(predicted[at]), float(observed[at]), int(counts[at]))
        for at in np.flatnonzero(counts)
    ]


def reliability_parts(probability: ArrayLike, hit: ArrayLike, bins: int = 10) -> Array:
    """Give what each item adds to the sums of its bin.

    Parameters
    ----------
    probability, hit, bins
        As in `reliability_curve`.

    Returns
    -------
    ndarray of float64, shape (n, 3 bins)
        Items, then probabilities, then hits of each bin.

    Raises
    ------
    GradesError
        When numbers are not between 0 and 1, or bins is below 1.

    Examples
    --------
    >>> reliability_parts([0.25, 0.75], [0, 1], bins=2)
    array([[1.  , 0.  , 0.25, 0.  , 0.  , 0.  ],
           [0.  , 1.  , 0.  , 0.75, 0.  , 1.  ]])
    """
    if bins < 1:
        raise GradesError(f"probabilities need at least one bin, not {bins}")
    chance, came_true = number_columns(probability, hit)
    _check_shares("probabilities", chance)
    _check_shares("hits", came_true)
    known = ~(np.isnan(chance) | np.isnan(came_true))
    # By comparison with the edges as written, since 0.3 * 10 is not 3 in binary.
    edges = np.arange(1, bins) / bins
    bin_of = np.searchsorted(edges, np.where(known, chance, 0.0))
    inside = (bin_of[:, None] == np.arange(bins)) & known[:, None]
    columns = (np.ones_like(chance), chance, came_true)
    return np.hstack([np.where(inside, column[:, None], 0.0) for column in columns])


def reliability_of_sums(sums: ArrayLike) -> tuple[Array, Array, Array]:
    """Give mean probability, share of hits and items of each bin from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 3 bins)
        Sums of `reliability_parts`.

    Returns
    -------
    tuple of ndarray of float64, shape (..., bins)
        Predicted, observed, items; NaN in bins without items.

    Examples
    --------
    >>> reliability_of_sums(reliability_parts([0.75, 0.75], [0, 1], bins=2).sum(axis=0))
    (array([ nan, 0.75]), array([nan, 0.5]), array([0., 2.]))
    """
    counts, chances, hits = np.split(np.asarray(sums, dtype=np.float64), 3, axis=-1)
    return ratio_or_nan(chances, counts), ratio_or_nan(hits, counts), counts


def expected_calibration_error(probability: ArrayLike, hit: ArrayLike, bins: int = 10) -> float:
    """Give how far probabilities are from what came true, on average over items.

    The distance of the mean probability from the share of hits within each bin, weighted by items
    (Naeini, Cooper and Hauskrecht, 2015, "Obtaining well calibrated probabilities using Bayesian
    binning"). Of few items it is above 0 even for a machine whose probabilities are right.

    Parameters
    ----------
    probability, hit, bins
        As in `reliability_curve`.

    Returns
    -------
    float
        From 0 (right) to 1; NaN without items.

    Raises
    ------
    GradesError
        When numbers are not between 0 and 1, or bins is below 1.

    Examples
    --------
    >>> expected_calibration_error([0.25, 0.75, 0.75, 0.75], [0, 1, 1, 1])
    0.25
    """
    sums = reliability_parts(probability, hit, bins).sum(axis=0)
    return float(expected_calibration_error_of_sums(sums))


def expected_calibration_error_of_sums(sums: ArrayLike) -> Array:
    """Give the expected calibration error from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 3 bins)
        Sums of `reliability_parts`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `expected_calibration_error`.

    Examples
    --------
    >>> parts = reliability_parts([0.25, 0.75, 0.75, 0.75], [0, 1, 1, 1])
    >>> float(expected_calibration_error_of_sums(parts.sum(axis=0)))
    0.25
    """
    counts, chances, hits = np.split(np.asarray(sums, dtype=np.float64), 3, axis=-1)
    return ratio_or_nan(np.abs(chances - hits).sum(axis=-1), counts.sum(axis=-1))


def selective_agreement(
    confidence: ArrayLike, agreed: ArrayLike, coverages: Sequence[float] = COVERAGES
) -> list[SelectiveRow]:
    """Give how often people agree with the machine where it is surest, for several shares.

    Items count from the most confident down until the share is reached; equally confident items at
    the border count in part, each the same, so that their order plays no role.

    Parameters
    ----------
    confidence : array_like, shape (n,)
        Higher = surer; NaN = missing.
    agreed : array_like, shape (n,)
        Whether people agree: 0 or 1, or a share, as of several raters.
    coverages : sequence of float, default 1.0, 0.9, ... 0.1
        Shares of items, above 0 and at most 1.

    Returns
    -------
    list of SelectiveRow
        One for each coverage; agreement is NaN without items.

    Raises
    ------
    GradesError
        When a coverage is not above 0 and at most 1, or agreement not between 0 and 1.

    Examples
    --------
    >>> selective_agreement([0.9, 0.8, 0.5, 0.5], [1, 1, 1, 0], coverages=[1, 0.75, 0.5])
    [SelectiveRow(coverage=1, agreement=0.75, n=4.0),
     SelectiveRow(coverage=0.75, agreement=0.8333..., n=3.0),
     SelectiveRow(coverage=0.5, agreement=1.0, n=2.0)]
    """
    sums = selective_parts(confidence, agreed, coverages).sum(axis=0)
    rates = selective_agreement_of_sums(sums)
    return [
        SelectiveRow(coverage, float(rate), float(count))
        for coverage, rate, count in zip(coverages, rates, sums[: len(coverages)], strict=True)
    ]


def selective_parts(
    confidence: ArrayLike, agreed: ArrayLike, coverages: Sequence[float] = COVERAGES
) -> Array:
    """Give what each item adds to the sums of each coverage.

    Parameters
    ----------
    confidence, agreed, coverages
        As in `selective_agreement`.

    Returns
    -------
    ndarray of float64, shape (n, 2 coverages)
        The part of the item that counts at each coverage, then that part times agreement.

    Raises
    ------
    GradesError
        When a coverage is not above 0 and at most 1, or agreement not between 0 and 1.

    Examples
    --------
    >>> selective_parts([0.9, 0.5, 0.5], [1, 0, 1], coverages=[2 / 3])
    array([[1. , 1. ],
           [0.5, 0. ],
           [0.5, 0.5]])
    """
    sure, right = number_columns(confidence, agreed)
    _check_shares("agreements", right)
    sure = np.where(np.isnan(right), np.nan, sure)
    parts = np.column_stack([_first_share(-sure, coverage) for coverage in coverages])
    return np.hstack([parts, parts * np.nan_to_num(right)[:, None]])


def selective_agreement_of_sums(sums: ArrayLike) -> Array:
    """Give the agreement at each coverage from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 2 coverages)
        Sums of `selective_parts`.

    Returns
    -------
    ndarray of float64, shape (..., coverages)
        From 0 to 1; NaN without items.

    Examples
    --------
    >>> parts = selective_parts([0.9, 0.5, 0.5], [1, 0, 1], coverages=[1.0, 2 / 3])
    >>> selective_agreement_of_sums(parts.sum(axis=0))
    array([0.66666667, 0.75      ])
    """
    counts, agreed = np.split(np.asarray(sums, dtype=np.float64), 2, axis=-1)
    return ratio_or_nan(agreed, counts)


def lift(score: ArrayLike, poor: ArrayLike, share: float = 0.1) -> float:
    """Give how many times more poor conversations the worst-scored share holds than a random one.

    Parameters
    ----------
    score : array_like, shape (n,)
        The machine's score; lower = worse; NaN = missing.
    poor : array_like, shape (n,)
        Whether people found the conversation poor: 0 or 1, or a share, as of several raters.
    share : float, default 0.1
        Share of conversations that are looked at, worst score first. Equal scores at the border
        count in part, each the same.

    Returns
    -------
    float
        1 for a score that knows nothing; at most 1 / share; NaN where nothing is poor.

    Raises
    ------
    GradesError
        When the share is not above 0 and at most 1, or poor not between 0 and 1.

    Examples
    --------
    >>> lift([1, 2, 3, 4, 5], [1, 0, 1, 0, 0], share=0.2)
    2.5
    """
    return float(lift_of_sums(lift_parts(score, poor, share).sum(axis=0)))


def lift_parts(score: ArrayLike, poor: ArrayLike, share: float = 0.1) -> Array:
    """Give what each item adds to the sums that lift is made of.

    Parameters
    ----------
    score, poor, share
        As in `lift`.

    Returns
    -------
    ndarray of float64, shape (n, 4)
        1; whether poor; the part of the item that is looked at; that part times poor.

    Raises
    ------
    GradesError
        When the share is not above 0 and at most 1, or poor not between 0 and 1.

    Examples
    --------
    >>> lift_parts([1, 2], [1, 0], share=0.5)
    array([[1., 1., 1., 1.],
           [1., 0., 0., 0.]])
    """
    rank, bad = number_columns(score, poor)
    _check_shares("poor", bad)
    known = ~(np.isnan(rank) | np.isnan(bad))
    part = _first_share(np.where(known, rank, np.nan), share)
    bad = np.where(known, bad, 0.0)
    return np.column_stack([known.astype(np.float64), bad, part, part * bad])


def lift_of_sums(sums: ArrayLike) -> Array:
    """Give lift from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 4)
        Sums of `lift_parts`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `lift`.

    Examples
    --------
    >>> parts = lift_parts([1, 2, 3, 4, 5], [1, 0, 1, 0, 0], share=0.2)
    >>> float(lift_of_sums(parts.sum(axis=0)))
    2.5
    """
    sums = np.asarray(sums, dtype=np.float64)
    found = ratio_or_nan(sums[..., 3], sums[..., 2])
    return ratio_or_nan(found, ratio_or_nan(sums[..., 1], sums[..., 0]))


def _first_share(values: Array, share: float) -> Array:
    """Give the part of each item that is among the lowest share; ties at the border share it."""
    if not 0 < share <= 1:
        raise GradesError(f"a share of conversations is above 0 and at most 1, not {share:g}")
    known = ~np.isnan(values)
    parts = np.zeros(len(values))
    distinct, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    room = share * known.sum() - before
    parts[known] = np.clip(room / counts, 0.0, 1.0)[place] if len(distinct) else 0.0
    return parts


def _check_shares(what: str, values: Array) -> None:
    # Probabilities that were added up may pass 1 by their rounding.
    known = values[~np.isnan(values)]
    if ((known < -_ROUNDING) | (known > 1 + _ROUNDING)).any():
        raise GradesError(f"{what} must lie between 0 and 1")
