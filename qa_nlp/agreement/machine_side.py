"""The machine's grades that may be compared with people's, and what is left out of a study."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from qa_nlp.agreement.joined import Exclusion
from qa_nlp.errors import GradesError, near_matches
from qa_nlp.grade_levels import shown_text
from qa_nlp.scorecard import Grade, Scorecard

__all__ = ["Exclusions", "MachineSide"]

_EXAMPLES: Final = 5


class Exclusions:
    """Collects what is left out, and why."""

    def __init__(self) -> None:
        self._found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    def add(self, what: str, reason: str, example: str) -> None:
        """Leave one out.

        Parameters
        ----------
        what, reason, example : str
            As in `Exclusion`.
        """
        self._found[what, reason].append(example)

    def rows(self) -> tuple[Exclusion, ...]:
        """Give what was left out.

        Returns
        -------
        tuple of Exclusion
            By reason.
        """
        return tuple(
            Exclusion(what, reason, len(examples), tuple(dict.fromkeys(examples))[:_EXAMPLES])
            for (what, reason), examples in self._found.items()
        )


@dataclass(frozen=True, slots=True)
class MachineSide:
    """What the machine said that may be compared.

    Parameters
    ----------
    cards : tuple of Scorecard
        Those without error.
    grades : tuple of mapping of str to Grade
        Of each card, those by a model that saw no grade of its group.
    places : mapping of str to int
        Transcript to the place of its card.
    scales : mapping of str to Grade
        For each criterion a grade that states its levels.
    failed : collection of str
        Transcripts that could not be scored.
    """

    cards: tuple[Scorecard, ...]
    grades: tuple[Mapping[str, Grade], ...]
    places: Mapping[str, int]
    scales: Mapping[str, Grade]
    failed: Collection[str]
    _near: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cards: Iterable[Scorecard], left_out: Exclusions) -> MachineSide:
        """Take the grades that may be compared.

        Parameters
        ----------
        cards : iterable of Scorecard
            All of them.
        left_out : Exclusions
            Learns what may not.

        Returns
        -------
        MachineSide
            The rest.

        Raises
        ------
        GradesError
            When two scorecards are of one transcript, or a criterion's levels differ between
            scorecards.
        """
        usable: dict[str, Scorecard] = {}
        failed: set[str] = set()
        for card in cards:
            if not isinstance(card, Scorecard):
                raise GradesError(
                    f"not a scorecard but {type(card).__name__}; for plain tables of grades use "
                    "AgreementStudy.from_tables"
                )
            if card.error is not None:
                failed.add(card.transcript_id)
                left_out.add("scorecards", "the transcript could not be scored", card.transcript_id)
            elif card.transcript_id in usable:
                raise GradesError(f"two scorecards of transcript {card.transcript_id!r}; keep one")
            else:
                usable[card.transcript_id] = card
        kept = tuple(usable.values())
        grades = tuple(_comparable(card, left_out) for card in kept)
        places = {name: at for at, name in enumerate(usable)}
        return cls(kept, grades, places, _scales(kept), failed - usable.keys())

    def why_not(self, transcript: str, criterion: str) -> str:
        """Say why there is no answer of the machine beside a human grade.

        Parameters
        ----------
        transcript, criterion : str
            What a person graded.

        Returns
        -------
        str
            In words.
        """
        at = self.places.get(transcript)
        if at is None:
            scored = transcript not in self.failed
            return "no scorecard of this transcript" if scored else "the transcript was not scored"
        shown = shown_text(criterion)
        if criterion not in self.scales:
            if criterion not in self._near:
                self._near[criterion] = near_matches(criterion, self.scales)
            return f"the scorecards have no criterion {shown}{self._near[criterion]}"
        if any(grade.criterion == criterion for grade in self.cards[at].grades):
            return f"{criterion}: the machine has learnt from it, without an out-of-fold grade"
        return f"the scorecard of this transcript has no criterion {shown}"


def _comparable(card: Scorecard, left_out: Exclusions) -> dict[str, Grade]:
    """Give the grades by a model that saw no grade of this group."""
    if card.fold is None:
        return {grade.criterion: grade for grade in card.grades}
    found = {grade.criterion: grade for grade in card.out_of_fold}
    for grade in card.grades:
        if grade.criterion not in found and not grade.calibrated:
            found[grade.criterion] = grade
        elif grade.criterion not in found:
            reason = f"{grade.criterion}: learnt from this conversation, no out-of-fold grade"
            left_out.add("answers", reason, card.transcript_id)
    return found


def _scales(cards: Sequence[Scorecard]) -> dict[str, Grade]:
    """Give for each criterion a grade that states its levels, in the order of the cards."""
    found: dict[str, Grade] = {}
    owner: dict[str, str] = {}
    for card in cards:
        for grade in (*card.grades, *card.out_of_fold):
            name = grade.criterion
            if not grade.level_values:
                continue
            if name not in found:
                found[name], owner[name] = grade, card.transcript_id
            elif found[name].level_values != grade.level_values:
                raise GradesError(
                    f"criterion {name!r} has other levels on the scorecard of "
                    f"{card.transcript_id!r} than on that of {owner[name]!r}; study the "
                    "scorecards of one version of the rubric at a time"
                )
    return found
