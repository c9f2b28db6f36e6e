"""Grades as arrays: checked, linked by raters, and counted by pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from qa_nlp.errors import GradesError
from qa_nlp.grades_tables import linked

__all__ = ["Patterns", "Rows", "checked_rows", "components", "patterns", "rater_shares"]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

_LARGEST_OFFSET: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Grades as checked arrays.

    Parameters
    ----------
    level, item, rater, criterion : ndarray of int64, shape (n,)
        What was given, to what, by whom (-1 = an unknown person), on which criterion. Items are
        numbered without gaps; one has a single criterion, and grades of unknown people are apart.
    offset : ndarray of float64, shape (n,)
        Logits already known.
    n_levels : ndarray of int64, shape (criteria,)
        Levels of each criterion.
    """

    level: Integers
    item: Integers
    rater: Integers
    criterion: Integers
    offset: Floats
    n_levels: Integers


def checked_rows(
    levels: ArrayLike,
    items: ArrayLike,
    raters: ArrayLike,
    n_levels: int | Sequence[int],
    offsets: ArrayLike | None,
    criteria: ArrayLike | None,
) -> Rows:
    """Check the arrays that `fit_severities` takes.

    Parameters
    ----------
    levels, items, raters, n_levels, offsets, criteria
        As given to `fit_severities`.

    Returns
    -------
    Rows
        In the same order, with items numbered from 0 without gaps.

    Raises
    ------
    GradesError
        When the arrays do not fit together or a level is out of range.
    """
    level = np.asarray(levels, dtype=np.int64)
    zeros = np.zeros(len(level), dtype=np.int64)
    criterion = zeros if criteria is None else np.asarray(criteria, dtype=np.int64)
    offset = zeros.astype(float) if offsets is None else np.asarray(offsets, dtype=float)
    rater = np.asarray(raters, dtype=np.int64)
    item = np.asarray(items, dtype=np.int64)
    for name, array in (
        ("items", item),
        ("raters", rater),
        ("criteria", criterion),
        ("offsets", offset),
    ):
        if array.shape != level.shape:
            raise GradesError(
                f"{len(level)} levels, but {name} has shape {array.shape}; give one for each grade"
            )
    if not len(level):
        raise GradesError("no grades to fit; leave this criterion out")
    if not (np.abs(offset) <= _LARGEST_OFFSET).all():
        raise GradesError(
            f"an offset is not a finite number of logits within ±{_LARGEST_OFFSET:,}; leave those "
            "grades out"
        )
    if (rater < -1).any() or (criterion < 0).any():
        raise GradesError("raters count from 0 (-1 = unknown), criteria from 0")
    asked = int(criterion.max(initial=0)) + 1
    if isinstance(n_levels, (int, np.integer)):
        sizes = np.full(asked, int(n_levels))
    else:
        sizes = np.asarray(n_levels, dtype=np.int64)
    if len(sizes) < asked or (sizes < 2).any():
        raise GradesError("n_levels must be 2 or more for every criterion")
    if ((level < 0) | (level >= sizes[criterion])).any():
        raise GradesError("a level is out of range; leave N/A out and count levels from 0")
    unit = np.unique(np.stack([item, criterion, rater < 0]), axis=1, return_inverse=True)[1]
    return Rows(level, unit.astype(np.int64), rater, criterion, offset, sizes)


def components(rows: Rows, count: int) -> Integers:
    """Give connected groups of raters numbers, in the order of their first members.

    Parameters
    ----------
    rows : Rows
        The grades.
    count : int
        How many known raters there are.

    Returns
    -------
    ndarray of int64, shape (count,)
        Raters of two groups share no item.
    """
    known = rows.rater >= 0
    labels = linked(rows.rater[known], rows.item[known], count)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def rater_shares(rows: Rows, raters: int, caseloads: bool) -> sparse.csr_array:
    """Give the columns whose weights are the caseloads.

    Parameters
    ----------
    rows : Rows
        The grades.
    raters : int
        How many known raters there are; of one alone nothing can be told.
    caseloads : bool
        Whether each rater has a caseload.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, columns)
        Each rater's share in the grades of the item, then whether the rater is unknown.
    """
    if raters < 2:
        return sparse.csr_array((len(rows.item), 0))
    unknown = rows.rater < 0
    items = int(rows.item.max()) + 1
    blocks = [sparse.csr_array((len(rows.item), 0))]
    if caseloads:
        entries = (np.ones(int((~unknown).sum())), (rows.item[~unknown], rows.rater[~unknown]))
        shares = sparse.csr_array(entries, shape=(items, raters))
        size = np.bincount(rows.item, minlength=items)
        blocks.append((sparse.diags_array(1 / size) @ shares).tocsr()[rows.item])
    if unknown.any():
        blocks.append(sparse.csr_array(unknown[:, None].astype(float)))
    return sparse.csr_array(sparse.hstack(blocks))


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Items with the same grades, held once.

    Parameters
    ----------
    kept : ndarray of int64, shape (m,)
        Rows of one item of each pattern; those of an item stand together.
    starts, lengths : ndarray of int64, shape (I,)
        First of each pattern's rows among those kept, and how many there are.
    weight : ndarray of float64, shape (I,)
        How many items have the pattern.
    """

    kept: Integers
    starts: Integers
    lengths: Integers
    weight: Floats


def patterns(rows: Rows) -> Patterns:
    """Group items that got the same grades by the same raters.

    Parameters
    ----------
    rows : Rows
        The grades.

    Returns
    -------
    Patterns
        Of one item each.
    """
    parts = [rows.criterion, rows.offset, rows.rater, rows.level]
    code = np.zeros(len(rows.item), dtype=np.int64)
    for part in parts:
        values, inverse = np.unique(part, return_inverse=True)
        code = np.unique(code * len(values) + inverse, return_inverse=True)[1]
    order = np.lexsort((code, rows.item))
    first = np.flatnonzero(np.diff(rows.item[order], prepend=-1))
    sizes = np.diff(np.append(first, len(order)))
    kept, lengths, weights = [], [], []
    for size in np.unique(sizes):
        index = first[sizes == size][:, None] + np.arange(size)
        _, chosen, number = np.unique(
            code[order][index], axis=0, return_index=True, return_counts=True
        )
        kept.append(order[index[chosen]].ravel())
        lengths.append(np.full(len(chosen), size))
        weights.append(number)
    length = np.concatenate(lengths)
    starts = np.cumsum(length) - length
    return Patterns(np.concatenate(kept), starts, length, np.concatenate(weights).astype(float))
