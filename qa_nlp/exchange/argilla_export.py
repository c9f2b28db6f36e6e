"""Grades from Argilla's records, as ``Dataset.to_disk`` and ``records.to_json`` write them.

Followed: version 2.8 of the package ``argilla``. The flat form of ``records.to_list(flatten=True)``
is read too: only there does each answer say whether it was submitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qa_nlp.errors import GradesError
from qa_nlp.exchange.annotations import LINES, Annotations, Collector, read_json, read_text
from qa_nlp.exchange.argilla import argilla_questions
from qa_nlp.exchange.questions import COMMENT
from qa_nlp.grades import Grades
from qa_nlp.rubric import Rubric

__all__ = ["RECORDS_FILE", "argilla_annotations", "is_argilla", "read_argilla"]

RECORDS_FILE: Final = "records.json"
"""What the records of a dataset on disk are called."""

_FLAT: Final = ".responses"


def read_argilla(
    path: str | Path, rubric: str | Rubric | None = None, *, raters: Mapping[str, str] | None = None
) -> Grades:
    """Read the grades of a dataset from Argilla.

    Parameters
    ----------
    path : str or pathlib.Path
        Folder that ``Dataset.to_disk`` wrote, its ``records.json``, or records as JSON or JSON
        Lines, of a dataset whose records `argilla_records` made.
    rubric : str or Rubric, optional
        Shipped name, path or rubric, against which every answer is checked.
    raters : mapping of str to str, optional
        Names of raters by the id of the user. Default: the id is the rater.

    Returns
    -------
    Grades
        One for each answer. What is known to be a draft or discarded is left out, and so are
        suggestions and comments.

    Raises
    ------
    GradesError
        When the file holds no such records, or an answer does not fit the rubric; the message says
        where.
    RubricError
        When there is no such rubric.
    """
    return argilla_annotations(Path(path), rubric, raters).grades


def argilla_annotations(
    path: Path, rubric: str | Rubric | None, raters: Mapping[str, str] | None
) -> Annotations:
    """Read the annotations of a dataset from Argilla.

    Parameters
    ----------
    path, rubric, raters
        As for `read_argilla`.

    Returns
    -------
    Annotations
        The grades, and what was left out.

    Raises
    ------
    GradesError, RubricError
        As `read_argilla`.
    """
    if path.is_dir():
        path = path / RECORDS_FILE
    collector = Collector(rubric, argilla_questions, raters)
    for place, record in _records(path):
        if not is_argilla(record):
            raise GradesError(
                f"{place}: not a record with responses; write the dataset with Dataset.to_disk"
            )
        _add(collector, place, record)
    return collector.result()


def is_argilla(document: Any) -> bool:
    """Tell whether a JSON document looks like records from Argilla.

    Parameters
    ----------
    document : object
        What a file holds.

    Returns
    -------
    bool
        True for a record, or a list that begins with one.
    """
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, Mapping) or "id" not in first:
        return False
    return isinstance(first.get("responses"), Mapping) or any(
        isinstance(name, str) and name.endswith(_FLAT) for name in first
    )


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    text = read_text(path)
    if path.suffix.lower() in LINES:
        # Not splitlines: a text in JSON may hold other characters that end a line.
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield f"{path}:{number}", read_json(line, path, number)
        return
    document = read_json(text, path)
    records = document if isinstance(document, list) else [document]
    for number, record in enumerate(records, start=1):
        yield f"{path}: record {number}", record


@dataclass(frozen=True, slots=True)
class _Response:
    question: str
    user: Any
    value: Any
    status: Any


def _add(collector: Collector, place: str, record: Mapping[str, Any]) -> None:
    """Add a record's responses, which stand by question, rater by rater."""
    metadata = record.get("metadata")
    flat = record.get("rubric")  # where the flat form puts it
    collector.check_rubric(place, metadata.get("rubric") if isinstance(metadata, Mapping) else flat)
    by_user: dict[str, dict[str, Any]] = {}
    left_out = set()
    for response in _responses(place, record):
        user = "" if response.user is None else str(response.user)
        if response.status not in (None, "submitted"):
            left_out.add(user)
            continue
        answers = by_user.setdefault(user, {})
        if response.question != COMMENT:
            if response.question in answers:
                raise GradesError(
                    f"{place}: two answers to {response.question!r} by one user; each question "
                    "takes one"
                )
            answers[response.question] = response.value
    collector.skipped += len(left_out - by_user.keys())
    for user, answers in by_user.items():
        collector.add(place, record["id"], user, answers)


def _responses(place: str, record: Mapping[str, Any]) -> Iterator[_Response]:
    nested = record.get("responses")
    try:
        if isinstance(nested, Mapping):
            for name, given in nested.items():
                for one in given:
                    yield _Response(name, one["user_id"], one["value"], one.get("status"))
            return
        for column, values in record.items():
            if not column.endswith(_FLAT) or values is None:
                continue
            statuses = record.get(f"{column}.status") or [None] * len(values)
            users = record[f"{column}.users"]
            name = column.removesuffix(_FLAT)
            for user, value, status in zip(users, values, statuses, strict=True):
                yield _Response(name, user, value, status)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise GradesError(
            f"{place}: responses that are not a list of value and user for each question; write "
            "the dataset again"
        ) from None
