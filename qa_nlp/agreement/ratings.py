"""Arrays of ratings: positions of levels, one row an item and one column a rater."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qa_nlp.display.formats import counted
from qa_nlp.errors import GradesError

__all__ = [
    "MISSING",
    "MOST_LEVELS",
    "NOT_APPLICABLE",
    "level_count",
    "level_positions",
    "ratings_rows",
]

NOT_APPLICABLE: Final = -1
"""The position that stands for N/A."""

MISSING: Final = -2
"""The position that stands for no grade; in what is given, any number below -1, or NaN."""

MOST_LEVELS: Final = 1000
"""More levels than any scale has; a higher number is not a position."""


def level_positions(ratings: ArrayLike, levels: int | None = None) -> NDArray[np.int64]:
    """Check ratings and give them as whole numbers.

    Parameters
    ----------
    ratings : array_like, shape (n, raters) or (n,)
        Positions of levels, 0 = worst; -1 for N/A; below -1 or NaN where there is none.
    levels : int, optional
        How many levels there are; a higher position is refused.

    Returns
    -------
    ndarray of int64, of the same shape
        Positions, `NOT_APPLICABLE` or `MISSING`.

    Raises
    ------
    GradesError
        For what is not a position of a level; it says in which row and column.

    Examples
    --------
    >>> level_positions([[2, -1], [0, float("nan")]])
    array([[ 2, -1],
           [ 0, -2]])
    """
    try:
        numbers = np.asarray(ratings, dtype=np.float64)
    except (TypeError, ValueError):
        raise GradesError(
            "ratings must be positions of levels (0 = worst), not names or texts"
        ) from None
    numbers = np.where(np.isnan(numbers), MISSING, numbers)
    highest = MOST_LEVELS if levels is None else levels
    wrong = np.argwhere((numbers >= highest) | (numbers != np.floor(numbers)))
    if len(wrong):
        place = tuple(int(at) for at in wrong[0])
        column = f", column {place[1]}" if len(place) > 1 else ""
        scale = "a level" if levels is None else f"one of {counted(levels, 'level')}"
        raise GradesError(
            f"ratings, row {place[0]}{column}: {numbers[place]:g} is not the position of {scale} "
            "(0 = worst); give positions, not values"
        )
    return np.maximum(numbers, MISSING).astype(np.int64)


def ratings_rows(ratings: ArrayLike, levels: int | None = None) -> NDArray[np.int64]:
    """Check a table of ratings.

    Parameters
    ----------
    ratings : array_like, shape (n, raters)
        As `level_positions` takes them.
    levels : int, optional
        How many levels there are; a higher position is refused.

    Returns
    -------
    ndarray of int64, shape (n, raters)
        Positions, `NOT_APPLICABLE` or `MISSING`.

    Raises
    ------
    GradesError
        For what is not such a table; it says where.

    Examples
    --------
    >>> ratings_rows([0, 1, 1])
    Traceback (most recent call last):
        ...
    qa_nlp.errors.GradesError: ratings need a row per item and a column per rater, not shape (3,);
    numpy.column_stack([first, second]) makes a table of two gradings
    """
    given = level_positions(ratings, levels)
    if given.ndim != 2:
        raise GradesError(
            f"ratings need a row per item and a column per rater, not shape {given.shape}; "
            "numpy.column_stack([first, second]) makes a table of two gradings"
        )
    return given


def level_count(ratings: NDArray[np.int64], levels: int | None = None) -> int:
    """Give how many levels a scale has.

    Parameters
    ----------
    ratings : ndarray of int64
        Positions.
    levels : int, optional
        The number, where it is known.

    Returns
    -------
    int
        The number given, or one more than the highest position; 1 or more.

    Raises
    ------
    GradesError
        For less than one level.

    Examples
    --------
    >>> level_count(np.array([0, 2, -1]))
    3
    """
    if levels is None:
        return max(int(ratings.max(initial=0)) + 1, 1)
    if levels < 1:
        raise GradesError(f"a scale has 1 level or more, not {levels}")
    return levels
