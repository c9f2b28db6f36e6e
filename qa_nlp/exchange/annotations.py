"""Annotations while they are read: each answer checked against the rubric, with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qa_nlp.errors import GradesError, TranscriptError, did_you_mean
from qa_nlp.exchange.questions import Question
from qa_nlp.grade_levels import level_place, level_scale, level_text, shown_text, unknown_level
from qa_nlp.grades import Grades
from qa_nlp.importers.json_text import parse_json
from qa_nlp.rubric import Rubric
from qa_nlp.user_files import files_nearby

__all__ = ["LINES", "Annotations", "Collector", "read_json", "read_text"]

LINES: Final = (".jsonl", ".ndjson")
"""How files end that hold JSON in each line."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What was read from an annotation tool's file.

    Parameters
    ----------
    grades : Grades
        One for each answer.
    annotations : int
        How many annotations (a rater's answers on one conversation) these come from.
    skipped : int
        Annotations left out because the rater skipped, cancelled, discarded or has not submitted
        them.
    empty : int
        Annotations that answer no question.
    """

    grades: Grades
    annotations: int
    skipped: int
    empty: int


class Collector:
    """Collects the annotations of one file.

    Parameters
    ----------
    rubric : str or Rubric, optional
        Shipped name, path or rubric, against which answers are checked; None: they are not.
    asked : callable
        Gives the questions of a rubric as the tool calls them.
    raters : mapping of str to str, optional
        Names of raters by the account that the tool states.

    Attributes
    ----------
    questions : dict of str to str
        Criterion by the name of its question; empty without a rubric.
    skipped : int
        Annotations left out so far; whoever leaves one out adds to it.

    Raises
    ------
    RubricError
        When there is no such rubric.
    """

    def __init__(
        self,
        rubric: str | Rubric | None,
        asked: Callable[[Rubric], tuple[Question, ...]],
        raters: Mapping[str, str] | None,
    ) -> None:
        self.skipped = 0
        self.questions: dict[str, str] = {}
        self._scales: dict[str, dict[str, float]] = {}
        self._rubric: str | None = None
        if rubric is not None:
            form = Rubric.load(rubric)
            self.questions = {question.name: question.criterion for question in asked(form)}
            self._scales = {one.id: level_scale(one) for one in form.criteria}
            self._rubric = form.id
        self._raters = dict(raters or {})
        self._rows: list[tuple[str, str, str | None, str, str]] = []
        self._annotations = self._empty = 0

    def check_rubric(self, place: str, stated: object) -> None:
        """See that a task was made with the rubric that its answers are checked against.

        Parameters
        ----------
        place : str
            Where the task stands.
        stated : object
            Id of the rubric that the task names; None where it names none.

        Raises
        ------
        GradesError
            When it is another.
        """
        if isinstance(stated, str) and self._rubric not in (None, stated):
            raise GradesError(
                f"{place}: the task asks the questions of rubric {shown_text(stated)}, not of "
                f"{self._rubric!r}; give that rubric"
            )

    def add(
        self, place: str, transcript: object, rater: object, answers: Mapping[str, Any]
    ) -> None:
        """Add one rater's answers on one conversation.

        Parameters
        ----------
        place : str
            Where they stand.
        transcript : object
            Id of the conversation, a text that is not empty.
        rater : object
            The account; a text or a number.
        answers : mapping of str to object
            Names of questions to the levels chosen.

        Raises
        ------
        GradesError
            When there is no id, or a question or level is unknown; the message names the place.
        """
        if not isinstance(transcript, str) or not transcript.strip():
            raise GradesError(
                f"{place}: no transcript_id; only tasks that this library exported can be read back"
            )
        account = "" if rater is None else str(rater).strip()
        person = self._raters.get(account, account) or None
        given = {name: level for name, level in answers.items() if level is not None}
        for name, level in given.items():
            criterion = self._criterion(place, name)
            answer = self._level(f"{place}, transcript {transcript!r}", criterion, level)
            self._rows.append((transcript, criterion, person, answer, place))
        self._annotations += 1
        self._empty += not given

    def result(self) -> Annotations:
        """Give what was collected.

        Returns
        -------
        Annotations
            In the order of the file.
        """
        columns = list(zip(*self._rows, strict=True)) or [()] * 5
        return Annotations(Grades(*columns), self._annotations, self.skipped, self._empty)

    def _criterion(self, place: str, name: str) -> str:
        if self._rubric is None:
            return name
        if name not in self.questions:
            raise GradesError(
                f"{place}: the rubric has no criterion {shown_text(name)}"
                f"{did_you_mean(name, self.questions)}; give the rubric that the tasks were "
                "exported with"
            )
        return self.questions[name]

    def _level(self, place: str, criterion: str, level: object) -> str:
        if not isinstance(level, str):
            raise GradesError(
                f"{place}: the answer to criterion {criterion!r} is a {type(level).__name__}, not "
                "one level; each question takes one"
            )
        text = level_text(level)
        if self._rubric is not None and level_place(self._scales[criterion], text) is None:
            raise GradesError(f"{place}: {unknown_level(criterion, self._scales[criterion], text)}")
        return text


def read_text(path: Path) -> str:
    """Read a file that an annotation tool wrote.

    Parameters
    ----------
    path : pathlib.Path
        The file; a byte order mark is left out.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    GradesError
        When there is no such file, or it is no text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise GradesError(
            f"{path}: no such file{files_nearby(path) or '; check the path'}"
        ) from None
    except UnicodeDecodeError:
        raise GradesError(f"{path}: not UTF-8; export it again") from None
    except (OSError, ValueError) as error:  # the second where a path holds a null character
        reason = getattr(error, "strerror", None) or error
        raise GradesError(f"{path}: cannot be read: {reason}") from None


def read_json(text: str, path: Path, line: int | None = None) -> Any:
    """Parse JSON that an annotation tool wrote.

    Parameters
    ----------
    text : str
        A whole file, or one line of it.
    path : pathlib.Path
        The file, for messages.
    line : int, optional
        1-based number of the line; default: `text` is the whole file.

    Returns
    -------
    object
        The value.

    Raises
    ------
    GradesError
        When it is no JSON; the message names the line.
    """
    try:
        return parse_json(text, str(path), line)
    except TranscriptError as error:
        raise GradesError(str(error)) from None
