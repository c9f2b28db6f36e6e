"""Agreement on yes or no: does the criterion apply, and was the conversation failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.agreement.chance import cohen_kappa_of_tables, exact_of_tables
from qa_nlp.agreement.moments import ratio_or_nan
from qa_nlp.agreement.pair_tables import cross_tables
from qa_nlp.agreement.ratings import MISSING, NOT_APPLICABLE, level_positions

__all__ = [
    "ApplicabilityAgreement",
    "answered",
    "applicability_agreement",
    "failure_precision",
    "failure_precision_of_tables",
    "failure_recall",
    "failure_recall_of_tables",
    "not_failed",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ApplicabilityAgreement:
    """How far people and machine agree on whether a criterion applies.

    Parameters
    ----------
    exact : float
        Share of items on which both say the same; NaN without items.
    cohen_kappa : float
        The same beyond chance; NaN where both say the same throughout.
    table : ndarray of float64, shape (2, 2)
        Items by what people (rows) and machine (columns) said: N/A, answered.
    """

    exact: float
    cohen_kappa: float
    table: Array


def applicability_agreement(human: ArrayLike, machine: ArrayLike) -> ApplicabilityAgreement:
    """Compare where people and machine say N/A.

    Parameters
    ----------
    human : array_like, shape (n, raters)
        Positions of levels; -1 for N/A; below -1 or NaN where there is no grade.
    machine : array_like, shape (n,)
        The same.

    Returns
    -------
    ApplicabilityAgreement
        Each item counts 1, shared by its raters.

    Examples
    --------
    >>> applicability_agreement([[-1], [2], [0], [-1]], [-1, 1, 1, 0])
    ApplicabilityAgreement(exact=0.75, cohen_kappa=0.5, table=array([[1., 1.],
           [0., 2.]]))
    """
    table = cross_tables(answered(human), answered(machine), 2).sum(axis=0)
    return ApplicabilityAgreement(
        float(exact_of_tables(table)), float(cohen_kappa_of_tables(table)), table
    )


def failure_recall(human: ArrayLike, machine: ArrayLike) -> float:
    """Give how much of what people failed the machine failed too.

    Parameters
    ----------
    human : array_like, shape (n, raters)
        Positions of levels, 0 = failed; -1 for N/A, which is no failure; below -1 or NaN where
        there is no grade.
    machine : array_like, shape (n,)
        The same; where the machine left the grade to people, there is none.

    Returns
    -------
    float
        From 0 to 1, each item counting 1, shared by its raters; NaN where people failed none.

    Examples
    --------
    >>> failure_recall([[0], [0], [1], [2]], [0, 1, 1, 0])
    0.5
    """
    return float(failure_recall_of_tables(_failures(human, machine)))


def failure_precision(human: ArrayLike, machine: ArrayLike) -> float:
    """Give how much of what the machine failed people failed too.

    Parameters
    ----------
    human : array_like, shape (n, raters)
        As `failure_recall` takes them.
    machine : array_like, shape (n,)
        As `failure_recall` takes them.

    Returns
    -------
    float
        From 0 to 1, each item counting 1, shared by its raters; NaN where the machine failed none.

    Examples
    --------
    >>> failure_precision([[0], [0], [1], [2]], [0, 1, 1, 0])
    0.5
    """
    return float(failure_precision_of_tables(_failures(human, machine)))


def failure_recall_of_tables(tables: ArrayLike) -> Array:
    """Give how much of the first row is in the first column.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs of people (rows) and machine (columns); the first level is failure.

    Returns
    -------
    ndarray of float64, shape (...)
        From 0 to 1; NaN where people failed none.

    Examples
    --------
    >>> float(failure_recall_of_tables([[9, 1], [3, 87]]))
    0.9
    """
    counts = np.asarray(tables, dtype=np.float64)
    return ratio_or_nan(counts[..., 0, 0], counts[..., 0, :].sum(axis=-1))


def failure_precision_of_tables(tables: ArrayLike) -> Array:
    """Give how much of the first column is in the first row.

    Parameters
    ----------
    tables : array_like, shape (..., levels, levels)
        Counted pairs of people (rows) and machine (columns); the first level is failure.

    Returns
    -------
    ndarray of float64, shape (...)
        From 0 to 1; NaN where the machine failed none.

    Examples
    --------
    >>> float(failure_precision_of_tables([[9, 1], [3, 87]]))
    0.75
    """
    counts = np.asarray(tables, dtype=np.float64)
    return ratio_or_nan(counts[..., 0, 0], counts[..., :, 0].sum(axis=-1))


def answered(ratings: ArrayLike) -> NDArray[np.int64]:
    """Turn ratings into grades of whether the criterion applies.

    Parameters
    ----------
    ratings : array_like
        Positions of levels; -1 for N/A; below -1 or NaN where there is none.

    Returns
    -------
    ndarray of int64, of the same shape
        0 for N/A, 1 for a level, below 0 where there is no grade.

    Examples
    --------
    >>> answered([[2, -1], [0, -2]])
    array([[ 1,  0],
           [ 1, -2]])
    """
    given = level_positions(ratings)
    return np.where(given == MISSING, MISSING, (given != NOT_APPLICABLE).astype(np.int64))


def not_failed(ratings: ArrayLike) -> NDArray[np.int64]:
    """Turn ratings into grades of whether the conversation was failed.

    Parameters
    ----------
    ratings : array_like
        Positions of levels, 0 = failed; -1 for N/A; below -1 or NaN where there is none.

    Returns
    -------
    ndarray of int64, of the same shape
        0 for failed, 1 for any other level and for N/A, below 0 where there is no grade.

    Examples
    --------
    >>> not_failed([[0, 2], [-1, -2]])
    array([[ 0,  1],
           [ 1, -2]])
    """
    given = level_positions(ratings)
    return np.where(given == MISSING, MISSING, (given != 0).astype(np.int64))


def _failures(human: ArrayLike, machine: ArrayLike) -> Array:
    return np.asarray(cross_tables(not_failed(human), not_failed(machine), 2).sum(axis=0))
