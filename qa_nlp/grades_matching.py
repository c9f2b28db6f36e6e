"""Which transcripts the ids of human grades belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qa_nlp.display.formats import counted
from qa_nlp.errors import GradesError, near_matches
from qa_nlp.grade_levels import shown_text
from qa_nlp.grades import Grades
from qa_nlp.grades_report import GradesFinding
from qa_nlp.scorecard import Scorecard
from qa_nlp.transcript import Transcript, split_turn

__all__ = ["unmatched"]

_SHOWN: Final = 5


def unmatched(
    grades: Grades, transcripts: Iterable[Transcript | Scorecard | str]
) -> list[GradesFinding]:
    """Look for grades of transcripts that are not there, or that several agents share.

    Parameters
    ----------
    grades : Grades
        Human grades.
    transcripts : iterable of Transcript, Scorecard or str
        What was graded, or the ids.

    Returns
    -------
    list of GradesFinding
        At most one of each kind.

    Raises
    ------
    GradesError
        When something else is among the transcripts.
    """
    known = _Known.of(transcripts)
    ids = list(dict.fromkeys(grades.transcript_ids))
    strange = [i for i in ids if i not in known.shared and not known.has(i)]
    findings = []
    if strange:
        shown = ", ".join(f"{shown_text(i)}{known.near(i)}" for i in strange[:3])
        everything = len(strange) == len(ids)
        tail = (
            "check that the right column is read as transcript_id"
            if everything
            else "correct the ids, or add the transcripts; nothing is learnt from these grades"
        )
        findings.append(
            GradesFinding(
                "error" if everything else "warning",
                "unmatched transcript",
                f"{len(strange):,} of {counted(len(ids), 'graded transcript')} "
                f"{'is' if len(strange) == 1 else 'are'} not among the transcripts: {shown}; "
                f"{tail}",
                _places_of(grades, strange[:_SHOWN]),
                len(strange),
            )
        )
    several = [i for i in ids if i in known.shared]
    if several:
        findings.append(
            GradesFinding(
                "warning",
                "several agents",
                f"{counted(len(several), 'graded transcript')} had several agents, each with a "
                f"scorecard of their own: write {shown_text(known.shared[several[0]])} instead of "
                f"{shown_text(several[0])} for the agent who was graded",
                _places_of(grades, several[:_SHOWN]),
                len(several),
            )
        )
    return findings


def _places_of(grades: Grades, ids: Sequence[str]) -> tuple[str, ...]:
    """Give the place where each of a few transcripts is graded first."""
    return tuple(grades.places[int(np.argmax(grades.transcript_ids == i))] for i in ids)


@dataclass(frozen=True, slots=True)
class _Known:
    """Ids that grades may bear: with a number of turns (None: not known), and those of groups."""

    turns: dict[str, int | None]
    plain: frozenset[str]
    shared: dict[str, str]

    @classmethod
    def of(cls, transcripts: Iterable[Transcript | Scorecard | str]) -> _Known:
        turns: dict[str, int | None] = {}
        plain: set[str] = set()
        shared: dict[str, str] = {}
        for number, item in enumerate(transcripts, start=1):
            if isinstance(item, str):
                turns[item.strip()] = None
                plain.add(item.strip())
            elif isinstance(item, Transcript):
                turns |= {f"{item.id}@{agent}": len(item.turns) for agent in item.agents}
                turns[item.id] = len(item.turns)
                if len(item.agents) > 1:
                    shared[item.id] = f"{item.id}@{item.agents[0]}"
                elif item.id.startswith(f"{item.group_id}@"):
                    shared[item.group_id] = item.id
            elif isinstance(item, Scorecard):
                identifier, agent = item.transcript_id, item.metadata.get("agent_id")
                turns[identifier] = item.turn_count
                if identifier == f"{item.group_id}@{agent}":
                    shared[item.group_id] = identifier
                elif agent is not None:
                    turns[f"{identifier}@{agent}"] = item.turn_count
            else:
                raise GradesError(
                    f"transcripts: item {number} is a {type(item).__name__}; give transcripts, "
                    "scorecards or ids"
                )
        return cls(turns, frozenset(plain), shared)

    def has(self, identifier: str) -> bool:
        if identifier in self.turns:
            return True
        part = split_turn(identifier)
        if part is not None and self._reaches(*part):
            return True
        parts = identifier.split("@")
        for at in range(1, len(parts)):
            left, agent = "@".join(parts[:at]), "@".join(parts[at:])
            if left in self.plain:  # of a bare id nobody knows the agents
                return True
            part = split_turn(left)
            if part is not None and self._reaches(f"{part[0]}@{agent}", part[1]):
                return True
        return False

    def _reaches(self, base: str, turn: int) -> bool:
        if base not in self.turns:
            return base.partition("@")[0] in self.plain
        turns = self.turns[base]
        return turns is None or turn < turns

    def near(self, identifier: str) -> str:
        """Give near matches; of very many ids, only those that begin alike are compared."""
        names: Iterable[str] = self.turns
        if len(self.turns) > 2_000:
            begin = identifier[:3].casefold()
            alike = [name for name in self.turns if name[:3].casefold() == begin]
            names = sorted(alike, key=lambda name: abs(len(name) - len(identifier)))[:2_000]
        return near_matches(identifier, names)
