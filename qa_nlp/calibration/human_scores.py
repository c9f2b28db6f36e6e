"""What people scored each transcript: totals and criteria, one score for each person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from qa_nlp.card_groups import usable_cards
from qa_nlp.errors import GradesError
from qa_nlp.grade_levels import level_place, unknown_level
from qa_nlp.grades import HumanGrade, read_grades
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard

__all__ = ["TOTAL", "human_scores", "human_totals"]

TOTAL: Final = "total"
"""The score that is made of all criteria."""

_Answer: TypeAlias = tuple[float, float] | None  # value or points, greatest possible; None = N/A
_Answers: TypeAlias = dict[str, dict[str | None, list[_Answer]]]  # by criterion, by rater


def human_totals(cards: Iterable[Scorecard], grades: Any) -> dict[str, list[float]]:
    """Give each person's total of each transcript.

    It is the total without critical failures: 100 × points ÷ possible points over the criteria that
    the person did not grade N/A. It counts where the person answered every criterion that the
    machine graded or abstained on. Where a rater answered a criterion more than once, the points
    are averaged. Unknown people count as one.

    Parameters
    ----------
    cards : iterable of Scorecard
        They tell the criteria and the points of their levels; those with an error are left out.
    grades : Grades or anything `read_grades` takes
        Human grades; those of other transcripts or criteria are left out.

    Returns
    -------
    dict of str to list of float
        Transcript id to totals, 0 to 100; only transcripts that have one, in the order of the
        grades.

    Raises
    ------
    GradesError
        When a grade is no level of its criterion, or two cards have one transcript id.

    Examples
    --------
    >>> from qa_nlp.grades import Grades
    >>> levels = {"level_values": {"no": 0.0, "yes": 1.0}, "level_points": {"no": 0.0, "yes": 5.0}}
    >>> both = tuple(Grade(name, GradeStatus.GRADED, **levels) for name in ("tone", "pace"))
    >>> card = Scorecard("c1", "c1", "demo", "1", grades=both)
    >>> rows = [("c1", "tone", "Ana", "yes"), ("c1", "pace", "Ana", "no")]
    >>> rows += [("c1", "tone", "Ben", "yes"), ("c1", "pace", "Ben", "N/A")]
    >>> human_totals([card], Grades.from_rows([*rows, ("c1", "tone", "Eve", "yes")]))
    {'c1': [50.0, 100.0]}
    """
    scores = human_scores(cards, grades, TOTAL).items()
    known = {key: [total for total in totals if total is not None] for key, totals in scores}
    return {key: totals for key, totals in known.items() if totals}


def human_scores(
    cards: Iterable[Scorecard], grades: Any, score: str
) -> dict[str, list[float | None]]:
    """Give each person's score of each transcript.

    Parameters
    ----------
    cards : iterable of Scorecard
        They tell the levels of their criteria; those with an error are left out.
    grades : Grades or anything `read_grades` takes
        Human grades; those of other transcripts or criteria are left out.
    score : str
        "total" (0 to 100, see `human_totals`), or a criterion's id (its value scale). Of one
        criterion, unknown people are as many as their grades.

    Returns
    -------
    dict of str to list of (float or None)
        Transcript id to one score for each person, None where all was N/A. Every transcript with a
        grade that counts is there, also where nobody answered the whole card.

    Raises
    ------
    GradesError
        When a grade is no level of its criterion, or two cards have one transcript id.
    """
    known = {card.transcript_id: card for card in usable_cards(cards)}
    answers = _answers(known, grades, score)
    if score != TOTAL:
        return {key: _values(own[score]) for key, own in answers.items()}
    return {key: _totals(known[key], own) for key, own in answers.items()}


def _answers(known: Mapping[str, Scorecard], grades: Any, score: str) -> dict[str, _Answers]:
    """Give the answers of each graded transcript, with levels as numbers."""
    scales: dict[tuple[str, str, str], Grade] = {}
    for card in known.values():
        for grade in card.grades:
            if grade.level_values:
                scales.setdefault((card.rubric, card.rubric_version, grade.criterion), grade)
    everything = read_grades(grades)
    found: dict[str, _Answers] = {}
    seen: dict[tuple[str, str, str, str], _Answer] = {}
    for given in everything if score == TOTAL else everything.for_criterion(score):
        owner = known.get(given.transcript_id)
        asked = (owner.rubric, owner.rubric_version, given.criterion) if owner else None
        if asked is None or asked not in scales:
            continue
        key = (*asked, given.level)
        if key not in seen:
            seen[key] = _answer(scales[asked], given, score)
        answers = found.setdefault(given.transcript_id, {}).setdefault(given.criterion, {})
        answers.setdefault(given.rater, []).append(seen[key])
    return found


def _answer(scale: Grade, given: HumanGrade, score: str) -> _Answer:
    at = level_place(scale.level_values, given.level)
    if at is None:
        message = unknown_level(scale.criterion, scale.level_values, given.level)
        raise GradesError(f"{given.place}: {message}")
    if at < 0:
        return None
    numbers = scale.level_points if score == TOTAL else scale.level_values
    return numbers[list(scale.level_values)[at]], max(numbers.values())


def _person(answers: Sequence[_Answer]) -> _Answer:
    """Give one person's answer to a criterion, averaged where it was given more than once."""
    known = [answer for answer in answers if answer is not None]
    if not known:
        return None
    return sum(number for number, _ in known) / len(known), known[0][1]


def _values(raters: Mapping[str | None, list[_Answer]]) -> list[float | None]:
    """Give each person's value of a criterion; unknown people are as many as their grades."""
    people = [_person(own) for rater, own in raters.items() if rater is not None]
    people += raters.get(None, [])
    return [None if answer is None else answer[0] for answer in people]


def _totals(card: Scorecard, answers: _Answers) -> list[float | None]:
    """Give the total of each person who answered all of the card; unknown people count as one."""
    asked = {g.criterion for g in card.grades if g.status is not GradeStatus.NOT_APPLICABLE}
    people = dict.fromkeys(rater for raters in answers.values() for rater in raters)
    totals: list[float | None] = []
    for rater in people:
        own = {name: _person(raters[rater]) for name, raters in answers.items() if rater in raters}
        if asked <= own.keys():
            known = [answer for answer in own.values() if answer is not None]
            possible = sum(most for _, most in known)
            points = sum(number for number, _ in known)
            totals.append(100 * points / possible if possible else None)
    return totals
