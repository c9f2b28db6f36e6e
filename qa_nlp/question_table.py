"""Read a team's own questions from a CSV file, with errors that name the line."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.user_files import read_text, table_rows

__all__ = ["Answer", "Question", "read_questions", "slug"]

COLUMNS: Final = ("question", "levels", "weight", "section", "critical", "id", "description")
REQUIRED: Final = ("question", "levels")

_TRUE: Final = frozenset({"yes", "y", "true", "1", "x"})
_FALSE: Final = frozenset({"", "no", "n", "false", "0"})
_NOT_APPLICABLE: Final = frozenset({"n/a", "na", "n.a.", "not applicable"})
_BEST_FIRST: Final = frozenset({("yes", "no"), ("pass", "fail"), ("true", "false")})
_NUMBER: Final = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
_LITTLE: Final = """
a about agent an and any are as at be by customer did do does for from had has
have how if in is it of on or that the their them they this to was were what when with
"""
_LITTLE_WORDS: Final = frozenset(_LITTLE.split())
_MOST_LEVELS: Final = 25
_MOST_WORDS: Final = 4
_LONGEST: Final = 2000
_LONGEST_SLUG: Final = 48


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question.

    Parameters
    ----------
    id : str
        Short name of the level.
    value : float
        Position on the scale.
    label : str
        As the team wrote it.
    """

    id: str
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the table.

    Parameters
    ----------
    id : str
        Criterion id.
    text : str
        The question.
    answers : tuple of Answer
        Worst to best.
    weight : float
        Above 0.
    section : str
        Heading; empty where none was given.
    critical : bool
        Whether the worst answer fails the card.
    description : str
        Guidance for graders; may be empty.
    not_applicable : bool
        Whether N/A stood among the answers.
    line : int
        Where the row begins in the file.
    """

    id: str
    text: str
    answers: tuple[Answer, ...]
    weight: float
    section: str
    critical: bool
    description: str
    not_applicable: bool
    line: int


def slug(text: str) -> str:
    """Reduce words to an identifier.

    Parameters
    ----------
    text : str
        Any words.

    Returns
    -------
    str
        ASCII letters, digits and underscores, at most 48; empty when nothing is left.

    Examples
    --------
    >>> slug("Needs work!"), slug("não"), slug("нет")
    ('needs_work', 'nao', '')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:_LONGEST_SLUG].strip("_")


def read_questions(path: Path) -> list[Question]:
    """Read the table.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file in UTF-8, separated by commas, semicolons or tabs.

    Returns
    -------
    list of Question
        In order.

    Raises
    ------
    RubricError
        When the file or a row of it cannot be used; the message names file and line.
    """
    rows = list(table_rows(read_text(path), str(path), _header))
    questions: list[Question] = []
    asked: dict[str, int] = {}
    ids = {_field(cells, "id"): line for line, cells in rows if _field(cells, "id")}
    for line, cells in rows:
        place = f"{path}:{line}"
        try:
            question = _question(cells, line, taken={*ids, *(q.id for q in questions)})
        except RubricError as error:
            raise RubricError(f"{place}: {error}") from None
        same = asked.setdefault(question.text.casefold(), line)
        if same != line:
            raise RubricError(f"{place}: the question of line {same} is asked again")
        if any(question.id == earlier.id for earlier in questions):
            raise RubricError(f"{place}: the id {question.id!r} is given twice")
        questions.append(question)
    if not questions:
        raise RubricError(f"{path}:1: no questions below the header")
    return questions


def _header(cells: Sequence[str], place: str) -> list[str]:
    names = [slug(cell) for cell in cells]
    for cell, name in zip(cells, names, strict=True):
        if name not in COLUMNS:
            shown = cell.strip() or "without a name"
            raise RubricError(f"{place}: unknown column {shown!r}{did_you_mean(name, COLUMNS)}")
        if names.count(name) > 1:
            raise RubricError(f"{place}: two columns are called {name!r}")
    for name in REQUIRED:
        if name not in names:
            raise RubricError(f"{place}: the column {name!r} is missing")
    return names


def _question(cells: Mapping[str, str], line: int, taken: set[str]) -> Question:
    text = _field(cells, "question")
    if not text:
        raise RubricError("the question is empty")
    if len(text) > _LONGEST:
        raise RubricError(f"the question is longer than {_LONGEST:,} characters")
    labels = [" ".join(label.split()) for label in cells.get("levels", "").split("|")]
    answers = [label for label in labels if label.casefold() not in _NOT_APPLICABLE]
    return Question(
        id=_identifier(_field(cells, "id"), text, taken),
        text=text,
        answers=_answers(answers),
        weight=_weight(_field(cells, "weight")),
        section=_field(cells, "section"),
        critical=_critical(_field(cells, "critical")),
        description=_field(cells, "description"),
        not_applicable=len(answers) < len(labels),
        line=line,
    )


def _field(cells: Mapping[str, str], name: str) -> str:
    return " ".join(cells.get(name, "").split())


def _identifier(given: str, question: str, taken: set[str]) -> str:
    if given:
        if not _IDENTIFIER.fullmatch(given):
            raise RubricError(
                f"the id {given!r} must be at most 64 letters, digits and any of _ . + -"
            )
        return given
    words = (slug(word) for word in re.sub(r"['\u2019]s\b", "", question).split())
    telling = [word for word in words if word and word not in _LITTLE_WORDS]
    base = slug(" ".join(telling[:_MOST_WORDS])) or "question"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def _answers(labels: Sequence[str]) -> tuple[Answer, ...]:
    if not 2 <= len(labels) <= _MOST_LEVELS or not all(labels):
        raise RubricError(
            f"levels must be 2 to {_MOST_LEVELS} answers from worst to best, such as "
            "'no|partly|yes' or '1|2|3|4|5'"
        )
    if (labels[0].casefold(), labels[-1].casefold()) in _BEST_FIRST:
        raise RubricError(f"levels go from worst to best: write {'|'.join(reversed(labels))!r}")
    numbers = [float(label.replace(",", ".")) for label in labels if _NUMBER.fullmatch(label)]
    if not numbers:
        ids = [slug(label) or f"level_{n}" for n, label in enumerate(labels, start=1)]
        answers = [Answer(ids[n], n, label) for n, label in enumerate(labels)]
    elif len(numbers) == len(labels):
        answers = [Answer(f"{number:g}", number, f"{number:g}") for number in numbers]
        if any(a >= b for a, b in itertools.pairwise(numbers)):
            raise RubricError("levels go from worst to best: the numbers must increase")
    else:
        raise RubricError("levels must be either all numbers or all words")
    if len({answer.id for answer in answers}) < len(answers):
        raise RubricError("two levels read the same")
    return tuple(answers)


def _weight(cell: str) -> float:
    text = cell.removesuffix("%").strip()
    if not cell:
        return 1.0
    if not _NUMBER.fullmatch(text) or float(text.replace(",", ".")) <= 0:
        raise RubricError(f"the weight must be a number above 0, not {cell!r}")
    return float(text.replace(",", "."))


def _critical(cell: str) -> bool:
    word = cell.casefold()
    if word not in _TRUE | _FALSE:
        raise RubricError(f"critical must be yes or no, not {cell!r}")
    return word in _TRUE
