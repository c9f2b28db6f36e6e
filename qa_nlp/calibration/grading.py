"""Grade one criterion of one transcript from its measured signals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.applicability import UNSURE, Applicability
from qa_nlp.calibration.calibrator import Calibrator, LearntCriterion
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.calibration.rollup import DECIMALS
from qa_nlp.masking import mask
from qa_nlp.rubric import Criterion, MinimumSize, Rubric
from qa_nlp.scorecard import Evidence, Grade, GradeStatus
from qa_nlp.signals.base import Span
from qa_nlp.signals.summary import Summary
from qa_nlp.text.words import UNSPACED_LANGUAGES
from qa_nlp.transcript import Role, Transcript

__all__ = ["Grader", "Measured", "grade_criteria", "not_applicable_rule"]

ABSTAIN_BELOW: Final = 1.2
"""Without human grades a level needs this times the probability of a blind guess, 1 ÷ levels."""

TEXT_FAMILIES: Final = (
    "phrase.",
    "rule.",
    "condition.",
    "procedure.",
    "forbidden.",
    "customer_sentiment.",
    "customer_emotion.",
    "empathy.",
    "tone.",
)
"""Signals of the words; where a language cannot be read, no criterion that uses one is graded."""

LEAST_MEASURED: Final = 0.5
"""A criterion abstains where its measured signals carry less than this share of its weight."""

_MOST_EVIDENCE: Final = 8
_NEGLIGIBLE: Final = 5e-5
_EXACT: Final = 1e-12


TOO_WIDE: Final = 0.7
"""A criterion abstains where the levels of its set span more than this share of its scale."""

SURE_OF_TWO: Final = 0.75
"""With two levels every doubtful set holds both; then the likelier one needs this probability."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on one transcript.

    Parameters
    ----------
    transcript : Transcript
        The conversation.
    language : str, optional
        Stated or detected.
    encoded : bool
        Whether text signals could be measured in that language.
    values : mapping of str to float
        By column; NaN = not measured.
    spans : mapping of str to sequence of Span
        By column.
    summary : Summary, optional
        Of the text as a whole, where a model reads it.
    """

    transcript: Transcript
    language: str | None
    encoded: bool
    values: Mapping[str, float]
    spans: Mapping[str, Sequence[Span]]
    summary: Summary | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Grader:
    """Grades the criteria of a rubric.

    Parameters
    ----------
    rubric : Rubric
        The questions.
    models : mapping of str to CriterionModel
        By criterion.
    calibrator : Calibrator, optional
        What was learnt from human grades.
    fold : int, optional
        Grade as the models of this fold do, which saw no grade of its groups.
    """

    rubric: Rubric
    models: Mapping[str, CriterionModel]
    calibrator: Calibrator | None = None
    fold: int | None = None

    def learnt(self, criterion: str) -> LearntCriterion | None:
        """Give what was learnt of a criterion.

        Parameters
        ----------
        criterion : str
            Its id.

        Returns
        -------
        LearntCriterion or None
            None where the rubric's own model grades.
        """
        return None if self.calibrator is None else self.calibrator.criteria.get(criterion)

    def model(self, criterion: str) -> CriterionModel:
        """Give the model that grades a criterion.

        Parameters
        ----------
        criterion : str
            Its id.

        Returns
        -------
        CriterionModel
            The learnt one where there is one.
        """
        learnt = self.learnt(criterion)
        if learnt is None:
            return self.models[criterion]
        return learnt.model if self.fold is None else learnt.folds[self.fold]

    def applicability(self, criterion: str) -> Applicability | None:
        """Give what tells whether a criterion applies.

        Parameters
        ----------
        criterion : str
            Its id.

        Returns
        -------
        Applicability or None
            None where the rubric's rule alone does.
        """
        learnt = self.learnt(criterion)
        if learnt is None:
            return None
        return learnt.applicability if self.fold is None else learnt.fold_applicability[self.fold]


def grade_criteria(grader: Grader, measured: Measured, *, quotes: bool) -> tuple[Grade, ...]:
    """Grade every criterion of a rubric.

    Parameters
    ----------
    grader : Grader
        The rubric and its models.
    measured : Measured
        The transcript's signals.
    quotes : bool
        Whether evidence holds the (masked) words.

    Returns
    -------
    tuple of Grade
        In the rubric's order; those of a fold have no evidence.
    """
    grades: dict[str, Grade] = {}
    rubric = grader.rubric
    short = _too_short(rubric.minimum_size, measured)
    for criterion in rubric.criteria:
        outside, doubt = _outside(criterion, grader, measured, grades)
        if outside is not None:
            grades[criterion.id] = Grade(
                criterion.id,
                GradeStatus.NOT_APPLICABLE,
                level_values=_values(criterion),
                level_points=_points(criterion),
                critical=criterion.critical,
                calibrated=grader.learnt(criterion.id) is not None,
                reason=outside,
            )
            continue
        reason = short or _too_short(criterion.minimum_size, measured)
        reason = reason or _open_parent(criterion, grades) or doubt
        grades[criterion.id] = _grade(criterion, grader, measured, reason, quotes=quotes)
    return tuple(grades.values())


def not_applicable_rule(criterion: Criterion, values: Mapping[str, float]) -> str | None:
    """Tell by which of its rules a criterion does not apply.

    Parameters
    ----------
    criterion : Criterion
        The question.
    values : mapping of str to float
        Measured columns, NaN = not measured.

    Returns
    -------
    str or None
        The rule and the value, or None where none holds.
    """
    for bound in criterion.not_applicable_if:
        if bound.holds(values):
            return f"{bound} ({values[bound.column]:.2f})"
    return None


def _outside(
    criterion: Criterion, grader: Grader, measured: Measured, grades: Mapping[str, Grade]
) -> tuple[str | None, str | None]:
    """Give the reason why a criterion does not apply, and why that is in doubt."""
    channel, language = measured.transcript.channel, measured.language
    if criterion.channels and channel is not None and channel not in criterion.channels:
        return f"asked only on {' and '.join(criterion.channels)}; this is {channel}", None
    if criterion.languages and language is not None and language not in criterion.languages:
        return f"asked only in {', '.join(criterion.languages)}; this is {language}", None
    condition = criterion.applies_if
    if condition is not None:
        parent = grades[condition.criterion]
        if parent.status is GradeStatus.NOT_APPLICABLE:
            return f"asked only where {parent.criterion!r} applies", None
        if parent.status is GradeStatus.GRADED and parent.level not in condition.levels:
            wanted = " or ".join(condition.levels)
            return f"asked only where {parent.criterion!r} is {wanted}; it is {parent.level}", None
    rule = not_applicable_rule(criterion, measured.values)
    applicability = grader.applicability(criterion.id)
    if applicability is None:
        return (None if rule is None else f"does not apply: {rule}"), None
    model = grader.model(criterion.id)
    chance = applicability.probability(model, measured.values, rule=rule is not None)
    why = f"{rule}; " if rule is not None else ""
    if chance >= UNSURE[1]:
        return f"does not apply: {why}raters answer N/A with a probability of {chance:.2f}", None
    if chance > UNSURE[0]:
        return None, f"may not apply: {why}raters answer N/A with a probability of {chance:.2f}"
    return None, None


def _open_parent(criterion: Criterion, grades: Mapping[str, Grade]) -> str | None:
    condition = criterion.applies_if
    if condition is None or grades[condition.criterion].status is not GradeStatus.ABSTAINED:
        return None
    return f"depends on {condition.criterion!r}, which a person must answer first"


def _too_short(least: MinimumSize, measured: Measured) -> str | None:
    transcript = measured.transcript
    if len(transcript.turns) < least.turns:
        return f"too short: {len(transcript.turns)} turns, {least.turns} are needed"
    for role, words in (
        (Role.AGENT, least.agent_words),
        (Role.CUSTOMER, least.customer_words),
    ):
        if words and measured.language not in UNSPACED_LANGUAGES:
            said = sum(len(t.text.split()) for t in transcript.turns if t.role is role)
            if said < words:
                return f"too short: the {role.value} says {said} words, {words} are needed"
    return None


def _grade(
    criterion: Criterion, grader: Grader, measured: Measured, reason: str | None, *, quotes: bool
) -> Grade:
    model, learnt = grader.model(criterion.id), grader.learnt(criterion.id)
    parts = model.contributions(measured.values, measured.summary)
    chances = model.probabilities(math.fsum(parts.values()))
    best = middle_level(chances)
    unread = not measured.encoded and any(t.column.startswith(TEXT_FAMILIES) for t in model.terms)
    if reason is None and (unread or grader.models[criterion.id].share_of(parts) < LEAST_MEASURED):
        reason = _unmeasured(measured, parts)
    level_set: tuple[str, ...] = ()
    if learnt is None or grader.calibrator is None:
        if reason is None and chances.max() < ABSTAIN_BELOW / len(chances):
            reason = (
                f"not sure enough: the likeliest level has a probability of {chances.max():.2f}"
            )
    else:
        first, last = learnt.level_set(measured.values, measured.summary, best, grader.fold)
        level_set = tuple(level.id for level in criterion.levels[first : last + 1])
        words = measured.transcript.word_count
        channel = measured.transcript.channel
        reason = reason or grader.calibrator.unlike(measured.language, channel, words)
        reason = reason or _too_unsure(criterion, chances, first, last)
    levels = criterion.levels
    return Grade(
        criterion.id,
        GradeStatus.GRADED if reason is None else GradeStatus.ABSTAINED,
        level=levels[best].id if reason is None else None,
        probabilities={
            level.id: round(float(chance), DECIMALS)
            for level, chance in zip(levels, chances, strict=True)
        },
        expected=_mean(chances, [level.value for level in levels]),
        points=_mean(chances, [criterion.weight * level.points for level in levels]),
        possible=round(criterion.weight * criterion.possible, DECIMALS),
        level_set=level_set,
        level_values=_values(criterion),
        level_points=_points(criterion),
        critical=criterion.critical,
        calibrated=learnt is not None,
        reason=reason,
        contributions={column: round(part, DECIMALS) for column, part in parts.items()},
        evidence=()
        if grader.fold is not None
        else _evidence(parts, model, measured, quotes=quotes),
    )


def middle_level(chances: NDArray[np.float64]) -> int:
    """Choose a level: as likely as not, a person gives this one or a worse one.

    The median has the least expected distance in levels to what a person gives.

    Parameters
    ----------
    chances : ndarray, shape (levels,)
        Probability of each level, worst first.

    Returns
    -------
    int
        Its position.

    Examples
    --------
    >>> middle_level(np.array([0.4, 0.25, 0.35]))
    1
    """
    reached = np.cumsum(chances)
    return min(int((reached < 0.5 - _EXACT).sum()), len(chances) - 1)


def _values(criterion: Criterion) -> dict[str, float]:
    return {level.id: level.value for level in criterion.levels}


def _points(criterion: Criterion) -> dict[str, float]:
    return {
        level.id: round(criterion.weight * level.points, DECIMALS) for level in criterion.levels
    }


def _too_unsure(
    criterion: Criterion, chances: NDArray[np.float64], first: int, last: int
) -> str | None:
    levels = criterion.levels
    if first == last:
        return None
    if len(levels) == 2:
        if chances.max() >= SURE_OF_TWO:
            return None
    elif levels[last].value - levels[first].value <= TOO_WIDE * (
        levels[-1].value - levels[0].value
    ):
        return None
    return f"not sure enough: anything from {levels[first].id} to {levels[last].id} is possible"


def _mean(chances: Iterable[float], values: Iterable[float]) -> float:
    total = math.fsum(float(c) * value for c, value in zip(chances, values, strict=True))
    return round(total, DECIMALS)


def _unmeasured(measured: Measured, parts: Mapping[str, float]) -> str:
    if not measured.encoded:
        known = measured.language or "unknown"
        return f"text signals cannot be measured in this language yet ({known})"
    few = f"only {', '.join(parts)}" if parts else "none"
    return f"too little to go by: of its signals {few} could be measured"


def _evidence(
    parts: Mapping[str, float], model: CriterionModel, measured: Measured, *, quotes: bool
) -> tuple[Evidence, ...]:
    found = []
    more_is_better = {term.column: term.weight > 0 for term in model.terms}
    for column, part in parts.items():
        raised = (part > 0) == more_is_better.get(column)
        for span in measured.spans.get(column, ()):
            contribution = round(part * span.share, DECIMALS)
            if abs(contribution) >= _NEGLIGIBLE and span.raises in (None, raised):
                quote = _quote(measured.transcript, span) if quotes else None
                found.append(
                    Evidence(
                        column, contribution, span.turn, span.start, span.end, quote, span.note
                    )
                )
    found.sort(key=lambda item: -abs(item.contribution))
    return tuple(found[:_MOST_EVIDENCE])


def _quote(transcript: Transcript, span: Span) -> str | None:
    if span.turn is None:
        return None
    # masked before it is cut, or an address cut in two would no longer look like one
    return mask(transcript.turns[span.turn].text)[span.start : span.end]
