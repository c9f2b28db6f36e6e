"""Where in a conversation to look: ``first 3 agent turns``, ``last 2 turns``, ``anywhere``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from qa_nlp.errors import RubricError
from qa_nlp.transcript import Role, Transcript

__all__ = ["Scope"]

_PATTERN: Final = re.compile(r"(first|last) (\d{1,4})(?: (agent|customer))? turns?")


@dataclass(frozen=True, slots=True)
class Scope:
    """A stretch of a conversation, counted in turns.

    Parameters
    ----------
    side : {"first", "last"} or None
        From which end to count; None = the whole conversation.
    count : int
        How many turns.
    role : Role or None
        Whose turns are counted; None = everybody's.

    Examples
    --------
    >>> Scope.parse("first 3 agent turns")
    Scope(side='first', count=3, role=<Role.AGENT: 'agent'>)
    >>> str(Scope.parse("last 2 turns")), str(Scope.parse("anywhere"))
    ('last 2 turns', 'anywhere')
    """

    side: str | None = None
    count: int = 0
    role: Role | None = None

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read a scope as rubrics write it.

        Parameters
        ----------
        text : str
            ``anywhere``, ``first N turns``, ``last N agent turns`` and the like.

        Returns
        -------
        Scope
            The scope.

        Raises
        ------
        RubricError
            When it is none of these.
        """
        words = " ".join(text.lower().split())
        if words == "anywhere":
            return cls()
        match = _PATTERN.fullmatch(words)
        if match is None or int(match[2]) == 0:
            raise RubricError(
                f"cannot read the scope {text!r}; write 'anywhere', 'first 3 agent turns', "
                "'last 2 turns' or the like"
            )
        return cls(match[1], int(match[2]), Role(match[3]) if match[3] else None)

    def __str__(self) -> str:
        if self.side is None:
            return "anywhere"
        who = f"{self.role.value} " if self.role else ""
        return f"{self.side} {self.count} {who}turn{'s' if self.count > 1 else ''}"

    def turns(self, transcript: Transcript) -> range | list[int]:
        """Give the indexes of the turns inside the scope.

        A scope that counts one role's turns reaches from the end of the conversation to the last
        turn it counts, so that ``last 2 agent turns`` holds the customer's words between them too.

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
        if self.side is None:
            return range(total)
        counted = [
            index
            for index, turn in enumerate(transcript.turns)
            if self.role is None or turn.role is self.role
        ]
        if not counted:
            return range(0)
        if self.side == "first":
            return range(counted[min(self.count, len(counted)) - 1] + 1)
        return range(counted[max(0, len(counted) - self.count)], total)
