"""A scorecard as a reader sees it: head, sections, grades, and its conversation where attached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qa_nlp.display.conversation import EvidenceView, TurnView, evidence_views, turns
from qa_nlp.display.formats import (
    clean,
    counted,
    decimals,
    percent,
    shortened,
    signed,
    spoken,
    unit,
)
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard, TotalStatus

__all__ = [
    "Bar",
    "CardView",
    "GradeView",
    "LevelView",
    "SectionView",
    "Status",
    "calibration_words",
    "card_view",
    "contribution_words",
    "level_set_words",
]

_SHOWN_METADATA: Final = ("agent_id", "team", "queue", "csat", "nps", "ces")
_STATUS: Final = {
    "error": ("!", "Error"),
    TotalStatus.FAILED.value: ("✕", "Failed"),
    TotalStatus.PENDING_REVIEW.value: ("?", "Pending review"),
    TotalStatus.PROVISIONAL.value: ("≈", "Provisional"),
    TotalStatus.NONE.value: ("○", "No score"),
    TotalStatus.FINAL.value: ("✓", "Final"),
}
_CONTRIBUTIONS: Final = {
    "text.whole": "wording of the whole conversation",
    "text.turns": "wording of the conversation, turn by turn",
}
_ABSENT: Final = " (not measured)"
_URGENCY: Final = tuple(_STATUS)


@dataclass(frozen=True, slots=True)
class Status:
    """How far a total can be used: name, sign and words; `rank` 0 is the most urgent."""

    name: str
    rank: int
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A total from 0 to 100, and how low and high it can still end up."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level: its share and place from worst to best, both 0 to 100, and the share in words."""

    name: str
    share: float
    shade: int
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class GradeView:
    """A grade; `status` is that of the grade, or ``"failed"`` where it failed the card.

    `points` says in words what the grade is worth and, once calibrated, how sure it is.
    """

    anchor: str
    name: str
    status: str
    level: str
    levels: tuple[LevelView, ...]
    expected: str | None
    points: str | None
    critical: bool
    reason: str | None
    evidence: tuple[EvidenceView, ...]
    contributions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section's score; without one nothing in it applied."""

    name: str
    total: str | None
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class CardView:
    """A scorecard, ready to print: words are masked and cleaned, but not escaped."""

    anchor: str
    name: str
    rubric: str
    agent: str
    channel: str
    language: str
    facts: tuple[tuple[str, str], ...]
    turn_count: int
    total: str | None
    bar: Bar | None
    interval: str | None
    status: Status
    review: tuple[str, ...]
    failures: tuple[tuple[str, str | None], ...]
    without_critical: str | None
    sections: tuple[SectionView, ...]
    grades: tuple[GradeView, ...]
    calibration: str | None
    error: str | None
    provenance: tuple[tuple[str, str], ...]
    has_transcript: bool
    turns: tuple[TurnView, ...]
    left_out: int
    left_out_last: int

    @property
    def marked(self) -> bool:
        """Whether the transcript holds evidence."""
        return any(piece.keys for turn in self.turns for piece in turn.pieces)


def card_view(card: Scorecard, anchor: str) -> CardView:
    """Prepare a scorecard for the templates.

    Parameters
    ----------
    card : Scorecard
        The scorecard; its transcript is shown where it is attached.
    anchor : str
        Prefix of all anchors, unique on the page.

    Returns
    -------
    CardView
        The scorecard in words.
    """
    shown = turns(card, anchor)
    left_out = len(card.transcript.turns) - len(shown) if card.transcript else 0
    return CardView(
        anchor=anchor,
        name=clean(card.transcript_id),
        rubric=f"{spoken(card.rubric)} {clean(card.rubric_version)}".strip(),
        agent=shortened(card.metadata.get("agent_id")),
        channel=clean(card.channel or ""),
        language=clean(card.language or ""),
        facts=tuple(_facts(card)),
        turn_count=card.turn_count,
        total=_score(card.total),
        bar=_bar(card.total, card.total_interval),
        interval=_interval(card),
        status=_status(card),
        review=tuple(_review(card)),
        failures=tuple(_failures(card, anchor)),
        without_critical=_score(card.total_without_critical),
        sections=tuple(
            SectionView(spoken(section.section), _score(section.total), _bar(section.total))
            for section in card.sections
        ),
        grades=tuple(_grade(card, index, anchor) for index in range(len(card.grades))),
        calibration=calibration_words(card),
        error=None if card.error is None else clean(card.error),
        provenance=_provenance(card),
        has_transcript=card.transcript is not None,
        turns=shown,
        left_out=left_out,
        left_out_last=left_out - sum(turn.skipped for turn in shown),
    )


def _status(card: Scorecard) -> Status:
    name = card.total_status.value if card.error is None else "error"
    return Status(name, _URGENCY.index(name), *_STATUS[name])


def _facts(card: Scorecard) -> Iterator[tuple[str, str]]:
    if card.channel:
        yield "channel", clean(card.channel)
    if card.language:
        yield "language", clean(card.language)
    if card.started_at:
        yield "started", clean(card.started_at)[:16].replace("T", " ")
    if card.turn_count:
        yield "size", f"{counted(card.turn_count, 'turn')}, {counted(card.word_count, 'word')}"
    for name in _SHOWN_METADATA:
        if card.metadata.get(name) is not None:
            yield name.removesuffix("_id"), shortened(card.metadata[name])


def _review(card: Scorecard) -> Iterator[str]:
    if card.error is not None:
        yield "error"
    if card.total_status is TotalStatus.PENDING_REVIEW:
        yield "critical point in doubt"
    abstained = sum(grade.status is GradeStatus.ABSTAINED for grade in card.grades)
    if abstained:
        yield f"{abstained} abstained"


def _failures(card: Scorecard, anchor: str) -> Iterator[tuple[str, str | None]]:
    places = {grade.criterion: f"{anchor}g{index}" for index, grade in enumerate(card.grades)}
    for criterion in card.critical_failures:
        yield spoken(criterion), places.get(criterion)


def calibration_words(card: Scorecard) -> str | None:
    """Say whether human grades informed a scorecard, and whether it was learnt from itself.

    Parameters
    ----------
    card : Scorecard
        The scorecard.

    Returns
    -------
    str or None
        Whole sentences; None where nothing on the card was answered.
    """
    answered = [g for g in card.grades if g.status is not GradeStatus.NOT_APPLICABLE]
    calibrated = sum(grade.calibrated for grade in answered)
    if card.fold is not None:
        used = "Used in calibration; figures use its out-of-fold grades"
        total = card.total_out_of_fold
        used += "." if total is None else f" (total {total:.1f})."
    else:
        used = ""
    if not answered:
        return used or None
    if not calibrated:
        told = "From the rubric's own settings; no human grades have informed it."
    elif calibrated == len(answered):
        told = "Calibrated on human grades."
    else:
        told = f"{calibrated} of {len(answered)} grades are calibrated on human grades."
    return f"{told} {used}".strip()


def level_set_words(grade: Grade) -> str | None:
    """Say which levels nine of ten raters would give, where that is more than one.

    Parameters
    ----------
    grade : Grade
        The grade.

    Returns
    -------
    str or None
        None where the grade is not calibrated, left to a person, or sure of one level.

    Examples
    --------
    >>> grade = Grade("empathy", GradeStatus.GRADED, "good", level_set=("good", "excellent"))
    >>> level_set_words(grade)
    '9 of 10 raters would say good or excellent'
    """
    if grade.status is not GradeStatus.GRADED or len(grade.level_set) < 2:
        return None
    first, last = (
        clean(name).replace("_", " ") for name in (grade.level_set[0], grade.level_set[-1])
    )
    return f"9 of 10 raters would say {first} {'or' if len(grade.level_set) == 2 else 'to'} {last}"


def contribution_words(name: str) -> str:
    """Give the name of a contribution as people read it.

    Parameters
    ----------
    name : str
        A signal column, a score of the text as a whole, or either with the mark of its absence.

    Returns
    -------
    str
        Signal columns keep their name, by which they are found elsewhere.

    Examples
    --------
    >>> contribution_words("text.whole")
    'wording of the whole conversation'
    >>> contribution_words("phrase.hold (not measured)")
    'phrase.hold, which could not be measured'
    """
    column = name.removesuffix(_ABSENT)
    words = _CONTRIBUTIONS.get(column) or clean(column)
    return words if column == name else f"{words}, which could not be measured"


def _provenance(card: Scorecard) -> tuple[tuple[str, str], ...]:
    rows = [(spoken(name), clean(str(value))) for name, value in card.provenance.items()]
    if card.fingerprint:
        rows.append(("Fingerprint", clean(card.fingerprint)))
    return tuple(rows)


def _grade(card: Scorecard, index: int, anchor: str) -> GradeView:
    grade = card.grades[index]
    failed = grade.criterion in card.critical_failures
    strongest_first = sorted(grade.contributions.items(), key=lambda pair: -abs(pair[1]))
    return GradeView(
        anchor=f"{anchor}g{index}",
        name=spoken(grade.criterion),
        status="failed" if failed else grade.status.value,
        level=_level(grade),
        levels=_levels(grade),
        expected=None if grade.expected is None else decimals(grade.expected),
        points=_points(grade),
        critical=grade.critical,
        reason=None if grade.reason is None else clean(grade.reason),
        evidence=evidence_views(grade, index, card.transcript, anchor),
        contributions=tuple(
            (contribution_words(name), signed(value)) for name, value in strongest_first
        ),
    )


def _level(grade: Grade) -> str:
    if grade.status is GradeStatus.NOT_APPLICABLE:
        return "Not applicable"
    return "Abstained" if grade.level is None else spoken(grade.level)


def _levels(grade: Grade) -> tuple[LevelView, ...]:
    last = max(len(grade.probabilities) - 1, 1)
    return tuple(
        LevelView(
            name=spoken(name),
            share=round(100 * unit(probability), 2),
            shade=round(100 * position / last),
            words=percent(probability),
            chosen=name == grade.level,
        )
        for position, (name, probability) in enumerate(grade.probabilities.items())
    )


def _points(grade: Grade) -> str | None:
    parts = []
    if grade.points is not None and grade.possible is not None:
        parts.append(f"{decimals(grade.points)} of {decimals(grade.possible)} points")
    if grade.calibrated:
        parts.append("calibrated")
    if sure := level_set_words(grade):
        parts.append(sure)
    return " · ".join(parts) or None


def _score(total: float | None) -> str | None:
    return None if total is None else f"{total:.1f}"


def _interval(card: Scorecard) -> str | None:
    if card.total_interval is None:
        return None
    return " to ".join(f"{bound:.1f}" for bound in card.total_interval)


def _bar(total: float | None, interval: tuple[float, float] | None = None) -> Bar | None:
    if total is None:
        return None
    return Bar(*(round(100 * unit(value / 100), 2) for value in (total, *(interval or ()))))
