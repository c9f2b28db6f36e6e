"""Share out conversations: some go to several raters, and none of them knows which.

Raters who grade the same conversations show how far people agree, which is what a machine's
agreement with people is measured against; and only raters that are linked by such conversations,
directly or through others, can be compared in how strict they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from qa_nlp.errors import GradesError
from qa_nlp.exchange.assignment import AssignedGrading, Assignment
from qa_nlp.exchange.rater_teams import linked, teams

__all__ = ["assign_gradings"]


def assign_gradings(
    transcript_ids: Iterable[str],
    raters: Sequence[str],
    overlap: float = 0.2,
    per_item: int = 2,
    *,
    seed: int = 0,
    strata: Mapping[str, object] | None = None,
) -> Assignment:
    """Share out conversations among raters, some of them to several without anybody knowing.

    The number of gradings of any two raters differs by at most one. Every pair of raters shares as
    many conversations as any other, as nearly as the numbers allow (for ``per_item=2`` within one).
    Each rater's list is in an order of its own, in which nothing tells what others grade too.

    Parameters
    ----------
    transcript_ids : iterable of str
        What to grade; the order does not matter.
    raters : sequence of str
        Who grades; the order does not matter.
    overlap : float, default 0.2
        Share of the conversations that several raters grade, in [0, 1]; rounded to whole
        conversations, at least one where it is above 0.
    per_item : int, default 2
        How many raters grade each of those.
    seed : int, default 0
        Of the draw; the same seed gives the same assignment.
    strata : mapping of str to object, optional
        Transcript id to team, queue, language or the like. Each stratum then has its share of what
        several grade, and each rater their share of each stratum.

    Returns
    -------
    Assignment
        With a warning where too few are graded by several for all raters to be compared.

    Raises
    ------
    GradesError
        When an id or a rater stands twice or is empty, a number is out of range, or an id has no
        stratum.

    Examples
    --------
    >>> assignment = assign_gradings([f"c{n}" for n in range(20)], ["Ana", "Ben", "Cleo"], 0.3)
    >>> assignment
    <Assignment: 26 gradings by 3 raters, 30.0% of the conversations by 2>
    >>> assignment.loads, assignment.shared[("Ana", "Ben")]
    ({'Ana': 8, 'Ben': 9, 'Cleo': 9}, 2)
    """
    ids = _distinct(transcript_ids, "transcript_ids")
    people = _distinct(raters, "raters")
    _check_numbers(len(people), overlap, per_item)
    rng = np.random.default_rng(seed)
    stratum = _strata(ids, strata)
    shuffled = [ids[at] for at in rng.permutation(len(ids))]
    shuffled.sort(key=stratum.__getitem__)  # stable: in random order within each stratum
    several = max(int(overlap * len(ids) + 0.5), int(overlap > 0))
    start = int(rng.integers(len(ids)))
    chosen = _spaced(len(ids), several, start)
    graders = _graders(shuffled, chosen, len(people), per_item, stratum)
    # so that nobody is first in every draw
    names = [people[at] for at in rng.permutation(len(people))]
    lists: dict[str, list[str]] = {name: [] for name in people}
    for identifier, numbers in graders.items():
        for number in numbers:
            lists[names[number]].append(identifier)
    rows = tuple(
        AssignedGrading(own[at], name, order)
        for name, own in lists.items()
        for order, at in enumerate(rng.permutation(len(own)), start=1)
    )
    together = [numbers for numbers in graders.values() if len(numbers) > 1]
    warning = None
    if not linked(together, len(people)):
        warning = _unlinked(len(people), per_item, len(together))
    return Assignment(rows, tuple(people), several / len(ids), per_item, seed, warning)


def _distinct(names: Iterable[str], what: str) -> list[str]:
    if isinstance(names, str):
        raise GradesError(f"{what} must be several texts, not one")
    given = list(names)
    for name in given:
        if not isinstance(name, str) or not name.strip() or name != name.strip():
            raise GradesError(f"{what} holds {name!r}; each must be a text without outer spaces")
    twice = [name for name, count in Counter(given).items() if count > 1]
    if twice:
        more = f" (and {len(twice) - 1:,} more)" if len(twice) > 1 else ""
        raise GradesError(f"{what} holds {twice[0]!r} twice{more}; leave one out")
    if not given:
        raise GradesError(f"{what} is empty; give at least one")
    return sorted(given)


def _check_numbers(raters: int, overlap: float, per_item: int) -> None:
    if not 0 <= overlap <= 1:
        raise GradesError(f"overlap must be a share from 0 to 1 such as 0.2, not {overlap}")
    if not overlap:
        return
    if raters < 2:
        raise GradesError("an overlap needs at least two raters; add one, or give overlap=0")
    if not 2 <= per_item <= raters:
        raise GradesError(f"per_item must be from 2 to the number of raters, {raters}")


def _strata(ids: Sequence[str], strata: Mapping[str, object] | None) -> dict[str, str]:
    if strata is None:
        return dict.fromkeys(ids, "")
    missing = [identifier for identifier in ids if identifier not in strata]
    if missing:
        raise GradesError(
            f"strata has no entry for transcript {missing[0]!r}; give one for each (missing: "
            f"{len(missing):,} of {len(ids):,})"
        )
    return {identifier: str(strata[identifier]) for identifier in ids}


def _spaced(total: int, number: int, start: int) -> list[int]:
    """Choose positions at even distances, so that every stretch has its share of them."""
    return [
        at
        for at in range(total)
        if ((at + 1) * number + start) // total > (at * number + start) // total
    ]


def _graders(
    ids: Sequence[str],
    chosen: Sequence[int],
    raters: int,
    per_item: int,
    stratum: Mapping[str, str],
) -> dict[str, tuple[int, ...]]:
    """Give each conversation its raters, by number; `ids` are sorted by stratum."""
    graders: dict[str, tuple[int, ...]] = {}
    load = [0] * raters
    seen: Counter[tuple[int, str]] = Counter()

    def give(identifier: str, numbers: tuple[int, ...]) -> None:
        graders[identifier] = numbers
        for number in numbers:
            load[number] += 1
            seen[number, stratum[identifier]] += 1

    if chosen:
        for at, team in zip(chosen, teams(raters, per_item), strict=False):
            give(ids[at], team)
    for identifier in ids:
        if identifier not in graders:
            here = stratum[identifier]
            give(identifier, (min(range(raters), key=lambda one: (load[one], seen[one, here])),))
    return graders


def _unlinked(raters: int, per_item: int, several: int) -> str:
    # Larger teams are drawn for even loads, so that they may need more than the fewest possible.
    taken: list[tuple[int, ...]] = []
    for team in teams(raters, min(max(per_item, 2), raters)):
        taken.append(team)
        if linked(taken, raters):
            break
    return (
        f"{several:,} of the conversations are graded by several raters, which does not link all "
        f"{raters} raters: how strict they are cannot be compared; {len(taken):,} or more would do"
    )
