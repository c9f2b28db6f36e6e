"""Grade one criterion of one transcript from its measured signals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qa_nlp.calibration.prior import PriorModel
from qa_nlp.calibration.rollup import DECIMALS
from qa_nlp.masking import mask
from qa_nlp.rubric import Criterion, MinimumSize, Rubric
from qa_nlp.scorecard import Evidence, Grade, GradeStatus
from qa_nlp.signals.base import Span
from qa_nlp.text.words import UNSPACED_LANGUAGES
from qa_nlp.transcript import Role, Transcript

__all__ = ["Measured", "grade_criteria"]

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
    """

    transcript: Transcript
    language: str | None
    encoded: bool
    values: Mapping[str, float]
    spans: Mapping[str, Sequence[Span]]


def grade_criteria(
    rubric: Rubric, models: Mapping[str, PriorModel], measured: Measured, *, quotes: bool
) -> tuple[Grade, ...]:
    """Grade every criterion of a rubric.

    Parameters
    ----------
    rubric : Rubric
        The questions.
    models : mapping of str to PriorModel
        By criterion.
    measured : Measured
        The transcript's signals.
    quotes : bool
        Whether evidence holds the (masked) words.

    Returns
    -------
    tuple of Grade
        In the rubric's order.
    """
    grades: dict[str, Grade] = {}
    short = _too_short(rubric.minimum_size, measured)
    for criterion in rubric.criteria:
        outside = _outside(criterion, measured, grades)
        if outside is not None:
            grades[criterion.id] = Grade(
                criterion.id,
                GradeStatus.NOT_APPLICABLE,
                critical=criterion.critical,
                reason=outside,
            )
            continue
        reason = short or _too_short(criterion.minimum_size, measured)
        reason = reason or _open_parent(criterion, grades)
        model = models[criterion.id]
        grades[criterion.id] = _grade(criterion, model, measured, reason, quotes=quotes)
    return tuple(grades.values())


def _outside(criterion: Criterion, measured: Measured, grades: Mapping[str, Grade]) -> str | None:
    """Give the reason why a criterion does not apply, or None."""
    channel, language = measured.transcript.channel, measured.language
    if criterion.channels and channel is not None and channel not in criterion.channels:
        return f"asked only on {' and '.join(criterion.channels)}; this is {channel}"
    if criterion.languages and language is not None and language not in criterion.languages:
        return f"asked only in {', '.join(criterion.languages)}; this is {language}"
    condition = criterion.applies_if
    if condition is not None:
        parent = grades[condition.criterion]
        if parent.status is GradeStatus.NOT_APPLICABLE:
            return f"asked only where {parent.criterion!r} applies"
        if parent.status is GradeStatus.GRADED and parent.level not in condition.levels:
            wanted = " or ".join(condition.levels)
            return f"asked only where {parent.criterion!r} is {wanted}; it is {parent.level}"
    for bound in criterion.not_applicable_if:
        if bound.holds(measured.values):
            return f"does not apply: {bound} ({measured.values[bound.column]:.2f})"
    return None


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
    criterion: Criterion,
    model: PriorModel,
    measured: Measured,
    reason: str | None,
    *,
    quotes: bool,
) -> Grade:
    parts = model.contributions(measured.values)
    chances = model.probabilities(math.fsum(parts.values()))
    best = int(chances.argmax())
    unread = not measured.encoded and any(t.column.startswith(TEXT_FAMILIES) for t in model.terms)
    if reason is None and (unread or model.share_of(parts) < LEAST_MEASURED):
        reason = _unmeasured(measured, parts)
    if reason is None and chances[best] < ABSTAIN_BELOW / len(chances):
        reason = f"not sure enough: the likeliest level has a probability of {chances[best]:.2f}"
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
        critical=criterion.critical,
        reason=reason,
        contributions={column: round(part, DECIMALS) for column, part in parts.items()},
        evidence=_evidence(parts, model, measured, quotes=quotes),
    )


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
    parts: Mapping[str, float], model: PriorModel, measured: Measured, *, quotes: bool
) -> tuple[Evidence, ...]:
    found = []
    more_is_better = {term.column: term.weight > 0 for term in model.terms}
    for column, part in parts.items():
        raised = (part > 0) == more_is_better[column]
        for span in measured.spans[column]:
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
