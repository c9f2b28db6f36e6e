"""Agreement of two columns of numbers: correlations, errors and differences of means.

Every figure is a function of sums over items (`item_moments`), so that a bootstrap over clusters
adds up each cluster once and never goes back to the items. A function named `..._of_moments` takes
such sums of any leading shape and gives one figure for each; the function of the same name without
the ending takes the numbers themselves. A missing number is NaN, and its item counts nowhere.
Where a figure is undefined it is NaN.

Standard deviations divide by n - 1, as in RSMTool 11.2 (Madnani and Loukina, 2016, "RSMTool: a
collection of tools for building and evaluating automated scoring models"); correlations and
`continuous_kappa` are the same for n and n - 1, or use n as stated.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from qa_nlp.errors import GradesError, did_you_mean

__all__ = [
    "MOMENTS",
    "SpreadMethod",
    "binned",
    "continuous_kappa",
    "continuous_kappa_of_moments",
    "difference_of_standardised_means",
    "difference_of_standardised_means_of_moments",
    "item_moments",
    "mean_absolute_error",
    "mean_absolute_error_of_moments",
    "means_of_moments",
    "number_columns",
    "pearson",
    "pearson_of_moments",
    "r_squared",
    "r_squared_of_moments",
    "ratio_or_nan",
    "root_mean_squared_error",
    "root_mean_squared_error_of_moments",
    "spearman",
    "spearman_of_tables",
    "standard_deviations_of_moments",
    "standardised_mean_difference",
    "standardised_mean_difference_of_moments",
]

Array: TypeAlias = NDArray[np.float64]

SpreadMethod: TypeAlias = Literal["unpooled", "pooled", "williamson"]

MOMENTS: Final = (
    "n",
    "human",
    "machine",
    "human_squared",
    "machine_squared",
    "product",
    "absolute_error",
    "squared_error",
)
"""What the columns of `item_moments` hold, in order."""

_METHODS: Final = ("unpooled", "pooled", "williamson")

# A variance below this part of the mean square is what rounding leaves of equal numbers.
_ROUNDING: Final = 1e-12


def item_moments(human: ArrayLike, machine: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Give what each item adds to the sums that the figures are made of.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.
    weights : array_like, shape (n,), optional
        How much each row counts; default: 1. Rows that share an item weigh 1 together.

    Returns
    -------
    ndarray of float64, shape (n, 8)
        Columns as in `MOMENTS`; zeros where a number is missing. Numbers far from 0 beside their
        spread lose digits in the squares: take a constant off both columns first.

    Raises
    ------
    GradesError
        When the columns differ in length or hold infinite numbers.

    Examples
    --------
    >>> item_moments([1, 2], [3, float("nan")])
    array([[1., 1., 3., 1., 9., 3., 2., 4.],
           [0., 0., 0., 0., 0., 0., 0., 0.]])
    """
    first, second, weight = number_columns(human, machine, 1.0 if weights is None else weights)
    known = ~(np.isnan(first) | np.isnan(second) | np.isnan(weight))
    first, second, weight = (np.where(known, column, 0.0) for column in (first, second, weight))
    gap = second - first
    one = np.ones_like(first)
    squares = (first * first, second * second, first * second)
    return np.column_stack([one, first, second, *squares, np.abs(gap), gap * gap]) * weight[:, None]


def means_of_moments(sums: ArrayLike) -> tuple[Array, Array]:
    """Give the mean of the human and of the machine numbers.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    tuple of ndarray of float64, shape (...)
        Human, machine.

    Examples
    --------
    >>> human, machine = means_of_moments(item_moments([1, 2], [3, 5]).sum(axis=0))
    >>> float(human), float(machine)
    (1.5, 4.0)
    """
    sums = np.asarray(sums, dtype=np.float64)
    n = sums[..., 0]
    return ratio_or_nan(sums[..., 1], n), ratio_or_nan(sums[..., 2], n)


def standard_deviations_of_moments(sums: ArrayLike) -> tuple[Array, Array]:
    """Give the standard deviation, over n - 1, of the human and of the machine numbers.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    tuple of ndarray of float64, shape (...)
        Human, machine; NaN below two items.

    Examples
    --------
    >>> human, machine = standard_deviations_of_moments(item_moments([1, 3], [2, 2]).sum(axis=0))
    >>> round(float(human), 3), float(machine)
    (1.414, 0.0)
    """
    sums = np.asarray(sums, dtype=np.float64)
    human, machine, _ = _spread(sums)
    n = sums[..., 0]
    enlarge = ratio_or_nan(n, n - 1)
    return np.sqrt(human * enlarge), np.sqrt(machine * enlarge)


def pearson(human: ArrayLike, machine: ArrayLike) -> float:
    """Give Pearson's correlation.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.

    Returns
    -------
    float
        From -1 to 1; NaN where either does not vary.

    Examples
    --------
    >>> round(pearson([1, 2, 3, 4], [1, 3, 2, 4]), 2)
    0.8
    """
    return float(pearson_of_moments(_sums(human, machine)))


def pearson_of_moments(sums: ArrayLike) -> Array:
    """Give Pearson's correlation from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `pearson`.

    Examples
    --------
    >>> float(pearson_of_moments(item_moments([1, 2], [5, 4]).sum(axis=0)))
    -1.0
    """
    human, machine, both = _spread(np.asarray(sums, dtype=np.float64))
    return np.clip(ratio_or_nan(both, np.sqrt(human * machine)), -1.0, 1.0)


def spearman(human: ArrayLike, machine: ArrayLike) -> float:
    """Give Spearman's correlation of ranks; equal numbers share their mean rank.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.

    Returns
    -------
    float
        From -1 to 1; NaN where either does not vary.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 40], [1, 3, 2, 4]), 2)
    0.8
    """
    first, second = number_columns(human, machine)
    known = ~(np.isnan(first) | np.isnan(second))
    if not known.any():
        return float("nan")
    return pearson(stats.rankdata(first[known]), stats.rankdata(second[known]))


def spearman_of_tables(tables: ArrayLike) -> Array:
    """Give Spearman's correlation from counted pairs of ordered values.

    Parameters
    ----------
    tables : array_like, shape (..., a, b)
        How often the value of the row came with that of the column, both in rising order.
        Counts need not be whole.

    Returns
    -------
    ndarray of float64, shape (...)
        Exactly `spearman` of the values that were counted.

    Examples
    --------
    >>> float(spearman_of_tables([[2, 0], [0, 3]]))
    1.0
    """
    counts = np.asarray(tables, dtype=np.float64)
    rows, columns = counts.sum(axis=-1), counts.sum(axis=-2)
    row_rank, column_rank = _centred_ranks(rows), _centred_ranks(columns)
    both = np.einsum("...ij,...i,...j->...", counts, row_rank, column_rank)
    first = np.sum(rows * row_rank**2, axis=-1)
    second = np.sum(columns * column_rank**2, axis=-1)
    return np.clip(ratio_or_nan(both, np.sqrt(first * second)), -1.0, 1.0)


def binned(values: ArrayLike, bins: int = 50) -> NDArray[np.int64]:
    """Give each value the number of its bin, for `spearman_of_tables`.

    Bins rise with the values and hold about equally many. With as many different values as bins, or
    fewer, each value is its own bin and nothing is lost. Otherwise Spearman's correlation of the
    bins is a little off that of the values: on thousands of them by less than .001 with 50 bins,
    .002 with 30 and .005 with 20.

    Parameters
    ----------
    values : array_like, shape (n,)
        Numbers; NaN = missing.
    bins : int, default 50
        How many at most. A table of pairs has bins² cells for each cluster, hence not more.

    Returns
    -------
    ndarray of int64, shape (n,)
        From 0; -1 where missing. Equal values have equal numbers.

    Raises
    ------
    GradesError
        When bins is below 1.

    Examples
    --------
    >>> binned([0.3, 0.1, float("nan"), 0.3])
    array([ 1,  0, -1,  1])
    >>> binned([5, 6, 7, 8], bins=2)
    array([0, 0, 1, 1])
    """
    if bins < 1:
        raise GradesError(f"values need at least one bin, not {bins}")
    (numbers,) = number_columns(values)
    known = ~np.isnan(numbers)
    codes = np.full(len(numbers), -1, dtype=np.int64)
    distinct, places = np.unique(numbers[known], return_inverse=True)
    if len(distinct) <= bins:
        codes[known] = places
    else:
        place = (stats.rankdata(numbers[known]) - 0.5) / known.sum()
        codes[known] = np.minimum((place * bins).astype(np.int64), bins - 1)
    return codes


def mean_absolute_error(human: ArrayLike, machine: ArrayLike) -> float:
    """Give the mean distance between human and machine.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.

    Returns
    -------
    float
        From 0, in the unit of the numbers.

    Examples
    --------
    >>> mean_absolute_error([1, 2], [2, 4])
    1.5
    """
    return float(mean_absolute_error_of_moments(_sums(human, machine)))


def mean_absolute_error_of_moments(sums: ArrayLike) -> Array:
    """Give the mean distance between human and machine from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `mean_absolute_error`.

    Examples
    --------
    >>> float(mean_absolute_error_of_moments(item_moments([1, 2], [2, 4]).sum(axis=0)))
    1.5
    """
    sums = np.asarray(sums, dtype=np.float64)
    return ratio_or_nan(sums[..., 6], sums[..., 0])


def root_mean_squared_error(human: ArrayLike, machine: ArrayLike) -> float:
    """Give the root of the mean squared difference between human and machine.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.

    Returns
    -------
    float
        From 0, in the unit of the numbers.

    Examples
    --------
    >>> root_mean_squared_error([0, 0], [1, 7])
    5.0
    """
    return float(root_mean_squared_error_of_moments(_sums(human, machine)))


def root_mean_squared_error_of_moments(sums: ArrayLike) -> Array:
    """Give the root of the mean squared difference from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `root_mean_squared_error`.

    Examples
    --------
    >>> float(root_mean_squared_error_of_moments(item_moments([0, 0], [1, 7]).sum(axis=0)))
    5.0
    """
    sums = np.asarray(sums, dtype=np.float64)
    return np.sqrt(ratio_or_nan(sums[..., 7], sums[..., 0]))


def r_squared(human: ArrayLike, machine: ArrayLike) -> float:
    """Give the share of the human variance that the machine's numbers, taken as they are, explain.

    1 - (sum of squared errors) / (sum of squares of the human numbers about their mean): the
    coefficient of determination of a prediction, not the square of a correlation.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.

    Returns
    -------
    float
        1 for no error, 0 for what the human mean would do, below 0 for worse; NaN where the human
        numbers do not vary.

    Examples
    --------
    >>> r_squared([1, 2, 3], [1, 2, 4])
    0.5
    """
    return float(r_squared_of_moments(_sums(human, machine)))


def r_squared_of_moments(sums: ArrayLike) -> Array:
    """Give the share of the human variance that the machine explains, from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `r_squared`.

    Examples
    --------
    >>> float(r_squared_of_moments(item_moments([-1, 0, 1], [-1, 0, 2]).sum(axis=0)))
    0.5
    """
    sums = np.asarray(sums, dtype=np.float64)
    human, _, _ = _spread(sums)
    return 1.0 - ratio_or_nan(sums[..., 7], human * sums[..., 0])


def continuous_kappa(human: ArrayLike, machine: ArrayLike) -> float:
    r"""Give the quadratically weighted kappa of numbers that need not be levels.

    .. math:: \frac{2 \operatorname{cov}(h, m)}
        {\operatorname{var}(h) + \operatorname{var}(m) + (\bar m - \bar h)^2}

    with variances and covariance over n (Haberman, 2019, "Measures of agreement versus measures of
    prediction accuracy"; RSMTool 11.2 uses the same). On positions of levels it is Cohen's
    quadratically weighted kappa; elsewhere Lin's concordance correlation (1989, "A concordance
    correlation coefficient to evaluate reproducibility").

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.

    Returns
    -------
    float
        From -1 to 1; NaN where all numbers are one and the same.

    Examples
    --------
    >>> round(continuous_kappa([0, 1, 2, 2], [0, 1, 1, 2]), 2)
    0.8
    """
    return float(continuous_kappa_of_moments(_sums(human, machine)))


def continuous_kappa_of_moments(sums: ArrayLike) -> Array:
    """Give the quadratically weighted kappa of numbers from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.

    Returns
    -------
    ndarray of float64, shape (...)
        As `continuous_kappa`.

    Examples
    --------
    >>> round(float(continuous_kappa_of_moments(item_moments([0, 2], [0, 1]).sum(axis=0))), 3)
    0.667
    """
    sums = np.asarray(sums, dtype=np.float64)
    human, machine, both = _spread(sums)
    human_mean, machine_mean = means_of_moments(sums)
    return ratio_or_nan(2 * both, human + machine + (machine_mean - human_mean) ** 2)


def standardised_mean_difference(
    human: ArrayLike,
    machine: ArrayLike,
    method: SpreadMethod = "unpooled",
    population: tuple[ArrayLike, ArrayLike] | None = None,
) -> float:
    """Give how much higher the machine's mean is than the human one, in standard deviations.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.
    method : {"unpooled", "pooled", "williamson"}, default "unpooled"
        What the difference is divided by: the standard deviation of the human numbers (machine
        against human); the root of the mean of both variances (human against human); or the latter
        in the whole population (Williamson, Xi and Breyer, 2012, "A framework for evaluation and
        use of automated scoring"). Names and meanings as in RSMTool 11.2.
    population : tuple of array_like, optional
        Human and machine numbers of everyone, for "williamson" only.

    Returns
    -------
    float
        Above 0 where the machine grades higher; NaN where the divisor is 0.

    Raises
    ------
    GradesError
        When there is no such method, or "williamson" has no population.

    Examples
    --------
    >>> standardised_mean_difference([1, 2, 3], [2, 3, 4])
    1.0
    """
    whole = None if population is None else _sums(*population)
    return float(standardised_mean_difference_of_moments(_sums(human, machine), method, whole))


def standardised_mean_difference_of_moments(
    sums: ArrayLike, method: SpreadMethod = "unpooled", population: ArrayLike | None = None
) -> Array:
    """Give the standardised difference of means from sums.

    Parameters
    ----------
    sums : array_like, shape (..., 8)
        Sums of `item_moments`.
    method : {"unpooled", "pooled", "williamson"}, default "unpooled"
        As in `standardised_mean_difference`.
    population : array_like, shape (..., 8), optional
        Sums over everyone, for "williamson" only.

    Returns
    -------
    ndarray of float64, shape (...)
        As `standardised_mean_difference`.

    Raises
    ------
    GradesError
        When there is no such method, or "williamson" has no population.

    Examples
    --------
    >>> sums = item_moments([1, 2, 3], [2, 3, 4]).sum(axis=0)
    >>> round(float(standardised_mean_difference_of_moments(sums, "pooled")), 3)
    1.0
    """
    if method not in _METHODS:
        raise GradesError(
            f"there is no method {method!r} of standardising{did_you_mean(method, _METHODS)}"
        )
    if method == "williamson" and population is None:
        raise GradesError("method 'williamson' divides by the spread of everyone: give population")
    human, machine = means_of_moments(sums)
    spread = standard_deviations_of_moments(
        sums if method != "williamson" or population is None else population
    )
    if method == "unpooled":
        return ratio_or_nan(machine - human, spread[0])
    return ratio_or_nan(machine - human, np.sqrt((spread[0] ** 2 + spread[1] ** 2) / 2))


def difference_of_standardised_means(
    human: ArrayLike, machine: ArrayLike, member: ArrayLike
) -> float:
    r"""Give how much higher than people the machine places a group within everyone.

    .. math:: \frac{\bar m_g - \bar m}{s_m} - \frac{\bar h_g - \bar h}{s_h}

    with means and standard deviations of everyone where there is no g, as in RSMTool 11.2. Unlike
    the standardised mean difference within the group, it does not charge the group with what the
    machine does to everyone.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.
    member : array_like of bool, shape (n,)
        Who belongs to the group.

    Returns
    -------
    float
        Above 0 where the machine favours the group; NaN where nobody belongs to it or the numbers
        do not vary.

    Examples
    --------
    >>> human, machine = [1, 2, 3, 4], [1, 2, 4, 5]
    >>> round(difference_of_standardised_means(human, machine, [True, False, False, True]), 3)
    0.0
    >>> round(difference_of_standardised_means(human, machine, [False, False, True, True]), 3)
    0.047
    """
    first, second, inside = number_columns(human, machine, member)
    centre = _centre(first)
    parts = item_moments(first - centre, second - centre)
    group = parts[inside.astype(bool)].sum(axis=0)
    return float(difference_of_standardised_means_of_moments(group, parts.sum(axis=0)))


def difference_of_standardised_means_of_moments(group: ArrayLike, population: ArrayLike) -> Array:
    """Give the difference of standardised means of a group from sums.

    Parameters
    ----------
    group : array_like, shape (..., 8)
        Sums of `item_moments` over the group.
    population : array_like, shape (..., 8)
        Sums over everyone, the group included.

    Returns
    -------
    ndarray of float64, shape (...)
        As `difference_of_standardised_means`.

    Examples
    --------
    >>> parts = item_moments([1, 2, 3, 4], [1, 2, 4, 5])
    >>> group, everyone = parts[2:].sum(axis=0), parts.sum(axis=0)
    >>> round(float(difference_of_standardised_means_of_moments(group, everyone)), 3)
    0.047
    """
    human, machine = means_of_moments(group)
    human_mean, machine_mean = means_of_moments(population)
    human_spread, machine_spread = standard_deviations_of_moments(population)
    by_machine = ratio_or_nan(machine - machine_mean, machine_spread)
    return by_machine - ratio_or_nan(human - human_mean, human_spread)


def ratio_or_nan(numerator: ArrayLike, denominator: ArrayLike) -> Array:
    """Divide where the divisor is above 0, and give NaN elsewhere.

    Parameters
    ----------
    numerator, denominator : array_like, shape (...)
        Numbers; shapes are broadcast.

    Returns
    -------
    ndarray of float64, shape (...)
        Quotients.

    Examples
    --------
    >>> ratio_or_nan([1, 1], [2, 0])
    array([0.5, nan])
    """
    above, below = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    usable = below > 0
    return np.where(usable, above / np.where(usable, below, 1.0), np.nan)


def number_columns(*columns: ArrayLike) -> tuple[Array, ...]:
    """Give columns as arrays of one length; a single number fills its column.

    Parameters
    ----------
    *columns : array_like, shape (n,)
        Numbers; NaN = missing.

    Returns
    -------
    tuple of ndarray of float64, shape (n,)
        One for each column.

    Raises
    ------
    GradesError
        When columns differ in length, are tables, or hold infinite numbers.

    Examples
    --------
    >>> number_columns([1, 2], 3)
    (array([1., 2.]), array([3., 3.]))
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    lengths = {array.shape for array in arrays if array.ndim}
    if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
        shown = ", ".join(str(array.shape) for array in arrays)
        raise GradesError(f"columns of numbers must be equally long, not of shapes {shown}")
    if any(np.isinf(array).any() for array in arrays):
        raise GradesError("a column of numbers holds an infinite one; write NaN for a missing one")
    length = next(iter(lengths))[0] if lengths else 1
    return tuple(array if array.ndim else np.full(length, array) for array in arrays)


def _sums(human: ArrayLike, machine: ArrayLike) -> Array:
    first, second = number_columns(human, machine)
    centre = _centre(first)
    return cast(Array, item_moments(first - centre, second - centre).sum(axis=0))


def _centre(values: Array) -> float:
    """Give a number near the values; of equal values exactly that value, unlike a mean."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def _spread(sums: Array) -> tuple[Array, Array, Array]:
    """Give both variances and the covariance, over n; exactly 0 for numbers that do not vary."""
    n = sums[..., 0]
    human_mean, machine_mean = means_of_moments(sums)
    human = _variance(ratio_or_nan(sums[..., 3], n), human_mean)
    machine = _variance(ratio_or_nan(sums[..., 4], n), machine_mean)
    return human, machine, ratio_or_nan(sums[..., 5], n) - human_mean * machine_mean


def _variance(square: Array, mean: Array) -> Array:
    variance = square - mean**2
    return np.where(variance <= _ROUNDING * square, 0.0, variance)


def _centred_ranks(counts: Array) -> Array:
    """Give the mean rank of each value less the mean rank of all; counts need not be whole."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.cumsum(counts, axis=-1) - (counts + total) / 2)
