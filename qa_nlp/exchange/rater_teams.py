"""Which raters grade the same transcript: teams that share the work and each other evenly."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

__all__ = ["linked", "teams"]


def teams(raters: int, size: int) -> Iterator[tuple[int, ...]]:
    """Give teams of raters without end, such that every beginning is balanced.

    However many teams are taken, the numbers of teams of any two raters differ by at most one. For
    teams of two, the numbers of teams of any two pairs differ by at most one as well, and the first
    ``raters - 1`` teams link all raters.

    Parameters
    ----------
    raters : int
        How many there are, at least `size`.
    size : int
        Raters in a team, at least 2.

    Yields
    ------
    tuple of int, shape (size,)
        Numbers of raters from 0.

    Examples
    --------
    >>> list(itertools.islice(teams(4, 2), 6))
    [(0, 3), (1, 2), (1, 3), (2, 0), (2, 3), (0, 1)]
    """
    return itertools.cycle(_pairs(raters)) if size == 2 else _larger(raters, size)


def linked(groups: Iterable[Iterable[int]], raters: int) -> bool:
    """Tell whether raters are linked by the groups they are in together, directly or by others.

    Parameters
    ----------
    groups : iterable of iterable of int
        Numbers of raters from 0.
    raters : int
        How many there are.

    Returns
    -------
    bool
        True where anybody can be reached from anybody.

    Examples
    --------
    >>> linked([(0, 1), (1, 2)], 3), linked([(0, 1), (2, 3)], 4)
    (True, False)
    """
    leader = list(range(raters))

    def find(one: int) -> int:
        while leader[one] != one:
            leader[one] = one = leader[leader[one]]
        return one

    for group in groups:
        first, *others = group
        for other in others:
            leader[find(other)] = find(first)
    return len({find(one) for one in range(raters)}) <= 1


def _pairs(raters: int) -> list[tuple[int, int]]:
    """List every pair once, so that each beginning uses all raters alike.

    For an even number these are the rounds of a round-robin tournament (one rater stands still, the
    others move around a circle); two neighbouring rounds make one ring through all raters. For an
    odd number they are rings through all raters (B. Alspach, 2008, The wonderful Walecki
    construction), each gone around twice and taken at every second pair.
    """
    ring = raters - 1
    if raters % 2 == 0:
        return [
            pair
            for turn in range(ring)
            for pair in [
                (turn, ring),
                *(((turn + k) % ring, (turn - k) % ring) for k in range(1, raters // 2)),
            ]
        ]
    pairs = []
    for turn in range(raters // 2):
        steps = [0, *itertools.chain.from_iterable((k, -k) for k in range(1, ring // 2)), ring // 2]
        path = [ring, *((turn + step) % ring for step in steps)]
        edges = list(zip(path, [*path[1:], path[0]], strict=True))
        pairs += [edges[2 * at % raters] for at in range(raters)]
    return pairs


def _larger(raters: int, size: int) -> Iterator[tuple[int, ...]]:
    """Take who has least to do and, among those, who has met the rest of the team least."""
    load = [0] * raters
    met: Counter[tuple[int, int]] = Counter()

    # Squared, since one pair that meets three times is worse than three pairs that meet once.
    def strain(one: int, team: list[int]) -> int:
        return sum(met[one, mate] ** 2 for mate in team)

    while True:
        team: list[int] = []
        while len(team) < size:
            others = [one for one in range(raters) if one not in team]
            team.append(min(others, key=lambda one: (load[one], strain(one, team))))
        for one, mate in itertools.permutations(team, 2):
            met[one, mate] += 1
        for one in team:
            load[one] += 1
        yield tuple(team)
