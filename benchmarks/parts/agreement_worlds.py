"""Invented studies whose true agreement is known from a huge one of the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "World", "invented_world"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LEVELS: Final = 5

_CUTS: Final = (-2.2, -1.1, 0.6, 1.9)
_MISSING: Final = -2
_MORE_ITEMS: Final = 5
_DOUBLE: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Conversations of agents, graded by two raters or one, and by a machine.

    Parameters
    ----------
    clusters : ndarray of int64, shape (items,)
        The agent of each conversation.
    ratings : ndarray of int64, shape (items, 2)
        Positions of levels; the second is below 0 where there is none.
    machine : ndarray of int64, shape (items,)
        Positions of levels.
    expected : ndarray of float64, shape (items,)
        The machine's grade before it is cut into levels, on the scale of positions.
    language : ndarray of bool, shape (items,)
        A group of conversations, some of every agent.
    team : ndarray of bool, shape (items,)
        A group of agents, with all their conversations.
    """

    clusters: Index
    ratings: Index
    machine: Index
    expected: Array
    language: NDArray[np.bool_]
    team: NDArray[np.bool_]


def invented_world(random: np.random.Generator, clusters: int) -> World:
    """Draw agents, their conversations, and what people and a machine say of these.

    Parameters
    ----------
    random : numpy.random.Generator
        Of the draws.
    clusters : int
        Agents; each has two conversations or more.

    Returns
    -------
    World
        Agents differ in quality and in how the machine takes to them. The machine is milder on one
        language and stricter on one team, so that true differences are not 0.
    """
    sizes = 2 + random.poisson(_MORE_ITEMS, clusters)
    agent = np.repeat(np.arange(clusters), sizes)
    items = len(agent)
    quality = 0.6 * random.normal(size=clusters)[agent] + random.normal(size=items)
    language = random.random(items) < 0.3
    team = (random.random(clusters) < 0.4)[agent]
    graded = quality[:, None] + 0.9 * random.normal(size=(items, 2))
    told = 0.9 * quality + 0.3 * random.normal(size=clusters)[agent]
    told = told + 0.2 * language - 0.15 * team + 0.8 * random.normal(size=items)
    ratings = np.searchsorted(_CUTS, graded).astype(np.int64)
    ratings[random.random(items) >= _DOUBLE, 1] = _MISSING
    return World(
        agent,
        ratings,
        np.searchsorted(_CUTS, told).astype(np.int64),
        2 + told,
        language,
        team,
    )
