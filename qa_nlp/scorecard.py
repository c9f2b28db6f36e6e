"""What comes out: evidence, grades and scorecards as frozen values that explain themselves."""

from __future__ import annotations

import copy
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from qa_nlp.errors import ArtifactError
from qa_nlp.transcript import Transcript

__all__ = [
    "GRADE_MAPPINGS",
    "SCORECARD_FORMAT",
    "Evidence",
    "Grade",
    "GradeStatus",
    "Scorecard",
    "SectionScore",
    "TotalStatus",
]

SCORECARD_FORMAT: Final = 2
"""Version of the form in which scorecards are stored."""


class GradeStatus(enum.StrEnum):
    """What the machine did with a criterion."""

    GRADED = "graded"
    NOT_APPLICABLE = "not_applicable"
    ABSTAINED = "abstained"


class TotalStatus(enum.StrEnum):
    """How far the total of a scorecard can be used as it stands."""

    FINAL = "final"
    PROVISIONAL = "provisional"
    PENDING_REVIEW = "pending_review"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words, or the stretch searched in vain, that speak for or against a grade.

    Parameters
    ----------
    signal : str
        The signal it speaks for.
    contribution : float
        Logits it adds to the grade; above 0 speaks for a better level.
    turn : int, optional
        0-based turn; None where the evidence is that nothing was found.
    start, end : int, optional
        Characters of the turn's text, ``text[start:end]``.
    quote : str, optional
        Those words, masked; None where scorecards are made without quotes.
    note : str, optional
        What was searched or measured, in words.
    """

    signal: str
    contribution: float
    turn: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the evidence as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return {
            "turn": self.turn,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "signal": self.signal,
            "contribution": self.contribution,
            "note": self.note,
        }


GRADE_MAPPINGS: Final = ("probabilities", "level_values", "level_points", "contributions")
"""Fields of a grade that are mappings of text to float."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The machine's answer to one criterion.

    Parameters
    ----------
    criterion : str
        Criterion id.
    status : GradeStatus
        Graded, outside the score, or left to a person.
    level : str, optional
        The median level: as likely as not, a person gives this one or a worse one. None unless
        graded.
    probabilities : mapping of str to float
        P(level) for each level, worst first, summing to 1; empty where not applicable.
    expected : float, optional
        Expected value of the level, on the criterion's value scale.
    points, possible : float, optional
        Expected and greatest points, each times the criterion's weight.
    level_set : tuple of str
        Neighbouring levels that hold a person's grade with the stated coverage, worst first; empty
        unless calibrated.
    level_values, level_points : mapping of str to float
        Of each level, its value and its points times the criterion's weight, worst first.
    critical : bool
        Whether the lowest level fails the card.
    calibrated : bool
        Whether human grades informed it.
    reason : str, optional
        Why it was not graded.
    contributions : mapping of str to float
        Signal column to the logits it added.
    evidence : tuple of Evidence
        Strongest first.
    """

    criterion: str
    status: GradeStatus
    level: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    expected: float | None = None
    points: float | None = None
    possible: float | None = None
    level_set: tuple[str, ...] = ()
    level_values: Mapping[str, float] = field(default_factory=dict)
    level_points: Mapping[str, float] = field(default_factory=dict)
    critical: bool = False
    calibrated: bool = False
    reason: str | None = None
    contributions: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        for name in GRADE_MAPPINGS:
            value = getattr(self, name)
            if not isinstance(value, MappingProxyType):
                object.__setattr__(self, name, MappingProxyType(dict(value)))

    def __hash__(self) -> int:
        return hash((self.criterion, self.status, self.level))

    def __reduce__(self) -> tuple[object, ...]:
        return (Grade.from_dict, (self.to_dict(),))

    def to_dict(self) -> dict[str, Any]:
        """Give the grade as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return {
            "criterion": self.criterion,
            "status": self.status.value,
            "level": self.level,
            "probabilities": dict(self.probabilities),
            "expected": self.expected,
            "points": self.points,
            "possible": self.possible,
            "level_set": list(self.level_set),
            "level_values": dict(self.level_values),
            "level_points": dict(self.level_points),
            "critical": self.critical,
            "calibrated": self.calibrated,
            "reason": self.reason,
            "contributions": dict(self.contributions),
            "evidence": [item.to_dict() for item in self.evidence],
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Grade:
        """Read a grade back.

        Parameters
        ----------
        row : mapping
            What `to_dict` gave.

        Returns
        -------
        Grade
            The same grade.
        """
        return cls(
            **{
                **row,
                "status": GradeStatus(row["status"]),
                "level_set": tuple(row["level_set"]),
                "evidence": tuple(Evidence(**item) for item in row["evidence"]),
            }
        )


@dataclass(frozen=True, slots=True)
class SectionScore:
    """Score of one section.

    Parameters
    ----------
    section : str
        Section id.
    total : float or None
        100 × expected points ÷ possible points; None where nothing applied.
    points, possible : float
        Sums over the section's criteria.
    """

    section: str
    total: float | None
    points: float
    possible: float


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All grades of one transcript.

    Parameters
    ----------
    transcript_id : str
        Id of the transcript; ``ID@AGENT`` where a conversation had several agents.
    group_id : str
        What must stay together in every split.
    rubric, rubric_version : str
        Which form.
    total : float, optional
        0 to 100; 0 when a critical criterion failed; None when nothing applied.
    total_status : TotalStatus
        Whether the total may be used as it stands.
    total_interval : tuple of float, optional
        Where the total likely ends up once a person has answered what is open.
    total_without_critical : float, optional
        The total as if no criterion were critical.
    sections : tuple of SectionScore
        In the rubric's order.
    grades : tuple of Grade
        In the rubric's order.
    critical_failures : tuple of str
        Criteria that failed the card.
    fold : int, optional
        Part of the calibration in which the transcript's grades were held out; None where none of
        its group was used in calibration.
    out_of_fold : tuple of Grade
        Where `fold` is given: grades by a model that saw no grade of this group, without evidence.
        Figures about agreement, coverage or a mean use these.
    total_out_of_fold : float, optional
        The total of those, as if no criterion were critical.
    fingerprint : str
        Hash of everything that determined the grades.
    provenance : mapping of str to str
        Versions, encoder tier and terms of the weights.
    metadata : mapping
        The transcript's own.
    channel, language, started_at : str, optional
        The transcript's own; the language may be a detected one.
    turn_count, word_count : int
        Size of the transcript.
    error : str, optional
        Why there is no scorecard; then there are no grades.
    transcript : Transcript, optional
        The conversation, for display only: never stored and not compared.
    """

    transcript_id: str
    group_id: str
    rubric: str
    rubric_version: str
    total: float | None = None
    total_status: TotalStatus = TotalStatus.NONE
    total_interval: tuple[float, float] | None = None
    total_without_critical: float | None = None
    sections: tuple[SectionScore, ...] = ()
    grades: tuple[Grade, ...] = ()
    critical_failures: tuple[str, ...] = ()
    fold: int | None = None
    out_of_fold: tuple[Grade, ...] = ()
    total_out_of_fold: float | None = None
    fingerprint: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    channel: str | None = None
    language: str | None = None
    started_at: str | None = None
    turn_count: int = 0
    word_count: int = 0
    error: str | None = None
    transcript: Transcript | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("provenance", "metadata"):
            value = getattr(self, name)
            if not isinstance(value, MappingProxyType):
                object.__setattr__(self, name, MappingProxyType(copy.deepcopy(dict(value))))

    def __hash__(self) -> int:
        return hash((self.transcript_id, self.fingerprint, self.total))

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (self.to_dict(), self.transcript))

    def grade(self, criterion: str) -> Grade:
        """Find a grade by its criterion.

        Parameters
        ----------
        criterion : str
            Criterion id.

        Returns
        -------
        Grade
            The grade.

        Raises
        ------
        KeyError
            When the card has none.
        """
        for grade in self.grades:
            if grade.criterion == criterion:
                return grade
        raise KeyError(criterion)

    @property
    def needs_review(self) -> bool:
        """Whether a person must look: an error, an abstention, or a critical point in doubt."""
        return (
            self.error is not None
            or self.total_status is TotalStatus.PENDING_REVIEW
            or any(grade.status is GradeStatus.ABSTAINED for grade in self.grades)
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the scorecard as JSON-ready values.

        Returns
        -------
        dict
            All stored fields, with ``format_version``.
        """
        return {
            "format_version": SCORECARD_FORMAT,
            "transcript_id": self.transcript_id,
            "group_id": self.group_id,
            "rubric": self.rubric,
            "rubric_version": self.rubric_version,
            "total": self.total,
            "total_status": self.total_status.value,
            "total_interval": list(self.total_interval) if self.total_interval else None,
            "total_without_critical": self.total_without_critical,
            "sections": [
                {"section": s.section, "total": s.total, "points": s.points, "possible": s.possible}
                for s in self.sections
            ],
            "grades": [grade.to_dict() for grade in self.grades],
            "critical_failures": list(self.critical_failures),
            "fold": self.fold,
            "out_of_fold": [grade.to_dict() for grade in self.out_of_fold],
            "total_out_of_fold": self.total_out_of_fold,
            "fingerprint": self.fingerprint,
            "provenance": dict(self.provenance),
            "metadata": copy.deepcopy(dict(self.metadata)),
            "channel": self.channel,
            "language": self.language,
            "started_at": self.started_at,
            "turn_count": self.turn_count,
            "word_count": self.word_count,
            "error": self.error,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Scorecard:
        """Read a scorecard back.

        Parameters
        ----------
        row : mapping
            What `to_dict` gave.

        Returns
        -------
        Scorecard
            An equal scorecard.

        Raises
        ------
        ArtifactError
            When the format version is another or a field is missing or malformed.
        """
        if not isinstance(row, Mapping):
            raise ArtifactError(f"a scorecard must be an object, not {type(row).__name__}")
        fields = dict(row)
        version = fields.pop("format_version", None)
        if version != SCORECARD_FORMAT:
            raise ArtifactError(
                f"scorecard format {version!r} is not the format {SCORECARD_FORMAT} that this "
                "version of qa_nlp reads; score the transcripts again"
            )
        try:
            interval = fields["total_interval"]
            ends = None if interval is None else (float(interval[0]), float(interval[1]))
            fields |= {
                "total_status": TotalStatus(fields["total_status"]),
                "total_interval": ends,
                "sections": tuple(SectionScore(**section) for section in fields["sections"]),
                "grades": tuple(Grade.from_dict(grade) for grade in fields["grades"]),
                "critical_failures": tuple(fields["critical_failures"]),
                "out_of_fold": tuple(Grade.from_dict(grade) for grade in fields["out_of_fold"]),
            }
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise ArtifactError(
                f"not a scorecard of format {SCORECARD_FORMAT}: {type(error).__name__} at {error}"
            ) from None
        except (ValueError, IndexError):
            # those messages would show the value, which may be what somebody said
            raise ArtifactError(
                f"not a scorecard of format {SCORECARD_FORMAT}: a field is malformed"
            ) from None

    def _repr_html_(self) -> str:
        from qa_nlp.scorecard_html import notebook_html

        return notebook_html(self)


def _restore(row: Mapping[str, Any], transcript: Transcript | None) -> Scorecard:
    card = Scorecard.from_dict(row)
    object.__setattr__(card, "transcript", transcript)
    return card
