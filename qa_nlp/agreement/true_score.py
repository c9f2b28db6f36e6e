"""What raters would agree on if they made no errors, and how near the machine comes to it.

A human grade is a true score plus an error of the rater. Items that were graded more than once
show how large the errors are; what is left of the variance is that of the true scores. From both
follow the reliability of grades (intraclass correlations), the share of true-score variance that
the machine explains (`prmse`), and the best kappa that any machine can reach (`kappa_ceilings`).

Every figure is a function of sums over items (`rating_moments`, `crossed_moments`), so that a
bootstrap over clusters adds up each cluster once; a function named `..._of_moments` takes sums of
any leading shape. Undefined figures are NaN; `icc_undefined_reason` says why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.moments import number_columns, ratio_or_nan
from qa_nlp.errors import GradesError

__all__ = [
    "CROSSED_MOMENTS",
    "RATING_MOMENTS",
    "Ceilings",
    "crossed_components_of_moments",
    "crossed_moments",
    "disattenuated_correlation",
    "icc_1",
    "icc_1_of_moments",
    "icc_2k",
    "icc_2k_of_moments",
    "icc_3",
    "icc_undefined_reason",
    "kappa_ceilings",
    "prmse",
    "prmse_of_moments",
    "rater_error_variance",
    "rater_error_variance_of_moments",
    "rating_moments",
    "true_score_variance",
    "true_score_variance_of_moments",
    "true_squared_error_of_moments",
]

Array: TypeAlias = NDArray[np.float64]

RATING_MOMENTS: Final = (
    "items",
    "ratings",
    "ratings_squared",
    "total",
    "squared_mean",
    "within",
    "machine_error",
)
"""What the columns of `rating_moments` hold, in order."""

CROSSED_MOMENTS: Final = ("items", "ratings", "ratings_inverse", "squares", "squared_mean")
"""What the first columns of `crossed_moments` hold; after them come those of the raters."""

# A variance below this part of the mean square is what rounding leaves of equal numbers.
_ROUNDING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The highest quadratically weighted kappa that a machine can reach against people.

    Parameters
    ----------
    ideal : float
        Of a machine that gives the true score.
    human_like : float
        Of a machine that errs as much as one rater.
    """

    ideal: float
    human_like: float


def rating_moments(ratings: ArrayLike, machine: ArrayLike | None = None) -> Array:
    """Give what each item adds to the sums that figures about rater errors are made of.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers; NaN = not graded. Which rater gave a grade plays no part.
    machine : array_like, shape (n,), optional
        The machine's number for each item; an item without one (NaN) counts nowhere.

    Returns
    -------
    ndarray of float64, shape (n, 7)
        Columns as in `RATING_MOMENTS`, for r ratings of mean m and machine number y: 1; r; r²;
        r m; r m²; sum of squares about m; r (m - y)². Zeros for an item without ratings.

    Raises
    ------
    GradesError
        When ratings are no table, or the machine's numbers do not fit it.

    Examples
    --------
    >>> rating_moments([[1, 3, float("nan")]], [4])
    array([[1., 2., 4., 4., 8., 2., 8.]])
    """
    table, given, count, total = _rating_table(ratings)
    score = np.zeros(len(table)) if machine is None else number_columns(machine)[0]
    if len(score) != len(table):
        raise GradesError(f"the machine has {len(score)} numbers for {len(table)} rated items")
    used = (count > 0) & ~np.isnan(score)
    mean = total / np.maximum(count, 1.0)
    within = np.where(given, (table - mean[:, None]) ** 2, 0.0).sum(axis=1)
    error = count * (mean - score) ** 2
    parts = (np.ones_like(count), count, count**2, total, count * mean**2, within, error)
    return np.where(used[:, None], np.column_stack(parts), 0.0)


def rater_error_variance(ratings: ArrayLike) -> float:
    """Give the variance of the errors of one rater.

    The variance of the ratings of an item over ratings - 1, averaged over items with weights
    ratings - 1 (Loukina, Madnani, Cahill, Yao, Johnson, Riordan and McCaffrey, 2020, "Using PRMSE
    to evaluate automated scoring systems in the presence of label noise"; RSMTool 11.2).

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers; NaN = not graded.

    Returns
    -------
    float
        From 0; NaN where no item was graded twice.

    Examples
    --------
    >>> rater_error_variance([[1, 3], [2, 2], [3, float("nan")]])
    1.0
    """
    return float(rater_error_variance_of_moments(rating_moments(ratings).sum(axis=0)))


def rater_error_variance_of_moments(sums: ArrayLike) -> Array:
    """Give the variance of rater errors from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 7)
        Sums of `rating_moments`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `rater_error_variance`.

    Examples
    --------
    >>> float(rater_error_variance_of_moments(rating_moments([[1, 3], [2, 2]]).sum(axis=0)))
    1.0
    """
    sums = np.asarray(sums, dtype=np.float64)
    return ratio_or_nan(sums[..., 5], sums[..., 1] - sums[..., 0])


def true_score_variance(ratings: ArrayLike, error_variance: float | None = None) -> float:
    r"""Give the variance of true scores: what rater errors leave of the variance between items.

    .. math:: \frac{\sum_i r_i (\bar h_i - \bar h)^2 - (n - 1) \sigma_e^2}{R - \sum_i r_i^2 / R}

    for n items, the i-th with :math:`r_i` of R ratings and mean :math:`\bar h_i` (source as in
    `rater_error_variance`). This is also the estimate of one-way analysis of variance.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers; NaN = not graded. Items that were graded once count too.
    error_variance : float, optional
        Variance of rater errors, where it is known from elsewhere; default: from these ratings.

    Returns
    -------
    float
        Below 0 where items differ less than rater errors alone would make them; NaN where it
        cannot be told.

    Examples
    --------
    >>> true_score_variance([[1, 3], [5, 7]])
    7.0
    """
    sums = _rating_sums(ratings, None)
    return float(true_score_variance_of_moments(sums, error_variance))


def true_score_variance_of_moments(
    sums: ArrayLike, error_variance: ArrayLike | None = None
) -> Array:
    """Give the variance of true scores from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 7)
        Sums of `rating_moments`.
    error_variance : array_like, shape (...), optional
        Variance of rater errors; default: from the same sums.

    Returns
    -------
    ndarray of float64, shape (...)
        As `true_score_variance`.

    Examples
    --------
    >>> float(true_score_variance_of_moments(rating_moments([[1, 3], [5, 7]]).sum(axis=0)))
    7.0
    """
    sums = np.asarray(sums, dtype=np.float64)
    error = _error_variance(sums, error_variance)
    items, ratings = sums[..., 0], sums[..., 1]
    between = sums[..., 4] - ratio_or_nan(sums[..., 3] ** 2, ratings)
    return ratio_or_nan(
        between - (items - 1) * error, ratings - ratio_or_nan(sums[..., 2], ratings)
    )


def true_squared_error_of_moments(
    sums: ArrayLike, error_variance: ArrayLike | None = None
) -> Array:
    """Give the machine's mean squared error as a prediction of true scores, from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 7)
        Sums of `rating_moments` with machine numbers.
    error_variance : array_like, shape (...), optional
        Variance of rater errors; default: from the same sums.

    Returns
    -------
    ndarray of float64, shape (...)
        What is left of the squared errors, weighted by ratings, when rater errors are taken off;
        below 0 where the machine is nearer to the ratings than true scores would be.

    Examples
    --------
    >>> sums = rating_moments([[1, 3], [5, 7]], [2, 7]).sum(axis=0)
    >>> float(true_squared_error_of_moments(sums))
    -0.5
    """
    sums = np.asarray(sums, dtype=np.float64)
    error = _error_variance(sums, error_variance)
    return ratio_or_nan(sums[..., 6] - sums[..., 0] * error, sums[..., 1])


def prmse(ratings: ArrayLike, machine: ArrayLike, error_variance: float | None = None) -> float:
    """Give the share of the variance of true scores that the machine explains.

    The proportional reduction in mean squared error, 1 - (squared error against true scores) /
    (variance of true scores), after Loukina, Madnani, Cahill, Yao, Johnson, Riordan and McCaffrey,
    2020, "Using PRMSE to evaluate automated scoring systems in the presence of label noise", and
    as RSMTool 11.2 reckons it. Unlike a correlation with human grades it does not fall when the
    raters err more.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers; NaN = not graded. Items that were graded once count too.
    machine : array_like, shape (n,)
        The machine's numbers on the same scale; NaN = missing.
    error_variance : float, optional
        Variance of rater errors, where it is known from elsewhere; default: from these ratings.

    Returns
    -------
    float
        1 for true scores, 0 for a constant at their mean, below 0 for worse; sampling may bring it
        above 1. NaN where no item was graded twice or true scores show no variance.

    Raises
    ------
    GradesError
        When the machine's numbers do not fit the ratings.

    Examples
    --------
    >>> round(prmse([[1, 3], [5, 7], [4, 5]], [4, 5, 5]), 3)
    0.7
    """
    return float(prmse_of_moments(_rating_sums(ratings, machine), error_variance))


def prmse_of_moments(sums: ArrayLike, error_variance: ArrayLike | None = None) -> Array:
    """Give the share of true-score variance that the machine explains, from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 7)
        Sums of `rating_moments` with machine numbers.
    error_variance : array_like, shape (...), optional
        Variance of rater errors; default: from the same sums.

    Returns
    -------
    ndarray of float64, shape (...)
        As `prmse`.

    Examples
    --------
    >>> parts = rating_moments([[1, 3], [5, 7], [4, 5]], [4, 5, 5])
    >>> round(float(prmse_of_moments(parts.sum(axis=0))), 3)
    0.7
    """
    sums = np.asarray(sums, dtype=np.float64)
    variance = _nonzero(true_score_variance_of_moments(sums, error_variance), sums)
    return 1.0 - ratio_or_nan(true_squared_error_of_moments(sums, error_variance), variance)


def disattenuated_correlation(human_machine: ArrayLike, human_human: ArrayLike) -> Array:
    """Give the correlation of the machine with true scores.

    The correlation with one rater over the root of the correlation of two raters (Spearman, 1904,
    "The proof and measurement of association between two things").

    Parameters
    ----------
    human_machine, human_human : array_like, shape (...)
        Correlations of one rater with the machine, and with another rater.

    Returns
    -------
    ndarray of float64, shape (...)
        Sampling may bring it above 1; NaN where raters do not correlate above 0.

    Examples
    --------
    >>> float(disattenuated_correlation(0.5, 0.25))
    1.0
    """
    between = np.asarray(human_human, dtype=np.float64)
    return ratio_or_nan(human_machine, np.sqrt(np.maximum(between, 0.0)))


def kappa_ceilings(reliability: float, raters: float = 1) -> Ceilings:
    r"""Give the highest quadratically weighted kappa that a machine can reach against people.

    With reliability r of one rater, so that the mean of m raters has reliability
    :math:`R = r m / (1 + (m - 1) r)`,

    .. math:: \text{ideal} = \frac{2 R}{1 + R} \qquad
        \text{human-like} = \frac{2 r}{1 + r + (1 - r) / m}

    hence 2r / (1 + r) and r against one rater, 2R / (1 + R) and 4r / (3 + r) against the mean of
    two. They follow from kappa = 2 cov / (var + var + gap²): let one rater have variance 1; true
    scores then have variance r and covariance r with anything that people grade, the mean of m
    raters has variance r + (1 - r) / m, and means are taken to be equal. The two ceilings are those
    of Uto, 2026, "Has automated essay scoring reached sufficient accuracy? Deriving achievable QWK
    ceilings from classical test theory" (arXiv 2604.19131); the formulas are derived as above, not
    copied from there. They hold for numbers and, nearly, for levels.

    Parameters
    ----------
    reliability : float
        Of one rater, from 0 to 1: a correlation between raters, or `icc_1`.
    raters : float, default 1
        Of how many raters the machine is compared with the mean.

    Returns
    -------
    Ceilings
        NaN where the reliability is below 0 or unknown, since there is nothing to reach.

    Raises
    ------
    GradesError
        When the reliability is above 1 or there is less than one rater.

    Examples
    --------
    >>> one = kappa_ceilings(0.6)
    >>> round(one.ideal, 3), round(one.human_like, 3)
    (0.75, 0.6)
    >>> two = kappa_ceilings(0.6, raters=2)
    >>> round(two.ideal, 3), round(two.human_like, 3)
    (0.857, 0.667)
    """
    if reliability > 1:
        raise GradesError(f"a reliability lies between 0 and 1, not at {reliability:g}")
    if not raters >= 1:
        raise GradesError(f"people are at least one rater, not {raters:g}")
    if not reliability >= 0:
        return Ceilings(math.nan, math.nan)
    spread = reliability + (1 - reliability) / raters
    return Ceilings(2 * reliability / (reliability + spread), 2 * reliability / (1 + spread))


def icc_1(ratings: ArrayLike, raters: float = 1) -> float:
    """Give the intraclass correlation when any raters grade any item (one-way, random).

    ICC(1, 1), or ICC(1, k) for the mean of k raters (Shrout and Fleiss, 1979, "Intraclass
    correlations: uses in assessing rater reliability"). Where items have unequal numbers of
    ratings, the mean number is the n₀ of one-way analysis of variance, by which
    `true_score_variance` divides.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers; NaN = not graded. Items that were graded once count too.
    raters : float, default 1
        Reliability of the mean of how many raters.

    Returns
    -------
    float
        At most 1; below 0 where items differ less than chance makes them; NaN where undefined.

    Examples
    --------
    >>> round(icc_1([[9, 8], [5, 5], [6, 8]]), 2)
    0.76
    """
    return float(icc_1_of_moments(_rating_sums(ratings, None), raters))


def icc_1_of_moments(sums: ArrayLike, raters: float = 1) -> Array:
    """Give the one-way intraclass correlation from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 7)
        Sums of `rating_moments`.
    raters : float, default 1
        Reliability of the mean of how many raters.

    Returns
    -------
    ndarray of float64, shape (...)
        As `icc_1`.

    Examples
    --------
    >>> round(float(icc_1_of_moments(rating_moments([[9, 8], [5, 5], [6, 8]]).sum(axis=0))), 2)
    0.76
    """
    sums = np.asarray(sums, dtype=np.float64)
    true = true_score_variance_of_moments(sums)
    error = rater_error_variance_of_moments(sums)
    return ratio_or_nan(true, _nonzero(true + error / raters, sums))


def icc_2k(ratings: ArrayLike, raters: float | None = None) -> float:
    """Give the reliability of the mean grade when raters differ in severity (two-way, random).

    ICC(2, k), or ICC(2, 1) with ``raters=1`` (Shrout and Fleiss, 1979, "Intraclass correlations:
    uses in assessing rater reliability"). On complete tables it is that of analysis of variance.
    With missing grades the variances are those of `crossed_components_of_moments`, which are
    unbiased; restricted maximum likelihood gives nearly the same.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers, one column for each rater; NaN = not graded.
    raters : float, optional
        Reliability of the mean of how many raters; default: the harmonic mean of how many graded
        an item, which makes the errors of mean grades right on average.

    Returns
    -------
    float
        At most 1 where no variance is negative; NaN where undefined (`icc_undefined_reason`).

    Examples
    --------
    >>> round(icc_2k([[9, 7], [5, 3], [6, 5]]), 2)
    0.84
    """
    return float(icc_2k_of_moments(_crossed_sums(ratings), raters))


def icc_2k_of_moments(sums: ArrayLike, raters: float | None = None) -> Array:
    """Give the two-way intraclass correlation from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 5 + 3 raters + pairs)
        Sums of `crossed_moments`.
    raters : float, optional
        As in `icc_2k`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `icc_2k`.

    Examples
    --------
    >>> parts = crossed_moments([[9, 7], [5, 3], [6, 5]])
    >>> round(float(icc_2k_of_moments(parts.sum(axis=0), raters=1)), 2)
    0.73
    """
    sums = np.asarray(sums, dtype=np.float64)
    item, rater, residual = crossed_components_of_moments(sums)
    usual = ratio_or_nan(sums[..., 0], sums[..., 2])
    count = usual if raters is None else np.full_like(usual, raters)
    return ratio_or_nan(item, _nonzero(item + ratio_or_nan(rater + residual, count), sums))


def icc_3(ratings: ArrayLike, raters: float = 1) -> float:
    """Give the consistency of grades once each rater's severity is taken off (two-way, fixed).

    ICC(3, 1), or ICC(3, k) for the mean of k raters; source and missing grades as in `icc_2k`.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers, one column for each rater; NaN = not graded.
    raters : float, default 1
        Reliability of the mean of how many raters.

    Returns
    -------
    float
        At most 1 where no variance is negative; NaN where undefined (`icc_undefined_reason`).

    Examples
    --------
    >>> round(icc_3([[9, 7], [5, 3], [6, 5]]), 2)
    0.96
    """
    sums = _crossed_sums(ratings)
    item, _, residual = crossed_components_of_moments(sums)
    return float(ratio_or_nan(item, _nonzero(item + residual / raters, sums)))


def crossed_moments(ratings: ArrayLike) -> Array:
    """Give what each item adds to the sums that two-way figures are made of.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers, one column for each rater; NaN = not graded.

    Returns
    -------
    ndarray of float64, shape (n, 5 + 3 raters + pairs)
        Columns as in `CROSSED_MOMENTS`, for r ratings of mean m: 1; r; 1 / r; sum of squares; r m².
        Then for each rater: whether they graded it; their grade or 0; their grade less m, or 0.
        Then for each of the raters (raters + 1) / 2 pairs -1 / r where both graded it, and 1 more
        where a rater is paired with themselves. These are many columns from about 20 raters on.

    Raises
    ------
    GradesError
        When ratings are no table.

    Examples
    --------
    >>> crossed_moments([[1, 3]])
    array([[ 1. ,  2. ,  0.5, 10. ,  8. ,  1. ,  1. ,  1. ,  3. , -1. ,  1. ,
             0.5, -0.5,  0.5]])
    """
    table, given, count, total = _rating_table(ratings)
    filled, present = np.where(given, table, 0.0), given.astype(np.float64)
    some = np.maximum(count, 1.0)
    used = (count > 0).astype(np.float64)
    parts = (used, count, used / some, (filled**2).sum(axis=1), total**2 / some)
    left = np.where(given, filled - (total / some)[:, None], 0.0)
    one, other = np.triu_indices(table.shape[1])
    pairs = present[:, one] * (one == other) - present[:, one] * present[:, other] / some[:, None]
    return np.column_stack([*parts, present, filled, left, pairs])


def crossed_components_of_moments(sums: ArrayLike) -> tuple[Array, Array, Array]:
    r"""Give the variances of items, of rater severity and of what is left, from sums.

    Least squares on items and raters gives three sums of squares: of items beyond raters, of raters
    beyond items, and the rest. Each is set equal to its expectation (Henderson, 1953, "Estimation
    of variance and covariance components", method 3): for N grades of a items by b raters, who make
    up c parts without a common item,

    .. math:: E[S_e] = (N - a - b + c) \, \sigma_e^2, \quad
        E[S_b] = (N - a) \, \sigma_b^2 + (b - c) \, \sigma_e^2, \quad
        E[S_a] = (N - b) \, \sigma_a^2 + (a - c) \, \sigma_e^2

    On complete tables this is two-way analysis of variance.

    Parameters
    ----------
    sums : array_like, shape (..., 5 + 3 raters + pairs)
        Sums of `crossed_moments`.

    Returns
    -------
    tuple of ndarray of float64, shape (...)
        Items, raters, residual; unbiased, so that small ones may come out below 0. NaN where the
        ratings cannot tell them apart: items graded once only, or one rater.

    Examples
    --------
    >>> parts = crossed_moments([[9, 7], [5, 3], [6, 5]])
    >>> [round(float(each), 2) for each in crossed_components_of_moments(parts.sum(axis=0))]
    [4.0, 1.33, 0.17]
    """
    sums = np.asarray(sums, dtype=np.float64)
    items, ratings, _, squares, by_item = np.moveaxis(sums[..., :5], -1, 0)
    # The number of raters from that of columns, 5 + 3 raters + raters (raters + 1) / 2.
    width = (math.isqrt(8 * sums.shape[-1] + 9) - 7) // 2
    counts, totals, left, pairs = np.split(sums[..., 5:], [width, 2 * width, 3 * width], axis=-1)
    shared = np.zeros((*sums.shape[:-1], width, width))
    one, other = np.triu_indices(width)
    shared[..., one, other] = shared[..., other, one] = pairs
    by_rater = np.nansum(ratio_or_nan(totals**2, counts), axis=-1)
    raters = (counts > 0).sum(axis=-1)
    told = np.linalg.matrix_rank(shared, hermitian=True)
    effects = (np.linalg.pinv(shared, hermitian=True) @ left[..., None])[..., 0]
    beyond_items = (left * effects).sum(axis=-1)
    rest = np.maximum(squares - by_item - beyond_items, 0.0)
    residual = ratio_or_nan(rest, ratings - items - told)
    rater = ratio_or_nan(beyond_items - told * residual, ratings - items)
    beyond_raters = by_item + beyond_items - by_rater
    item = ratio_or_nan(beyond_raters - (items - raters + told) * residual, ratings - raters)
    return item, rater, residual


def icc_undefined_reason(ratings: ArrayLike) -> str | None:
    """Say why the reliability of ratings cannot be told, where it cannot.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        Grades as numbers, one column for each rater; NaN = not graded.

    Returns
    -------
    str or None
        A plain sentence without its full stop; None where `icc_2k` has a value.

    Examples
    --------
    >>> icc_undefined_reason([[1, float("nan")], [float("nan"), 2]])
    'no conversation was graded by two people'
    """
    table, given, count, _ = _rating_table(ratings)
    if not (count > 1).any():
        return "no conversation was graded by two people"
    if (count > 0).sum() < 2:
        return "only one conversation was graded"
    if np.ptp(table[given]) == 0:
        return "everyone gave one and the same grade throughout"
    if math.isnan(icc_2k(table)):
        return "raters share too few conversations to tell their severity from chance"
    return None


def _rating_table(ratings: ArrayLike) -> tuple[Array, NDArray[np.bool_], Array, Array]:
    """Give the table, where it has grades, and their number and sum for each item."""
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise GradesError(
            f"ratings are a table with a row for each item and a column for each rater, not of "
            f"shape {table.shape}"
        )
    if np.isinf(table).any():
        raise GradesError("ratings hold an infinite number; write NaN for a missing grade")
    given = ~np.isnan(table)
    return table, given, given.sum(axis=1).astype(np.float64), np.nansum(table, axis=1)


def _centred(ratings: ArrayLike) -> tuple[Array, float]:
    """Take a constant off all ratings, so that squares lose no digits; and say which."""
    table, given, _, _ = _rating_table(ratings)
    centre = float(np.median(table[given])) if given.any() else 0.0
    return table - centre, centre


def _rating_sums(ratings: ArrayLike, machine: ArrayLike | None) -> Array:
    table, centre = _centred(ratings)
    score = None if machine is None else number_columns(machine)[0] - centre
    return cast(Array, rating_moments(table, score).sum(axis=0))


def _crossed_sums(ratings: ArrayLike) -> Array:
    return cast(Array, crossed_moments(_centred(ratings)[0]).sum(axis=0))


def _error_variance(sums: Array, known: ArrayLike | None) -> Array:
    if known is None:
        return rater_error_variance_of_moments(sums)
    return np.broadcast_to(np.asarray(known, dtype=np.float64), sums.shape[:-1])


def _nonzero(variance: Array, sums: Array) -> Array:
    """Give NaN for a variance that is nothing but rounding beside the ratings' mean square."""
    is_crossed = sums.shape[-1] != len(RATING_MOMENTS)
    square = sums[..., 3] if is_crossed else sums[..., 4] + sums[..., 5]
    return np.where(variance > _ROUNDING * ratio_or_nan(square, sums[..., 1]), variance, np.nan)
