"""Turn a team's own questions into a commented rubric with suggested signals."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from qa_nlp.question_table import Question, read_questions, slug
from qa_nlp.rubric import Rubric
from qa_nlp.signal_suggestions import Suggestion, suggest_signals

__all__ = ["rubric_from_csv"]

_COMMENT: Final = """\
# Written from a table of questions. Questions, levels and weights are those of the table.
#
# The signals are SUGGESTIONS, found by looking for words of each question among the phrase banks
# and the other signals. Check each one: does it measure what a grader would look at? Delete what
# does not, add what is missing.
#   direction   is more of it better, or less?
#   threshold   the value that speaks neither for nor against a better answer
#   weight      how many logits the signal's typical range moves the grade
# These matter until you calibrate with human grades; then the grades decide.
#
# A criterion may also have: channels, languages, minimum_size, applies_if, cutpoints, and
#     not_applicable_if:
#       - {signal: conduct.hold_time, below: 20}
# The rubrics that come with qa_nlp show all of it; `qa-nlp check FILE` tells whether this file
# still makes sense.
"""

_STRONG: Final = 0.3
"""How far a critical phrase's threshold lies from certainty: only near-certain finds decide."""


def rubric_from_csv(path: str | Path, *, rubric_id: str, name: str) -> str:
    """Write a commented rubric from a table of questions.

    The columns are ``question`` and ``levels`` (worst to best, ``no|partly|yes`` or
    ``1|2|3|4|5``), and where wanted ``weight``, ``section``, ``critical``, ``id`` and
    ``description``. Case and spaces of their names do not matter; cells are separated by commas,
    semicolons or tabs. Answers in words are worth 0, 1, 2 … points, answers in numbers their
    number.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file in UTF-8.
    rubric_id : str
        Id of the rubric.
    name : str
        Name of the rubric, for people.

    Returns
    -------
    str
        YAML with comments, which `Rubric.from_yaml` loads.

    Raises
    ------
    RubricError
        When the file or a row of it cannot be used; the message names file and line.
    """
    questions = read_questions(Path(path))
    lines = [
        _COMMENT.rstrip(),
        "format_version: 1",
        f"id: {_quoted(rubric_id)}",
        'version: "1.0"',
        f"name: {_quoted(' '.join(name.split()))}",
        "",
        "sections:",
    ]
    by_section: dict[str, list[Question]] = {}
    for question in questions:
        by_section.setdefault(question.section, []).append(question)
    taken: set[str] = set()
    for section, members in by_section.items():
        identifier = _distinct(slug(section) or "questions", taken)
        lines += [f"  - id: {_quoted(identifier)}", f"    name: {_quoted(section or 'Questions')}"]
        lines.append("    criteria:")
        for question in members:
            lines.append(textwrap.indent("\n".join(_criterion(question)), "      "))
            lines.append("")
    text = "\n".join(lines).rstrip() + "\n"
    Rubric.from_yaml(text, f"{path} as a rubric")
    return text


def _distinct(name: str, taken: set[str]) -> str:
    number, distinct = 1, name
    while distinct in taken:
        number += 1
        distinct = f"{name}_{number}"
    taken.add(distinct)
    return distinct


def _criterion(question: Question) -> Iterator[str]:
    yield f"- id: {_quoted(question.id)}"
    yield f"  question: {_quoted(question.text)}"
    if question.description:
        yield f"  guidance: {_quoted(question.description)}"
    yield f"  weight: {question.weight:g}"
    if question.critical:
        yield "  # The lowest level fails the card; the machine alone only from this probability."
        yield "  critical: true"
        yield "  auto_fail_at: 0.95"
    if question.not_applicable:
        yield "  # N/A stood among the answers. It is no level: state not_applicable_if here."
    yield "  levels:"
    for answer in question.answers:
        label = f", description: {_quoted(answer.label)}" if answer.label != answer.id else ""
        value = f"{answer.value:g}"
        yield f"    - {{id: {_quoted(answer.id)}, value: {value}, points: {value}{label}}}"
    yield from _signals(question)


def _signals(question: Question) -> Iterator[str]:
    suggestions = suggest_signals(f"{question.text} {question.description}")
    levels = len(question.answers)
    if question.critical:
        # Signals add up, so one that finds nothing would outweigh another that finds a breach.
        suggestions = suggestions[:1]
    if not suggestions[0].words:
        yield "  # No signal fits the words of this question; these say how the talk went overall."
    yield "  signals:"
    for suggestion in suggestions:
        if suggestion.words:
            yield f"    # suggested because of: {', '.join(suggestion.words)}"
        threshold, weight = _prior(suggestion, levels, len(suggestions), question.critical)
        yield f"    - signal: {suggestion.signal}"
        if suggestion.within != "anywhere":
            yield f"      within: {suggestion.within}"
        yield f"      direction: {suggestion.direction}"
        yield f"      threshold: {threshold:g}"
        yield f"      weight: {weight:g}"


def _prior(
    suggestion: Suggestion, levels: int, together: int, critical: bool
) -> tuple[float, float]:
    """Choose threshold and weight so that the signals together reach the outer levels."""
    if critical and suggestion.signal.startswith("phrase."):
        threshold = 1 - _STRONG if suggestion.direction == "less" else _STRONG
        return threshold, min(50, math.ceil((levels + 1.6) / _STRONG))
    return suggestion.threshold, round(2 * levels / together, 1)


def _quoted(text: str) -> str:
    """Write any text as one line of YAML."""
    dumped: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=math.inf)
    return dumped.removesuffix("\n")
