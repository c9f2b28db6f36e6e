"""Put machine grades and human grades of the same conversations side by side.

Of a conversation whose grades the machine has learnt from, only its out-of-fold grades are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from qa_nlp.agreement.joined import (
    ABSTAINED,
    MISSING,
    NOT_APPLICABLE,
    Answers,
    Joined,
)
from qa_nlp.agreement.machine_side import Exclusions, MachineSide
from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.grade_levels import level_place, unknown_level
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard

__all__ = ["join"]

_Given: TypeAlias = "dict[int, list[tuple[int, int]]]"  # card -> (rater or -1, position) of people


def join(cards: Iterable[Scorecard], grades: Grades) -> Joined:
    """Put machine and human grades of the same transcripts side by side.

    Parameters
    ----------
    cards : iterable of Scorecard
        The machine's.
    grades : Grades
        People's.

    Returns
    -------
    Joined
        With every exclusion and its reason.

    Raises
    ------
    GradesError
        When two scorecards are of one transcript, a criterion's levels differ between scorecards,
        no transcript has both, or no grade is a level of its criterion.
    """
    left_out = Exclusions()
    machine = MachineSide.of(cards, left_out)
    people: dict[str, int] = {}
    human = _human(grades, machine, people, left_out)
    if not human:
        raise _nothing(grades, machine, left_out)
    answers = tuple(
        _answers(scale, machine.grades, human[name])
        for name, scale in machine.scales.items()
        if name in human
    )
    used = sum(int((one.human != MISSING).sum()) for one in answers)
    unknown = any(bool(((one.human != MISSING) & (one.rater < 0)).any()) for one in answers)
    return Joined(
        machine.cards,
        machine.grades,
        answers,
        tuple(people),
        left_out.rows(),
        used,
        unknown_raters=unknown,
    )


def _human(
    grades: Grades, machine: MachineSide, people: dict[str, int], left_out: Exclusions
) -> dict[str, _Given]:
    """Give people's grades by criterion and card; known raters get their places in `people`."""
    positions: dict[tuple[str, str], int | None] = {}
    kept = _Kept()
    columns = (grades.transcript_ids, grades.criteria, grades.raters, grades.levels, grades.places)
    for transcript, criterion, rater, level, place in zip(*columns, strict=True):
        at = machine.places.get(transcript)
        if at is None or criterion not in machine.scales or criterion not in machine.grades[at]:
            left_out.add("grades", machine.why_not(transcript, criterion), transcript)
            continue
        key = (criterion, level)
        if key not in positions:
            positions[key] = level_place(machine.scales[criterion].level_values, level)
        position = positions[key]
        if position is None:
            scale = machine.scales[criterion].level_values
            left_out.add("grades", unknown_level(criterion, scale, level), place)
            continue
        kept.add(at, criterion, rater, position, place, left_out)
    found: dict[str, _Given] = {}
    for at, criterion, who, position in kept.rows():
        code = people.setdefault(who, len(people)) if isinstance(who, str) else -1
        found.setdefault(criterion, {}).setdefault(at, []).append((code, position))
    return found


@dataclass(slots=True)
class _Kept:
    """Each rater's grade of each criterion of each card, once; none where two contradict."""

    seen: dict[tuple[int, str, str | int], tuple[int, str]] = field(default_factory=dict)
    contradictory: set[tuple[int, str, str | int]] = field(default_factory=set)

    def add(
        self,
        at: int,
        criterion: str,
        rater: str | None,
        position: int,
        place: str,
        left_out: Exclusions,
    ) -> None:
        # Nobody knows whether two unknown people are one.
        key = (at, criterion, len(self.seen) if rater is None else rater)
        if key not in self.seen:
            self.seen[key] = (position, place)
        elif self.seen[key][0] == position and key not in self.contradictory:
            left_out.add("grades", "the same grade by the same rater again", place)
        else:
            reason = "one rater gave two levels: neither counts"
            if key not in self.contradictory:
                self.contradictory.add(key)
                left_out.add("grades", reason, self.seen[key][1])
            left_out.add("grades", reason, place)

    def rows(self) -> Iterable[tuple[int, str, str | int, int]]:
        for key, (position, _) in self.seen.items():
            if key not in self.contradictory:
                yield *key, position


def _answers(scale: Grade, machine: Sequence[Mapping[str, Grade]], human: _Given) -> Answers:
    levels = tuple(scale.level_values)
    place = {level: at for at, level in enumerate(levels)}
    items = np.array(sorted(human), dtype=np.int64)
    own = [machine[at][scale.criterion] for at in items.tolist()]
    chances = np.full((len(items), len(levels)), np.nan)
    for row, grade in enumerate(own):
        if grade.probabilities:
            chances[row] = [grade.probabilities.get(level, 0.0) for level in levels]
    position = np.array([_position(grade, place) for grade in own], dtype=np.int64)
    median = np.minimum((np.cumsum(chances, axis=1) < 0.5).sum(axis=1), len(levels) - 1)
    open_to_guess = (position == ABSTAINED) & np.isfinite(chances[:, 0])
    width = max(map(len, human.values()))
    positions = np.full((len(items), width), MISSING, dtype=np.int64)
    raters = np.full((len(items), width), -1, dtype=np.int64)
    for row, at in enumerate(items.tolist()):
        for column, (rater, level) in enumerate(sorted(human[at])):
            positions[row, column], raters[row, column] = level, rater
    expected = [np.nan if grade.expected is None else grade.expected for grade in own]
    return Answers(
        scale.criterion,
        levels,
        np.array(list(scale.level_values.values()), dtype=np.float64),
        scale.critical,
        items,
        position,
        np.where(open_to_guess, median, position),
        np.array(expected, dtype=np.float64),
        chances,
        positions,
        raters,
    )


def _position(grade: Grade, place: Mapping[str, int]) -> int:
    if grade.status is GradeStatus.NOT_APPLICABLE:
        return NOT_APPLICABLE
    if grade.status is GradeStatus.ABSTAINED or grade.level is None:
        return ABSTAINED
    if grade.level not in place:
        raise GradesError(
            f"a scorecard gives criterion {grade.criterion!r} the level {grade.level!r}, which is "
            f"none of its levels{did_you_mean(grade.level, place)}"
        )
    return place[grade.level]


def _nothing(grades: Grades, machine: MachineSide, left_out: Exclusions) -> GradesError:
    """Say why nothing can be compared."""
    if not len(grades):
        return GradesError("there are no human grades; give a table with at least one")
    if not machine.places:
        return GradesError("there are no scorecards without an error; score the transcripts first")
    if not any(one in machine.places for one in grades.transcript_ids):
        return GradesError(
            "no transcript has both a scorecard and a human grade: grades name "
            f"{grades.transcript_ids[0]!r}, scorecards {next(iter(machine.places))!r}; check that "
            "the right column is read as transcript_id"
        )
    if not any(one in machine.scales for one in grades.criteria):
        known = did_you_mean(str(grades.criteria[0]), machine.scales)
        return GradesError(f"no graded criterion is on the scorecards{known}")
    reasons = "; ".join(row.reason for row in left_out.rows() if row.what == "grades")
    return GradesError(f"no human grade can be used: {reasons}")
