"""Draw some of many with stated chances; only numbers are known here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.errors import GradesError

__all__ = ["LEAST_CHANCE", "chances_by_size", "draw_evenly", "draw_with_chances", "share_out"]

Vector: TypeAlias = NDArray[np.float64]

LEAST_CHANCE: Final = 0.2
"""Every chance is at least this times that of an even draw."""

_EXACT: Final = 1e-12


def chances_by_size(sizes: Vector, n: int) -> Vector:
    """Give chances that sum to n, proportional to sizes as far as the bounds allow.

    Parameters
    ----------
    sizes : ndarray of float64, shape (N,)
        0 or more.
    n : int
        How many shall be drawn, 1 to N.

    Returns
    -------
    ndarray of float64, shape (N,)
        From `LEAST_CHANCE` × n ÷ N to 1.

    Examples
    --------
    >>> chances_by_size(np.array([0.0, 1.0, 2.0, 9.0]), 2).round(3)
    array([0.1, 0.3, 0.6, 1. ])
    """
    floor = LEAST_CHANCE * n / sizes.size
    if n == sizes.size or sizes.max() - sizes.min() < _EXACT:
        return np.full(sizes.size, n / sizes.size)
    low, high = 0.0, 1.0
    while np.clip(high * sizes, floor, 1).sum() < n and high < 1 / _EXACT:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(middle * sizes, floor, 1).sum() < n else (low, middle)
    chances = np.clip(high * sizes, floor, 1)
    rest = chances < 1
    # where too few have a size at all, the others share what is left
    missing = n - chances.sum()
    if rest.any() and abs(missing) > _EXACT:
        chances[rest] += missing * (1 - chances[rest]) / np.sum(1 - chances[rest])
    return chances


def draw_evenly(size: int, n: int, rng: np.random.Generator) -> list[int]:
    """Draw n of the positions 0 to size - 1 at random.

    Parameters
    ----------
    size, n : int
        How many there are, and how many to draw.
    rng : numpy.random.Generator
        Of the draw.

    Returns
    -------
    list of int
        In random order.
    """
    return [int(i) for i in rng.permutation(size)[:n]]


def draw_with_chances(chances: Vector, rng: np.random.Generator) -> list[int]:
    """Draw with exactly these chances: two contenders at a time, one of them is decided.

    The pivotal method in random order (Deville and Tillé 1998, "Unequal probability sampling
    without replacement through a splitting method").

    Parameters
    ----------
    chances : ndarray of float64, shape (N,)
        Above 0, at most 1; their sum n is whole.
    rng : numpy.random.Generator
        Of the draw.

    Returns
    -------
    list of int
        n positions, increasing.

    Examples
    --------
    >>> draw_with_chances(np.array([1.0, 0.5, 0.5, 1.0]), np.random.default_rng(0))[::2]
    [0, 3]
    """
    left = chances.copy()
    order = [int(i) for i in rng.permutation(left.size)]
    holder = order[0]
    for challenger in order[1:]:
        a, b = float(left[holder]), float(left[challenger])
        if b >= 1 - _EXACT:
            continue
        if a >= 1 - _EXACT:
            holder = challenger
            continue
        total = a + b
        if total <= 1:
            wins = rng.random() * total < a
            winner, loser = (holder, challenger) if wins else (challenger, holder)
            left[winner], left[loser] = total, 0.0
            holder = winner
        else:
            stays = rng.random() * (2 - total) < 1 - b
            sure, open_ = (holder, challenger) if stays else (challenger, holder)
            left[sure], left[open_] = 1.0, total - 1
            holder = open_
    return [int(i) for i in np.flatnonzero(left > 0.5)]


def share_out(n: int, sizes: Sequence[int]) -> list[int]:
    """Share n out in proportion to sizes, with at least 2 each where n allows, else 1.

    Parameters
    ----------
    n : int
        How many shall be drawn of all strata.
    sizes : sequence of int
        Of the strata, 1 or more.

    Returns
    -------
    list of int
        How many to draw of each stratum; not more than its size, and no fewer than `LEAST_CHANCE`
        times its share.

    Raises
    ------
    GradesError
        When n is too small for that.

    Examples
    --------
    >>> share_out(10, [80, 15, 5])
    [6, 2, 2]
    """
    shares = [n * size / sum(sizes) for size in sizes]
    for least in (2, 1):
        counts = [
            max(min(least, size), math.ceil(LEAST_CHANCE * share - _EXACT))
            for size, share in zip(sizes, shares, strict=True)
        ]
        if sum(counts) <= n:
            break
    else:
        raise GradesError(
            f"{len(sizes)} strata cannot all be drawn from with n = {n}; draw more, or use fewer "
            "strata"
        )
    while sum(counts) < n:
        room = [i for i, size in enumerate(sizes) if counts[i] < size]
        counts[max(room, key=lambda i: shares[i] - counts[i])] += 1
    return counts
