"""Where in a conversation to look: ``first 3 agent turns``, ``last 2 turns``, ``first 30 s``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from qa_nlp.errors import RubricError
from qa_nlp.transcript import Role, Transcript

__all__ = ["Reach", "Scope"]

_PATTERN: Final = re.compile(
    r"(?:(?P<side>first|last) )?"
    r"(?:(?P<seconds>\d{1,5}) ?s(?:econds?)?"
    r"|(?P<count>\d{1,4})(?: (?P<role>agent|customer))? turns?)"
)


@dataclass(frozen=True, slots=True)
class Reach:
    """A distance in a conversation: so many turns, or so many seconds.

    Parameters
    ----------
    count : int
        How many.
    unit : {"turns", "s"}
        Of what.
    role : Role or None
        Whose turns are counted; None = everybody's.

    Examples
    --------
    >>> str(Reach.parse("2 agent turns")), str(Reach.parse("30 s"))
    ('2 agent turns', '30 s')
    """

    count: int
    unit: str
    role: Role | None = None

    @classmethod
    def parse(cls, text: str) -> Reach:
        """Read a distance as rubrics write it.

        Parameters
        ----------
        text : str
            ``3 turns``, ``2 agent turns``, ``30 s``.

        Returns
        -------
        Reach
            The distance.

        Raises
        ------
        RubricError
            When it is none of these.
        """
        side, reach = _parsed(text) or ("", None)
        if side or reach is None:
            raise RubricError(
                f"cannot read the distance {text!r}; write '3 turns', '2 agent turns' or '30 s'"
            )
        return reach

    def __str__(self) -> str:
        if self.unit == "s":
            return f"{self.count} s"
        who = f"{self.role.value} " if self.role else ""
        return f"{self.count} {who}turn{'s' if self.count > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Scope:
    """A stretch of a conversation, counted in turns or seconds from one of its ends.

    Parameters
    ----------
    side : {"first", "last"} or None
        From which end to count; None = the whole conversation.
    reach : Reach or None
        How far; None = the whole conversation.

    Examples
    --------
    >>> str(Scope.parse("first 3  Agent turns")), str(Scope.parse("30 s"))
    ('first 3 agent turns', 'first 30 s')
    >>> Scope.parse("anywhere")
    Scope(side=None, reach=None)
    """

    side: str | None = None
    reach: Reach | None = None

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read a scope as rubrics write it.

        Parameters
        ----------
        text : str
            ``anywhere``, ``first N turns``, ``last N agent turns``, ``first N s`` and the like.
            ``N s`` alone means the first.

        Returns
        -------
        Scope
            The scope.

        Raises
        ------
        RubricError
            When it is none of these.
        """
        if " ".join(text.lower().split()) == "anywhere":
            return cls()
        side, reach = _parsed(text) or ("", None)
        if reach is None or not (side or reach.unit == "s"):
            raise RubricError(
                f"cannot read the scope {text!r}; write 'anywhere', 'first 3 agent turns', "
                "'last 2 turns', 'first 30 s' or the like"
            )
        return cls(side or "first", reach)

    def __str__(self) -> str:
        return "anywhere" if self.side is None else f"{self.side} {self.reach}"

    def measurable(self, transcript: Transcript) -> bool:
        """Tell whether a conversation has what the scope counts.

        Parameters
        ----------
        transcript : Transcript
            The conversation.

        Returns
        -------
        bool
            False where it counts seconds and the turns have no times.
        """
        if self.reach is None or self.reach.unit == "turns":
            return True
        return any(turn.start is not None for turn in transcript.turns)

    def turns(self, transcript: Transcript) -> range | list[int]:
        """Give the indexes of the turns inside the scope.

        A scope that counts one role's turns reaches from the end of the conversation to the last
        turn it counts, so that ``last 2 agent turns`` holds the customer's words between them too.
        One that counts seconds holds the turns that begin within them, counted from the first
        start or back from the last moment that is known.

        Parameters
        ----------
        transcript : Transcript
            The conversation.

        Returns
        -------
        sequence of int
            0-based, increasing.
        """
        total = len(transcript.turns)
        if self.reach is None:
            return range(total)
        if self.reach.unit == "s":
            return _within_seconds(transcript, self.side == "first", self.reach.count)
        count, role = self.reach.count, self.reach.role
        counted = [
            index
            for index, turn in enumerate(transcript.turns)
            if role is None or turn.role is role
        ]
        if not counted:
            return range(0)
        if self.side == "first":
            return range(counted[min(count, len(counted)) - 1] + 1)
        return range(counted[max(0, len(counted) - count)], total)


def _parsed(text: str) -> tuple[str, Reach] | None:
    match = _PATTERN.fullmatch(" ".join(text.lower().split()))
    if match is None:
        return None
    count = int(match["seconds"] or match["count"])
    if count == 0:
        return None
    role = Role(match["role"]) if match["role"] else None
    return match["side"] or "", Reach(count, "s" if match["seconds"] else "turns", role)


def _within_seconds(transcript: Transcript, first: bool, seconds: int) -> list[int]:
    timed = [(i, turn.start) for i, turn in enumerate(transcript.turns) if turn.start is not None]
    if not timed:
        return []
    if first:
        beginning = timed[0][1]
        return [index for index, start in timed if start < beginning + seconds]
    moments = (turn.start if turn.end is None else turn.end for turn in transcript.turns)
    latest = max(moment for moment in moments if moment is not None)
    return [index for index, start in timed if start >= latest - seconds]
