"""Roll grades up to section scores and a total, with what is still open made visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qa_nlp.rubric import Criterion, Rubric
from qa_nlp.scorecard import Evidence, Grade, GradeStatus, SectionScore, TotalStatus

__all__ = ["Total", "roll_up"]

DECIMALS: Final = 4
OPEN_FROM: Final = 0.05
"""Probability of failing from which a critical criterion leaves the total pending."""

_TAIL: Final = 0.05
_EXACT: Final = 1e-9
_SEARCHED: Final = ("phrase.", "rule.", "condition.", "procedure.")
"""Signals whose evidence may say what was searched in vain."""


@dataclass(frozen=True, slots=True)
class Total:
    """The rolled-up score of a card.

    Parameters
    ----------
    value : float or None
        0 to 100; 0 when a critical criterion failed; None when nothing applied.
    status : TotalStatus
        How far the value can be used.
    interval : tuple of float, optional
        Where the value likely ends up once a person has answered what is open.
    without_critical : float or None
        The value as if no criterion were critical.
    sections : tuple of SectionScore
        In the rubric's order.
    critical_failures : tuple of str
        Criteria that failed the card.
    """

    value: float | None
    status: TotalStatus
    interval: tuple[float, float] | None
    without_critical: float | None
    sections: tuple[SectionScore, ...]
    critical_failures: tuple[str, ...]


def roll_up(rubric: Rubric, grades: Sequence[Grade]) -> Total:
    """Compute section scores, total, its status and interval.

    The total is 100 × expected points ÷ possible points over the criteria that apply. What the
    machine left to a person stays in with its expected points and makes the total provisional; the
    interval then runs from the 5 % to the 95 % quantile of the open criteria's points, all at their
    worst and all at their best, and is widened to the total where that lies outside. A critical
    criterion fails the card when P(lowest level) reaches its ``auto_fail_at`` and its evidence
    quotes the words, or states what was searched in vain; from .05 up to that, or where it could
    not be judged, the total is pending review and its interval starts at 0.

    Parameters
    ----------
    rubric : Rubric
        Sections and criteria.
    grades : sequence of Grade
        One for each criterion.

    Returns
    -------
    Total
        Everything the card says above its grades.
    """
    by_criterion = {grade.criterion: grade for grade in grades}
    sections = tuple(
        _section(section.id, [by_criterion[c.id] for c in section.criteria])
        for section in rubric.sections
    )
    possible = sum(section.possible for section in sections)
    if possible < _EXACT:
        return Total(None, TotalStatus.NONE, None, None, sections, ())
    value = _percent(sum(section.points for section in sections), possible)
    failures, in_doubt = _critical(rubric, by_criterion)
    if failures:
        return Total(0.0, TotalStatus.FAILED, None, value, sections, failures)
    low, high = _bounds(rubric, by_criterion, possible)
    # an expected value can lie beyond a quantile: .04 × 0 + .96 × 1 is less than the 5 % quantile
    low, high = min(low, value), max(high, value)
    if in_doubt:
        return Total(value, TotalStatus.PENDING_REVIEW, (0.0, high), value, sections, ())
    if any(grade.status is GradeStatus.ABSTAINED for grade in grades):
        return Total(value, TotalStatus.PROVISIONAL, (low, high), value, sections, ())
    return Total(value, TotalStatus.FINAL, None, value, sections, ())


def _section(identifier: str, grades: Sequence[Grade]) -> SectionScore:
    points = sum(grade.points or 0.0 for grade in grades)
    possible = sum(grade.possible or 0.0 for grade in grades)
    total = _percent(points, possible) if possible > _EXACT else None
    return SectionScore(identifier, total, round(points, DECIMALS), round(possible, DECIMALS))


def _percent(points: float, possible: float) -> float:
    return round(100 * points / possible, DECIMALS)


def _critical(rubric: Rubric, grades: Mapping[str, Grade]) -> tuple[tuple[str, ...], bool]:
    """Give the criteria that fail the card, and whether another one may."""
    failures = []
    in_doubt = False
    for criterion in rubric.criteria:
        grade = grades[criterion.id]
        if not criterion.critical or grade.status is GradeStatus.NOT_APPLICABLE:
            continue
        fail = grade.probabilities.get(criterion.levels[0].id, 1.0)
        if grade.status is GradeStatus.GRADED and fail >= criterion.auto_fail_at and _proven(grade):
            failures.append(criterion.id)
        elif fail >= OPEN_FROM or grade.status is GradeStatus.ABSTAINED:
            in_doubt = True
    return tuple(failures), in_doubt


def _proven(grade: Grade) -> bool:
    """Tell whether what can be pointed at carries most of what speaks for failing."""
    against = sum(part for part in grade.contributions.values() if part < 0)
    pointed_at = [item.contribution for item in grade.evidence if _proves(item)]
    return bool(pointed_at) and sum(pointed_at) <= against / 2


def _proves(evidence: Evidence) -> bool:
    """Tell whether a piece of evidence can fail a card: words said, or a phrase not found."""
    searched = evidence.note is not None and evidence.signal.startswith(_SEARCHED)
    return evidence.contribution < 0 and (evidence.turn is not None or searched)


def _bounds(rubric: Rubric, grades: Mapping[str, Grade], possible: float) -> tuple[float, float]:
    low = high = 0.0
    for criterion in rubric.criteria:
        grade = grades[criterion.id]
        if grade.status is GradeStatus.GRADED:
            low += grade.points or 0.0
            high += grade.points or 0.0
        elif grade.status is GradeStatus.ABSTAINED:
            worst, best = _plausible_points(criterion, grade)
            low += criterion.weight * worst
            high += criterion.weight * best
    return _percent(low, possible), _percent(high, possible)


def _plausible_points(criterion: Criterion, grade: Grade) -> tuple[float, float]:
    """Give the points of the 5 % and the 95 % quantile of the level."""
    points = [level.points for level in criterion.levels]
    below = 0.0
    worst = best = None
    for level, value in zip(criterion.levels, points, strict=True):
        below += grade.probabilities[level.id]
        if worst is None and below > _TAIL:
            worst = value
        if best is None and below >= 1 - _TAIL:
            best = value
    return (points[0] if worst is None else worst), (points[-1] if best is None else best)
