"""Grades from Label Studio's exports, in its forms JSON and JSON-MIN.

Followed: the JSON format of annotated tasks as documented for Label Studio 1, and JSON-MIN as the
converter of ``label-studio-sdk`` 2.1 writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from qa_nlp.errors import GradesError
from qa_nlp.exchange.annotations import Annotations, Collector, read_json, read_text
from qa_nlp.exchange.label_studio import label_studio_questions
from qa_nlp.grades import Grades
from qa_nlp.rubric import Rubric

__all__ = ["is_label_studio", "label_studio_annotations", "read_label_studio"]

_ANNOTATIONS: Final = ("annotations", "completions")  # the second is their name before 1.0
_MINIMAL: Final = frozenset({"annotator", "annotation_id"})


def read_label_studio(
    path: str | Path, rubric: str | Rubric | None = None, *, raters: Mapping[str, str] | None = None
) -> Grades:
    """Read the grades of an export from Label Studio.

    Parameters
    ----------
    path : str or pathlib.Path
        Export as JSON or JSON-MIN of a project whose tasks `label_studio_tasks` made.
    rubric : str or Rubric, optional
        Shipped name, path or rubric, against which every answer is checked. JSON-MIN needs one.
    raters : mapping of str to str, optional
        Names of raters by the account that the export states: an e-mail address or a number.
        Default: the account is the rater.

    Returns
    -------
    Grades
        One for each answer. What was skipped, cancelled or is only predicted or a draft is left
        out, and so are comments.

    Raises
    ------
    GradesError
        When the file is no such export, or an answer does not fit the rubric; the message says
        where.
    RubricError
        When there is no such rubric.
    """
    return label_studio_annotations(Path(path), rubric, raters).grades


def label_studio_annotations(
    path: Path, rubric: str | Rubric | None, raters: Mapping[str, str] | None
) -> Annotations:
    """Read the annotations of an export from Label Studio.

    Parameters
    ----------
    path, rubric, raters
        As for `read_label_studio`.

    Returns
    -------
    Annotations
        The grades, and what was left out.

    Raises
    ------
    GradesError, RubricError
        As `read_label_studio`.
    """
    collector = Collector(rubric, label_studio_questions, raters)
    document = read_json(read_text(path), path)
    tasks = document if isinstance(document, list) else [document]
    for number, task in enumerate(tasks, start=1):
        place = f"{path}: task {number}"
        if _is_full(task):
            _add_task(collector, place, task)
        elif _is_minimal(task):
            _add_row(collector, place, task)
        else:
            raise GradesError(
                f"{place}: no annotations; export the project as JSON or JSON-MIN (a file of tasks "
                "to import holds no grades)"
            )
    return collector.result()


def is_label_studio(document: Any) -> bool:
    """Tell whether a JSON document looks like an export from Label Studio.

    Parameters
    ----------
    document : object
        What a file holds.

    Returns
    -------
    bool
        True for tasks, with or without annotations, and for JSON-MIN.
    """
    first = document[0] if isinstance(document, list) and document else document
    is_task = isinstance(first, Mapping) and isinstance(first.get("data"), Mapping)
    return is_task or _is_minimal(first)


def _is_full(task: Any) -> bool:
    return (
        isinstance(task, Mapping)
        and isinstance(task.get("data"), Mapping)
        and any(isinstance(task.get(name), list) for name in _ANNOTATIONS)
    )


def _is_minimal(task: Any) -> bool:
    return isinstance(task, Mapping) and task.keys() >= _MINIMAL


def _add_task(collector: Collector, place: str, task: Mapping[str, Any]) -> None:
    """Add the annotations of a task of the full form."""
    meta = task.get("meta")
    collector.check_rubric(place, meta.get("rubric") if isinstance(meta, Mapping) else None)
    found = next(task[name] for name in _ANNOTATIONS if isinstance(task.get(name), list))
    for number, annotation in enumerate(found, start=1):
        here = f"{place}, annotation {number}"
        if not isinstance(annotation, Mapping) or not isinstance(annotation.get("result"), list):
            raise GradesError(f"{here}: not an annotation with a result; export the project again")
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            collector.skipped += 1
            continue
        answers: dict[str, Any] = {}
        for name, level in _choices(here, annotation["result"]):
            if name in answers:
                raise GradesError(f"{here}: two answers to {name!r}; each question takes one")
            answers[name] = level
        transcript = task["data"].get("transcript_id")
        collector.add(here, transcript, _account(annotation.get("completed_by")), answers)


def _choices(place: str, result: list[Any]) -> Iterator[tuple[str, Any]]:
    for item in result:
        if not isinstance(item, Mapping) or item.get("type") != "choices":
            continue
        value = item.get("value")
        chosen = value.get("choices") if isinstance(value, Mapping) else None
        if not isinstance(item.get("from_name"), str) or not isinstance(chosen, list):
            raise GradesError(f"{place}: a choice without its question; export the project again")
        yield item["from_name"], chosen[0] if len(chosen) == 1 else chosen or None


def _account(completed_by: Any) -> Any:
    if not isinstance(completed_by, Mapping):
        return completed_by
    return completed_by.get("email") or completed_by.get("id")


def _add_row(collector: Collector, place: str, row: Mapping[str, Any]) -> None:
    """Add a row of the form JSON-MIN, where answers stand beside the task's data."""
    if not collector.questions:
        raise GradesError(
            f"{place}: the form JSON-MIN does not say which columns are questions; give the "
            "rubric, or export as JSON"
        )
    answers = {name: row[name] for name in collector.questions if name in row}
    # a task without annotations is a row of its data alone
    if row["annotation_id"] is not None:
        collector.add(place, row.get("transcript_id"), row["annotator"], answers)
