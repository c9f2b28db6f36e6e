"""Rows of bytes by key, of which those used last are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.cache.packing import Rows

__all__ = ["RecentRows"]

_BLOCK: Final = 16_384
_LINE: Final = 16


class RecentRows:
    """A bounded number of rows; the one used longest ago makes room for a new one.

    Memory is taken a block of rows at a time. Not safe to use from several threads at once.

    Parameters
    ----------
    capacity : int
        Most rows, 1 or more.
    size : int
        Bytes of a row.

    Examples
    --------
    >>> recent = RecentRows(capacity=2, size=1)
    >>> recent.put([b"a", b"b", b"c"], np.array([[1], [2], [3]], dtype=np.uint8))
    >>> places, rows = recent.take([b"c", b"a", b"b"])
    >>> places.tolist(), rows.tolist()
    ([0, 2], [[3], [2]])
    """

    def __init__(self, capacity: int, size: int) -> None:
        self.capacity = capacity
        self.size = size
        self._blocks: list[Rows] = []
        self._slots: dict[bytes, int] = {}
        self._keys: list[bytes] = []
        self._used = np.zeros(capacity, dtype=np.int64)
        self._clock = 0
        # Slots in the order in which they are to be given away, and the latest use among them. A
        # slot with a later use has been used since; a slot outside has a later use anyway.
        self._line: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._line_until = -1

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def nbytes(self) -> int:
        """Bytes of the blocks of rows."""
        return sum(block.nbytes for block in self._blocks)

    def take(self, keys: Sequence[bytes]) -> tuple[NDArray[np.intp], Rows]:
        """Give the rows that are there, and note that they were used, the last key last.

        Parameters
        ----------
        keys : sequence of bytes
            Any keys.

        Returns
        -------
        ndarray of intp, shape (found,)
            Places in `keys`, in order.
        ndarray of uint8, shape (found, size)
            A copy of their rows.
        """
        slot_of = self._slots.get
        slots = np.array([slot_of(key, -1) for key in keys], dtype=np.intp)
        places = np.flatnonzero(slots >= 0)
        slots = slots[places]
        self._touch(slots)
        rows = np.empty((len(slots), self.size), dtype=np.uint8)
        for block, chosen, within in self._by_block(slots):
            rows[chosen] = block[within]
        return places, rows

    def put(self, keys: Sequence[bytes], rows: Rows) -> None:
        """Keep rows; a key that is there already stays as it is.

        Parameters
        ----------
        keys : sequence of bytes
            In order of use.
        rows : ndarray of uint8, shape (keys, size)
            Copied.
        """
        fresh: dict[bytes, int] = {}
        for place, key in enumerate(keys):
            if key not in self._slots:
                fresh.setdefault(key, place)
        chosen = list(fresh.items())[-self.capacity :]
        slots = self._room_for(len(chosen))
        for slot, (key, _) in zip(slots.tolist(), chosen, strict=True):
            self._slots[key] = slot
            self._keys[slot] = key
        self._touch(slots)
        places = np.array([place for _, place in chosen], dtype=np.intp)
        for block, among, within in self._by_block(slots):
            block[within] = rows[places[among]]

    def _touch(self, slots: NDArray[np.intp]) -> None:
        self._used[slots] = np.arange(self._clock, self._clock + len(slots))
        self._clock += len(slots)

    def _by_block(
        self, slots: NDArray[np.intp]
    ) -> list[tuple[Rows, NDArray[np.intp], NDArray[np.intp]]]:
        """Give each block that has some of the slots: which of them, and where in the block."""
        numbers, within = np.divmod(slots, _BLOCK)
        chosen = [(number, np.flatnonzero(numbers == number)) for number in np.unique(numbers)]
        return [(self._blocks[number], among, within[among]) for number, among in chosen]

    def _room_for(self, count: int) -> NDArray[np.intp]:
        """Give slots that nothing lies in any more."""
        taken = len(self._keys)
        grown = np.arange(taken, min(taken + count, self.capacity))
        self._keys += [b""] * len(grown)
        while len(self._blocks) * _BLOCK < len(self._keys):
            rows = min(_BLOCK, self.capacity - len(self._blocks) * _BLOCK)
            self._blocks.append(np.empty((rows, self.size), dtype=np.uint8))
        freed = self._oldest(count - len(grown), taken)
        for slot in freed.tolist():
            del self._slots[self._keys[slot]]
        return np.concatenate([grown, freed])

    def _oldest(self, count: int, taken: int) -> NDArray[np.intp]:
        """Give the slots used longest ago; all are looked through only once in many calls."""
        line = self._line[self._used[self._line] <= self._line_until]
        if len(line) < count:
            used = self._used[:taken]
            length = max(count, taken // _LINE)
            line = np.argpartition(used, length - 1)[:length]
            line = line[np.argsort(used[line])]
            self._line_until = int(used[line[-1]])
        self._line = line[count:]
        return line[:count]
