"""Agreement of counted pairs of levels, plain and beyond what chance gives.

Every function takes tables of shape (..., levels, levels), counts or sums of weights, with a row
per level of the first grade and a column per level of the second, and gives an array of shape (...)
with NaN where the statistic is undefined. Where all grades are one and the same level, nothing
varies: the kappas and alpha are undefined, and `undefined_reason` says so in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.gwet import gwet_ac1_of_tables, gwet_ac2_of_tables
from qa_nlp.agreement.level_gaps import LevelWeights, Values, check_choice, level_gaps
from qa_nlp.agreement.moments import ratio_or_nan

__all__ = [
    "AlphaMetric",
    "adjacent_of_tables",
    "alpha_of_tables",
    "cohen_kappa_of_tables",
    "exact_of_tables",
    "gwet_ac1_of_tables",
    "gwet_ac2_of_tables",
    "kappa_of_table",
    "kappas_of_tables",
    "undefined_reason",
]

Array = NDArray[np.float64]

AlphaMetric: TypeAlias = Literal["nominal", "ordinal", "interval"]
"""What Krippendorff's alpha charges for a disagreement."""


def exact_of_tables(tables: ArrayLike) -> Array:
    """Give the share of pairs with the same level.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs.

    Returns
    -------
    ndarray of float64, shape (...)
        From 0 to 1.

    Examples
    --------
    >>> float(exact_of_tables([[3, 1], [0, 4]]))
    0.875
    """
    return _share_within(tables, 0)


def adjacent_of_tables(tables: ArrayLike) -> Array:
    """Give the share of pairs with the same level or neighbouring ones.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs.

    Returns
    -------
    ndarray of float64, shape (...)
        From 0 to 1.

    Examples
    --------
    >>> float(adjacent_of_tables([[1, 1, 1], [0, 1, 0], [0, 0, 1]]))
    0.8
    """
    return _share_within(tables, 1)


def cohen_kappa_of_tables(
    tables: ArrayLike, weights: LevelWeights = "nominal", values: Values = None
) -> Array:
    """Give Cohen's kappa, plain or weighted.

    One minus the cost of the disagreements found, over that expected of the same margins by chance.
    Cohen 1960, "A coefficient of agreement for nominal scales", and 1968, "Weighted kappa: nominal
    scale agreement with provision for scaled disagreement or partial credit". Each side has its own
    margin; on a table that counts pairs in both orders, the two are the same and the plain kappa is
    that of Fleiss 1971, "Measuring nominal scale agreement among many raters".

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs.
    weights : {"nominal", "linear", "quadratic", "ordinal"}, default "nominal"
        What a disagreement costs, see `level_gaps`.
    values : sequence of float, shape (levels,), optional
        What the levels are worth; default: their positions.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for agreement, 0 for what chance gives, below 0 for less.

    Raises
    ------
    ValueError
        For unknown weights, or not one value per level.

    Examples
    --------
    >>> cohen_kappa_of_tables([np.eye(2), np.ones((2, 2)), np.zeros((2, 2))])
    array([ 1.,  0., nan])
    """
    counts = np.asarray(tables, dtype=np.float64)
    gaps = level_gaps(counts.shape[-1], weights, values)
    rows, columns = counts.sum(axis=-1), counts.sum(axis=-2)
    found = (gaps * counts).sum(axis=(-2, -1)) * counts.sum(axis=(-2, -1))
    return 1.0 - ratio_or_nan(found, ((rows @ gaps) * columns).sum(axis=-1))


def kappas_of_tables(tables: ArrayLike) -> Array:
    """Give the quadratically weighted kappa of many tables.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs.

    Returns
    -------
    ndarray of float64, shape (...)
        As `cohen_kappa_of_tables`.

    Examples
    --------
    >>> kappas_of_tables([[[3, 0, 0], [0, 2, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 1, 1]]])
    array([1. , 0.8])
    """
    return cohen_kappa_of_tables(tables, "quadratic")


def kappa_of_table(table: ArrayLike) -> float:
    """Give the quadratically weighted kappa of one table.

    Parameters
    ----------
    table : array_like, shape (levels, levels)
        Counted pairs.

    Returns
    -------
    float
        As `cohen_kappa_of_tables`.

    Examples
    --------
    >>> round(kappa_of_table([[1, 0, 0], [0, 1, 0], [0, 1, 1]]), 2)
    0.8
    """
    return float(kappas_of_tables(table))


def alpha_of_tables(
    coincidences: ArrayLike, metric: AlphaMetric = "ordinal", values: Values = None
) -> Array:
    """Give Krippendorff's alpha.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": one minus the cost of the
    disagreements found, over that of all grades paired at random. The ordinal cost of two levels is
    the square of the number of grades from the middle of one to the middle of the other, so it
    depends on the margin of each table.

    Parameters
    ----------
    coincidences : array_like, shape (..., levels, levels)
        Pairs of each item in both orders, each item counting as many as it has grades: of pairs
        weighted ``"krippendorff"``, or `both_orders` of a table of people and machine.
    metric : {"nominal", "ordinal", "interval"}, default "ordinal"
        What a disagreement costs: 1; as above; the squared distance of the values.
    values : sequence of float, shape (levels,), optional
        What the levels are worth; default: their positions. Only ``"interval"`` uses them.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for agreement, 0 for what chance gives, below 0 for less.

    Raises
    ------
    ValueError
        For an unknown metric, or not one value per level.

    Examples
    --------
    >>> round(float(alpha_of_tables([[4, 1], [1, 4]], "nominal")), 2)
    0.64
    """
    check_choice("metric", metric, ("nominal", "ordinal", "interval"))
    counts = np.asarray(coincidences, dtype=np.float64)
    margin, total = counts.sum(axis=-1), counts.sum(axis=(-2, -1))
    if metric == "ordinal":
        middle = margin.cumsum(axis=-1) - margin / 2
        gaps = (middle[..., :, None] - middle[..., None, :]) ** 2
    else:
        weights: LevelWeights = "nominal" if metric == "nominal" else "quadratic"
        gaps = level_gaps(counts.shape[-1], weights, values)
    found = (gaps * counts).sum(axis=(-2, -1)) * (total - 1)
    expected = (gaps * margin[..., :, None] * margin[..., None, :]).sum(axis=(-2, -1))
    return 1.0 - ratio_or_nan(found, expected)


def undefined_reason(
    table: ArrayLike, names: Sequence[str] | None = None, who: str = "both"
) -> str | None:
    """Say in words why a table has no agreement beyond chance.

    Parameters
    ----------
    table : array_like, shape (levels, levels)
        Counted pairs.
    names : sequence of str, optional
        What people call the levels.
    who : str, default "both"
        Whose grades these are, for the sentence.

    Returns
    -------
    str or None
        None where kappas and alpha are defined.

    Examples
    --------
    >>> undefined_reason([[0, 0], [0, 9]], ["no", "yes"])
    "both gave 'yes' throughout, so agreement beyond chance is undefined"
    """
    counts = np.asarray(table, dtype=np.float64)
    given = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    if not len(given):
        return "no item has two grades to compare"
    if len(given) > 1:
        return None
    level = "one and the same level" if names is None else repr(names[int(given[0])])
    return f"{who} gave {level} throughout, so agreement beyond chance is undefined"


def _share_within(tables: ArrayLike, most: int) -> Array:
    counts = np.asarray(tables, dtype=np.float64)
    near = level_gaps(counts.shape[-1], "linear") <= most
    return ratio_or_nan((near * counts).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))
