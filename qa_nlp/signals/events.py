"""Something said or done at a place of a conversation, with a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SAID", "Event", "Position"]

SAID: Final = 0.5
"""Probability from which something counts as said."""

Position = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that was said, perhaps, or that happened.

    Parameters
    ----------
    turn, start, end : int
        Where: characters of a turn; a silence starts at -1 of the turn that ends it.
    probability : float
        That it is what it is taken for, 0 to 1.
    seconds : float, optional
        Length of a silence.
    second : int, optional
        Where two sentences say it together, the start of the second: only there it is said.
    """

    turn: int
    start: int
    end: int
    probability: float = 1.0
    seconds: float | None = None
    second: int | None = None

    @property
    def position(self) -> Position:
        """Turn and character, to tell what comes first."""
        return self.turn, self.start if self.second is None else self.second
