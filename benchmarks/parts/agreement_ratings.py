"""Public texts that several people rated each: satisfaction (USS), politeness (Stanford)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.parts.graded_sets import USS, read_uss

__all__ = [
    "MISSING",
    "POLITENESS",
    "RATED_FILES",
    "RatedSet",
    "graded_by_several",
    "padded",
    "rated_sets",
]

POLITENESS: Final = "stanford_politeness/wikipedia.tsv.gz"

RATED_FILES: Final = (*USS.values(), POLITENESS)
"""What is read, below the folder of data sets."""

MISSING: Final = -2
"""Stands where an item has fewer raters than others."""

_POINTS: Final = 25


@dataclass(frozen=True, slots=True, eq=False)
class RatedSet:
    """Items with the grades of several raters each.

    Parameters
    ----------
    name : str
        Such as ``"SGD turns"``.
    ratings : ndarray of int64, shape (items, raters)
        Positions of levels, from 0; `MISSING` where there is none. A column is a place, not a
        person.
    levels : int
        How many there are.
    groups : tuple of hashable
        What each item shares with others: its dialogue, its text.
    """

    name: str
    ratings: NDArray[np.int64]
    levels: int
    groups: tuple[Hashable, ...]


def rated_sets(folder: Path) -> list[RatedSet]:
    """Read dialogues and turns of both parts of USS, then the requests of the Stanford corpus.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of RatedSet
        All that people rated, of USS all 2,000 dialogues.
    """
    return [*(rated for corpus in USS for rated in _uss(folder, corpus)), _politeness(folder)]


def _uss(folder: Path, corpus: str) -> list[RatedSet]:
    dialogues = read_uss(folder, corpus)
    turns = [(one.transcript.id, grades) for one in dialogues for _, grades in one.turns]
    wholes = [(one.transcript.id, one.whole) for one in dialogues]
    return [_of_grades(f"{corpus} dialogues", wholes), _of_grades(f"{corpus} turns", turns)]


def _of_grades(name: str, rows: Sequence[tuple[str, Sequence[int]]]) -> RatedSet:
    ratings = padded([[grade - 1 for grade in grades] for _, grades in rows])
    return RatedSet(name, ratings, 5, tuple(group for group, _ in rows))


def _politeness(folder: Path) -> RatedSet:
    table = pd.read_csv(folder / POLITENESS, sep="\t", keep_default_na=False)
    scores = table[[f"score{place}" for place in range(1, 6)]].to_numpy(dtype=np.int64)
    # some requests are there twice, and are then not independent of each other
    return RatedSet("Stanford politeness", scores - 1, _POINTS, tuple(table["text"]))


def padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Bring grades of items with unequal numbers of raters into one table.

    Parameters
    ----------
    rows : sequence of sequence of int
        Positions of levels, of each item.

    Returns
    -------
    ndarray of int64, shape (items, most raters)
        `MISSING` after the last grade of an item.

    Examples
    --------
    >>> padded([[0, 2], [1, 1, 3]]).tolist()
    [[0, 2, -2], [1, 1, 3]]
    """
    table = np.full((len(rows), max(map(len, rows), default=0)), MISSING, dtype=np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def graded_by_several(ratings: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which items two people or more have graded.

    Parameters
    ----------
    ratings : ndarray of int64, shape (items, raters)
        Positions of levels; below 0 where there is none.

    Returns
    -------
    ndarray of bool, shape (items,)
        By item.

    Examples
    --------
    >>> graded_by_several(np.array([[1, -2], [0, 2]]))
    array([False,  True])
    """
    return np.asarray((ratings >= 0).sum(axis=1) >= 2)
