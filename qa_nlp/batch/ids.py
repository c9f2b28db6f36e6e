"""Ids of conversations as 64-bit numbers: which were seen, and which a sample takes.

Two of a hundred million ids share a number with a probability of about 0.0003 (the birthday
problem, n² ÷ 2⁶⁵).
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from qa_nlp.errors import TranscriptError

__all__ = ["Sample", "SeenIds", "id_number", "smallest_numbers"]

_RANGE: Final = 2**64
_PENDING: Final = 1 << 16


def id_number(identifier: str, seed: int = 0) -> int:
    """Give a number for an id, as good as drawn at random and always the same.

    Parameters
    ----------
    identifier : str
        Id of a conversation.
    seed : int, default 0
        Another seed gives other numbers.

    Returns
    -------
    int
        From 0 to 2⁶⁴ - 1: the first 8 bytes of a SHA-256.

    Examples
    --------
    >>> id_number("call-1") == id_number("call-1") != id_number("call-1", seed=1)
    True
    """
    text = f"{seed}:{identifier}".encode(errors="backslashreplace")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


class SeenIds:
    """Remembers ids in eight bytes each.

    Examples
    --------
    >>> seen = SeenIds()
    >>> seen.add(["c1", "c1@A"]), seen.add(["c2"]), seen.add(["c1@A", "c3"])
    (True, True, False)
    """

    def __init__(self) -> None:
        self._settled = np.zeros(0, dtype=np.uint64)
        self._pending: set[int] = set()

    def add(self, identifiers: Collection[str]) -> bool:
        """Remember ids, all or none.

        Parameters
        ----------
        identifiers : collection of str
            That belong together.

        Returns
        -------
        bool
            Whether all were new; else none is remembered.
        """
        numbers = [id_number(identifier) for identifier in identifiers]
        if any(map(self._has, numbers)):
            return False
        self._pending.update(numbers)
        if len(self._pending) >= _PENDING:
            new = np.fromiter(self._pending, dtype=np.uint64, count=len(self._pending))
            self._settled = np.sort(np.concatenate([self._settled, new]))
            self._pending.clear()
        return True

    def _has(self, number: int) -> bool:
        if number in self._pending:
            return True
        key = np.uint64(number)
        place = int(np.searchsorted(self._settled, key))
        return place < len(self._settled) and bool(self._settled[place] == key)


@dataclass(frozen=True, slots=True)
class Sample:
    """Which conversations to score: those whose number is small.

    Parameters
    ----------
    most : int, default 2⁶⁴ - 1
        The largest number that is taken.
    seed : int, default 0
        Of the numbers.
    """

    most: int = _RANGE - 1
    seed: int = 0

    @classmethod
    def share(cls, share: float, seed: int) -> Sample:
        """Take a share of all conversations.

        Parameters
        ----------
        share : float
            Above 0, up to 1.
        seed : int
            Of the numbers.

        Returns
        -------
        Sample
            The rule.
        """
        return cls(min(_RANGE, int(share * _RANGE)) - 1, seed)

    def takes(self, identifier: str | None) -> bool:
        """Tell whether a conversation is taken.

        Parameters
        ----------
        identifier : str or None
            Its id; what has none could not be read, and is always reported.

        Returns
        -------
        bool
            The same for the same id, in whatever file and place.
        """
        return identifier is None or id_number(identifier, self.seed) <= self.most


def smallest_numbers(identifiers: Iterable[str], count: int, seed: int) -> int:
    """Find the largest of the smallest numbers, so that a sample takes a stated count of ids.

    Parameters
    ----------
    identifiers : iterable of str
        Of all conversations; an id that comes again counts once.
    count : int
        How many to take, from 1.
    seed : int
        Of the numbers.

    Returns
    -------
    int
        For `Sample`; where there are fewer ids, it takes all.

    Raises
    ------
    TranscriptError
        When `count` is below 1.
    """
    if count < 1:
        raise TranscriptError(f"a sample holds 1 conversation or more, not {count}")
    heap: list[int] = []  # of negative numbers: the largest on top
    held: set[int] = set()
    for number in (id_number(identifier, seed) for identifier in identifiers):
        if number in held or (len(heap) == count and number >= -heap[0]):
            continue
        held.add(number)
        if len(heap) < count:
            heapq.heappush(heap, -number)
        else:
            held.discard(-heapq.heapreplace(heap, -number))
    return -heap[0] if len(heap) == count else _RANGE - 1
