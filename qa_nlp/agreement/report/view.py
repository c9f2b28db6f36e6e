"""An agreement study as a reader sees it: plain values, which the template only prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qa_nlp.agreement.report.answers import AnswerView, answer_view
from qa_nlp.agreement.report.blocks import group_limit
from qa_nlp.agreement.report.criterion import (
    DECISIONS,
    CriterionView,
    Decision,
    criterion_anchor,
    criterion_view,
)
from qa_nlp.agreement.report.parts import Block
from qa_nlp.agreement.report.sections import study_blocks
from qa_nlp.agreement.report.words import told
from qa_nlp.display.formats import percent
from qa_nlp.errors import ArtifactError

__all__ = ["FORMAT", "ReportView", "report_view"]

FORMAT: Final = 1
"""Version of the dictionary that a study gives."""

_REFERENCES: Final = {
    "mean": "the mean of a conversation's raters; for kappas and exact agreement the level nearest "
    "to it, the lower of two equally near",
    "each": "each rater in turn, every conversation weighing the same",
}


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report, ready to print: words are masked and cleaned, but not escaped.

    Parameters
    ----------
    title, rubric, made_with : str
        The title, the rubric or nothing, and what made the study.
    tally : tuple of (int, str)
        Counts, and what they count.
    warnings : tuple of str
        What a reader must know before the answers.
    answers : tuple of AnswerView
        The first screen.
    criteria : tuple of CriterionView
        Rows of the table.
    decisions : tuple of (Decision, int)
        Verdicts that occur, and how often.
    blocks : tuple of Block
        All that follows the criteria.
    reference : str
        What the machine is compared with.
    intervals : str
        How far the intervals can be trusted.
    learnt : bool
        Whether the machine has learnt from some of the conversations.
    """

    title: str
    rubric: str
    made_with: str
    tally: tuple[tuple[int, str], ...]
    warnings: tuple[str, ...]
    answers: tuple[AnswerView, ...]
    criteria: tuple[CriterionView, ...]
    decisions: tuple[tuple[Decision, int], ...]
    blocks: tuple[Block, ...]
    reference: str
    intervals: str
    learnt: bool


def report_view(study: Mapping[str, Any], *, include_text: bool) -> ReportView:
    """Prepare a study for the template.

    Parameters
    ----------
    study : dict
        As an agreement study gives it.
    include_text : bool
        Whether words of conversations are shown.

    Returns
    -------
    ReportView
        The study in words.

    Raises
    ------
    ArtifactError
        When the study is of another format or lacks a part.
    """
    if study.get("format") != FORMAT:
        raise ArtifactError(
            f"the study has format {study.get('format')!r}, and this version reads {FORMAT}; make "
            "the study again from scorecards and grades"
        )
    try:
        return _view(study, include_text=include_text)
    except KeyError as error:
        raise ArtifactError(
            f"the study lacks {error.args[0]!r}; make it again from scorecards and grades"
        ) from error


def _view(study: Mapping[str, Any], *, include_text: bool) -> ReportView:
    rubric, data = study["rubric"], study["data"]
    limit, reference = group_limit(study), study["options"]["reference"]
    criteria = tuple(
        criterion_view(each, criterion_anchor(place), limit, include_text=include_text)
        for place, each in enumerate(study["criteria"])
    )
    found = [each.decision for each in criteria]
    return ReportView(
        title=told(study["title"]),
        rubric=f"{told(rubric['name'])} {told(rubric['version'])}".strip() if rubric else "",
        made_with=told(study["made_with"]),
        tally=tuple(_tally(data)),
        warnings=tuple(told(warning) for warning in data["warnings"]),
        answers=tuple(answer_view(answer, study) for answer in study["answers"]),
        criteria=criteria,
        decisions=tuple(
            (decision, found.count(decision))
            for decision in DECISIONS.values()
            if decision in found
        ),
        blocks=study_blocks(study),
        reference=_REFERENCES.get(reference, f"the grades by {told(reference)} alone"),
        intervals=_intervals(study),
        learnt=bool(data["in_calibration"]),
    )


def _intervals(study: Mapping[str, Any]) -> str:
    level, many = study["options"]["level"], _count_intervals(study)
    missed = max(round(many * (1 - level)), 1)
    return (
        f"Intervals hold the true figure in {percent(level)} of studies like this one: of the "
        f"{many:,} of this study, expect about {missed:,} to miss it."
    )


def _count_intervals(value: object) -> int:
    if isinstance(value, Mapping):
        own = int(value.get("low") is not None and value.get("high") is not None)
        return own + sum(map(_count_intervals, value.values()))
    return sum(map(_count_intervals, value)) if isinstance(value, (list, tuple)) else 0


def _tally(data: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for key, one, many in (
        ("matched", "conversation with both grades", "conversations with both grades"),
        ("items", "question answered by both", "questions answered by both"),
        ("double_graded", "graded by two people or more", "graded by two people or more"),
        ("raters", "rater", "raters"),
    ):
        yield data[key], one if data[key] == 1 else many
